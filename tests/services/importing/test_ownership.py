"""Whether an import takes customers into private pools is the mapping's to say; an event log is another shape of the same."""

from pathlib import Path

import pytest

from domain.deal.facts import StageAdvanced
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.pool.facts import CustomerClaimed, CustomerReassigned
from services.ledger.application import Ledger
from tests.conftest import OpenLedger
from tests.services.importing.crm import MAPPINGS, edited, ids_and_facts, import_files, written

LOG = [MAPPINGS / "event-log.csv", MAPPINGS / "event-log-people.csv"]


def claims(ledger: Ledger) -> list[type]:
    kinds = (CustomerClaimed, CustomerReassigned)
    return [type(each.fact) for each in ledger.read_all() if isinstance(each.fact, kinds)]


@pytest.mark.parametrize(
    ("ownership", "expected"), [("none", []), ("claim", [CustomerClaimed]), ("assign", [CustomerReassigned])]
)
def test_a_claim_is_left_out_recorded_or_assigned(
    ledger: Ledger, tmp_path: Path, ownership: str, expected: list[type]
) -> None:
    mapping = edited("event-log", tmp_path, ("ownership: none", f"ownership: {ownership}"))

    done = import_files(ledger, LOG, mapping)

    assert claims(ledger) == expected
    assert done.account.total("not_in") == 0
    assert done.account.total("nothing_to_record") == (2 if ownership == "none" else 1)


def test_a_log_becomes_deals_with_their_stages_and_money(ledger: Ledger) -> None:
    import_files(ledger, LOG, "event-log")

    facts = [each.fact for each in ledger.read("deal/D-1")]
    stages = [fact.stage for fact in facts if isinstance(fact, StageAdvanced)]
    assert stages == ["contacted", "qualified", "solution", "bidding", "signed"]
    assert [fact.amount for fact in facts if isinstance(fact, PaymentReceived)] == [5_900_025, 5_900_025]
    assert [fact.amount for fact in facts if isinstance(fact, PaymentRefunded)] == [100_000]


def test_a_log_in_another_order_makes_the_same_facts(open_here: OpenLedger, ledger: Ledger, tmp_path: Path) -> None:
    import_files(ledger, LOG, "event-log")
    before, head = ids_and_facts(ledger), ledger.head()
    first, *rows = LOG[0].read_text(encoding="utf-8").splitlines()
    turned = written(tmp_path / "turned.csv", "\n".join([first, *sorted(rows, reverse=True)]), "gb18030")

    again = import_files(open_here(), [turned, LOG[1]], "event-log")

    assert (again.account.total("came_in"), ledger.head(), ids_and_facts(ledger)) == (0, head, before)


def test_a_log_turned_round_comes_in_by_time(ledger: Ledger, tmp_path: Path) -> None:
    first, *rows = LOG[0].read_text(encoding="utf-8").splitlines()
    turned = written(tmp_path / "turned.csv", "\n".join([first, *reversed(rows)]))

    done = import_files(ledger, [turned, LOG[1]], "event-log")

    assert done.account.total("not_in") == 0
    assert len(ledger.read("deal/D-1")) == 12


def test_an_activity_that_the_mapping_does_not_know_is_told(ledger: Ledger, tmp_path: Path) -> None:
    text = LOG[0].read_text(encoding="utf-8") + "D-2,午餐,2024-05-11 12:00,样例丙,样例服装厂,,,\n"

    done = import_files(ledger, [written(tmp_path / "log.csv", text), LOG[1]], "event-log")

    assert [(each.line, each.code) for each in done.explained] == [(18, "activity-unknown")]


def test_a_log_as_objects_a_line_makes_the_same_facts(ledger: Ledger, tmp_path: Path) -> None:
    line = '{"case": "D-3", "activity": "客户登记", "time": "2024-03-01T09:00:00+08:00", "person": "样例甲", "customer": "样例书店"'
    rest = ', "phone": "13800138000", "amount": null, "ref": null}\n'

    done = import_files(ledger, [written(tmp_path / "log.ndjson", line + rest), LOG[1]], "event-log")

    assert done.codes() == []
    assert any(each.fact.kind == "customer-registered.v1" for each in ledger.read_all())
