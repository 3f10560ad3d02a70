"""The whole of an export, from files to pools: the Maven set where it lies beside the repository, and a made one of its shape."""

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.contract.facts import ContractSigned
from domain.money import part_of
from domain.organisation.facts import RepJoined, UnitCreated
from domain.payment.facts import PaymentReceived
from domain.policy.facts import PolicyPublished
from domain.record import Recorded
from services.ledger.application import Ledger
from tests.services.importing.crm import Imported, import_files, written

BESIDE = Path(__file__).resolve().parents[4] / "shared" / "data" / "maven-crm"
FILES = ("sales_pipeline.csv", "accounts.csv", "products.csv", "sales_teams.csv")


@dataclass(frozen=True)
class Expected:
    """What an export holds; amounts in whole dollars, pools in cents."""

    rows: int
    not_in: dict[str, int]
    won: int
    worth: int
    pools: int
    managers: int
    agents: int
    offices: int


MAVEN = Expected(
    rows=8801,
    not_in={"value-missing": 1587, "unknown-customer": 1},
    won=4238,
    worth=10_005_534,
    pools=30_016_602,
    managers=7,
    agents=36,
    offices=3,
)
MADE = Expected(
    rows=600, not_in={"value-missing": 120}, won=360, worth=107_460, pools=322_380, managers=3, agents=9, offices=3
)
SETS = {"made": MADE} | ({"maven": MAVEN} if BESIDE.is_dir() else {})


def made(folder: Path) -> list[Path]:
    """An export of 600 opportunities: of each ten, six are won for one dollar more than their number, one is lost,
    one is open, two name no account.
    """
    teams = [f"Agent {a},Manager {a % 3},Office {a % 3}" for a in range(9)]
    accounts = [f"Account {a},technolgy,1990,1.0,2,Nowhere," for a in range(20)]
    rows = []
    for n in range(600):
        stage = "Won" if n % 10 < 6 else ("Lost", "Engaging", "Engaging", "Prospecting")[n % 10 - 6]
        account = "" if n % 10 > 7 else f"Account {n % 20}"
        engaged = "" if stage == "Prospecting" else f"2017-0{n % 6 + 1}-11"
        closed = f"2017-0{n % 6 + 3}-28,{n + 1}" if stage in ("Won", "Lost") else ","
        rows.append(f"N{n:07},Agent {n % 9},GTXPro,{account},{stage},{engaged},{closed}")
    random.Random(7).shuffle(rows)
    headers = (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value",
        "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
        "product,series,sales_price",
        "sales_agent,manager,regional_office",
    )
    return [
        written(folder / name, "\n".join([header, *lines]))
        for name, header, lines in zip(FILES, headers, (rows, accounts, ["GTX Pro,GTX,1"], teams), strict=True)
    ]


@pytest.fixture(params=SETS)
def expected(request: pytest.FixtureRequest) -> Expected:
    return SETS[request.param]


@pytest.fixture
def imported(expected: Expected, ledger: Ledger, tmp_path: Path) -> Imported:
    files = made(tmp_path) if expected is MADE else [BESIDE / name for name in FILES]
    return import_files(ledger, files)


def everything(ledger: Ledger) -> list[Recorded]:
    return ledger.read_all(limit=100_000)


def test_each_row_comes_in_or_is_explained(imported: Imported, expected: Expected) -> None:
    pipeline = imported.account.files[0]

    assert pipeline.rows == expected.rows
    assert pipeline.came_in + pipeline.not_in == expected.rows
    assert dict(imported.account.reasons) == expected.not_in
    assert len({(each.file, each.line) for each in imported.explained}) == sum(expected.not_in.values())


def test_won_rows_are_contracts_and_payments_whose_pools_sum(
    imported: Imported, expected: Expected, ledger: Ledger
) -> None:
    facts = [each.fact for each in everything(ledger)]
    signed = [fact.amount for fact in facts if isinstance(fact, ContractSigned)]
    paid = [fact.amount for fact in facts if isinstance(fact, PaymentReceived)]
    rate = next(fact.version.commission.rate for fact in facts if isinstance(fact, PolicyPublished))

    assert (len(signed), sum(signed)) == (len(paid), sum(paid)) == (expected.won, expected.worth * 100)
    assert (rate, sum(part_of(amount, rate) for amount in paid)) == (300, expected.pools)


def test_people_stand_under_their_managers_and_offices(imported: Imported, expected: Expected, ledger: Ledger) -> None:
    facts = [each.fact for each in everything(ledger)]
    duties = [fact.duty for fact in facts if isinstance(fact, RepJoined)]
    above = {fact.unit: fact.parent for fact in facts if isinstance(fact, UnitCreated)}

    assert (duties.count("manager"), duties.count("rep")) == (expected.managers, expected.agents)
    assert len([unit for unit, parent in above.items() if parent == "maven"]) == expected.offices
    assert {above[unit] for unit in above if unit.startswith("team-")} <= {u for u in above if u.startswith("office-")}


def test_the_shared_facts_are_those_of_the_log(imported: Imported, ledger: Ledger) -> None:
    assert ledger.refold().difference is None
