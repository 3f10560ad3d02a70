"""The table of permissions: printed for people as it is, complete, and judged as it reads."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.commands import COMMANDS, parse
from domain.fact import SYSTEM, CommandOnDeal
from domain.organisation.facts import (
    Organisation,
    OrganisationFact,
    RepJoined,
    RepLeft,
    RepTransferred,
    UnitCreated,
    evolve,
)
from domain.permissions import DUTIES, ROWS, Asker, as_told, asker_at, not_permitted, reaches, sight
from domain.refusals import Code, Refusal
from domain.world import World
from tests.samples import BEGIN

PAGE = Path(__file__).parent.parent.parent / "docs" / "permissions.md"
LATER = BEGIN + timedelta(days=10)


def company() -> Organisation:
    """North and south under the company; Zhou was north's lead for five days, Gone has left."""
    organisation = Organisation()
    told: list[OrganisationFact] = [
        UnitCreated(at=BEGIN, unit="company", title="All"),
        UnitCreated(at=BEGIN, unit="north", parent="company", title="North"),
        UnitCreated(at=BEGIN, unit="south", parent="company", title="South"),
        RepJoined(at=BEGIN, rep="boss", unit="company", duty="manager"),
        RepJoined(at=BEGIN, rep="li", unit="north", duty="rep"),
        RepJoined(at=BEGIN, rep="sun", unit="south", duty="rep"),
        RepJoined(at=BEGIN, rep="zhou", unit="north", duty="lead"),
        RepTransferred(at=BEGIN + timedelta(days=5), rep="zhou", unit="south", duty="rep"),
        RepJoined(at=BEGIN, rep="gone", unit="north", duty="rep"),
        RepLeft(at=BEGIN + timedelta(days=5), rep="gone", ground="moved"),
    ]
    for fact in told:
        organisation = evolve(organisation, fact)
    return organisation


def denied(asker: str, name: str, **fields: object) -> Code | None:
    command = parse({"name": name, "at": LATER, "actor": asker, **fields})
    assert not isinstance(command, Refusal), str(command)
    world = World(LATER, lambda _kind, value: value, organisation=company(), complete=True)
    refusal = not_permitted(command, asker, world)
    return refusal.code if refusal else None


def test_the_page_for_people_is_the_table() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    assert cells == [[row.act, row.field, *row.reaches.values()] for row in ROWS.values()]


def test_every_command_has_its_line_and_every_line_of_a_command_has_one() -> None:
    commands = {act for act in ROWS if not act.startswith(("see ", "ask "))}

    assert commands == set(COMMANDS)


def test_a_line_names_a_field_that_its_command_has_and_cells_are_words_of_the_table() -> None:
    for row in ROWS.values():
        fields = getattr(COMMANDS.get(row.act), "model_fields", {})
        assert row.field == "-" or row.field in fields, row.act
        assert set(row.reaches.values()) <= {"-", "own", "unit", "case", "all"}, row.act
        assert tuple(row.reaches) == DUTIES


def test_the_system_is_asked_for_nobodys_leave() -> None:
    assert denied(SYSTEM, "create-unit", unit="new", title="New") is None


def test_who_has_left_may_nothing_even_of_the_time_before() -> None:
    assert denied("gone", "claim-customer", customer="C", rep="gone") == Code.REP_LEFT
    assert denied("nobody", "claim-customer", customer="C", rep="nobody") == Code.NOT_ALLOWED


def test_a_rep_acts_in_no_name_but_the_own() -> None:
    assert denied("li", "claim-customer", customer="C", rep="li") is None
    assert denied("li", "claim-customer", customer="C", rep="sun") == Code.NOT_ALLOWED
    assert denied("li", "receive-payment", deal="D", payment="P", external_id="b", amount=1, currency="CNY") == (
        Code.NOT_ALLOWED
    )


def test_a_manager_reaches_the_own_part_of_the_organisation() -> None:
    assert denied("boss", "set-quota", rep="li") is None
    assert denied("boss", "join-rep", rep="new", unit="south") is None
    assert denied("boss", "join-rep", rep="new", unit="elsewhere") == Code.NOT_ALLOWED
    assert denied("boss", "create-unit", unit="rival", title="Beside") == Code.NOT_ALLOWED


def test_a_customer_that_is_not_there_is_refused_as_one_that_is_not_in_sight() -> None:
    assert denied("li", "plan-visit", customer="C", visit="V", rep="li", planned_for=LATER, purpose="x") == (
        Code.NOT_IN_SIGHT
    )
    assert denied("li", "advance-stage", deal="D", rep="li", stage="solution") == Code.NOT_IN_SIGHT


@pytest.mark.parametrize(
    ("at", "whom", "is_reached"), [(BEGIN, "li", True), (LATER, "li", False), (LATER, "zhou", True)]
)
def test_a_duty_reaches_as_far_as_it_did_at_the_time(at: object, whom: str, is_reached: bool) -> None:
    asker = asker_at(company(), "zhou", at)  # type: ignore[arg-type]

    assert asker
    assert reaches(asker, "see a customer", whom, company(), at) is is_reached  # type: ignore[arg-type]


def test_an_act_without_a_line_is_for_nobody() -> None:
    assert Asker("boss", "manager", "company").reach("see the future") == "-"


def test_a_refusal_tells_a_rep_neither_whose_a_customer_is_nor_whether_it_is_there() -> None:
    rep, office = Asker("li", "rep", "north"), Asker("olga", "mid-office", "company")
    held = Refusal(code=Code.CUSTOMER_HELD, clause="B2B-1/one-owner", rival="sun", until=LATER)
    unknown = Refusal(code=Code.UNKNOWN_CUSTOMER, clause="B2B-1/identity")
    double = Refusal(code=Code.IDENTITY_HELD, clause="B2B-1/identity", rival="C-9", detail="The phone belongs to it.")

    assert as_told(held, rep, "claim-customer") == as_told(unknown, rep, "claim-customer")
    assert as_told(double, rep, "register-customer") == Refusal(code=Code.IDENTITY_HELD, clause="B2B-1/identity")
    assert as_told(double, office, "register-customer") == double
    assert as_told(held.model_copy(update={"rival": "li"}), rep, "claim-customer").code == Code.CUSTOMER_HELD


def test_what_is_asked_of_a_deal_brings_its_history_into_sight() -> None:
    world = World(LATER, lambda _kind, value: value, organisation=company(), complete=True)
    command = parse({"name": "revert-stage", "at": LATER, "deal": "D", "stage": "lead", "ground": "x"})

    assert isinstance(command, CommandOnDeal)
    assert sight(command, world).streams == ("deal/D",)
