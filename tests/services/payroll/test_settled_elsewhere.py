"""A history that another system paid: its last month is closed as settled elsewhere, and what came after is paid from here."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.payroll.exports.formats import Format
from services.payroll.exports.run import export
from services.payroll.returned.mapping import ReturnMapping, ReturnUnusable
from services.payroll.returned.run import reconcile
from services.payroll.run import Closing
from services.payroll.statements import select_statements
from tests.conftest import OpenLedger
from tests.domain.story import on
from tests.services.payroll.company import Company, company

WHY = "paid by the old system up to May"


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    """Li was paid 3,000.00 for April and May elsewhere; of June there are 600.00."""
    with company(open_here, "Li") as made:
        deal = made.signed("Li", "04-01 09:00")
        made.received(deal, 4_000_000, "04-10 09:00", "P-1")
        made.received(deal, 6_000_000, "05-20 09:00", "P-2")
        made.received(deal, 2_000_000, "06-05 09:00", "P-3")
        made.opens("2024-05", "06-10 09:00")
        yield made


def settled(firm: Company, period: str, at: str, reason: str | None = WHY) -> Closing:
    firm.clock.move_to(on(at))
    return firm.run.close(period, actor="Fan", reason=reason, settled=True)


def test_what_was_settled_elsewhere_is_stated_and_not_paid_again(firm: Company) -> None:
    assert settled(firm, "2024-05", "06-10 10:00").refusal is None
    firm.month("2024-06", "06-10 11:00", "07-02 09:00")

    assert firm.sums("2024-05", "Li").payable == 300_000
    assert firm.in_short("2024-06", "Li") == [("accrual", "payment", 60_000), ("payable", None, 60_000)]
    assert firm.stated("2024-06") == firm.attributed(firm.closings()[-1].position)
    assert (firm.closings()[0].settled, firm.closings()[0].ground) == (True, WHY)


def test_a_refund_of_what_was_settled_elsewhere_is_taken_back_as_what_was_paid(firm: Company) -> None:
    assert settled(firm, "2024-05", "06-10 10:00").refusal is None
    firm.refunded("D-Li", 6_000_000, "06-20 09:00", "P-2")
    firm.month("2024-06", "06-10 11:00", "07-02 09:00")

    corrected = {row.corrects_period for row in firm.rows("2024-06", "Li") if row.section == "adjustment"}

    assert corrected == {"2024-05"}
    assert firm.sums("2024-06", "Li").raised == 180_000


def test_only_the_months_before_the_first_one_paid_were_settled_elsewhere_and_it_takes_a_reason(firm: Company) -> None:
    silent = settled(firm, "2024-05", "06-10 10:00", None).refusal
    assert settled(firm, "2024-05", "06-10 10:00").refusal is None
    firm.month("2024-06", "06-10 11:00", "07-02 09:00")
    firm.opens("2024-07", "07-03 09:00")

    late = settled(firm, "2024-07", "08-02 09:00").refusal

    assert [str(each and each.code) for each in (silent, late)] == ["reason-missing", "settled-late"]


def test_nothing_is_paid_of_a_month_that_was_settled_elsewhere(firm: Company, tmp_path: Path) -> None:
    assert settled(firm, "2024-05", "06-10 10:00").refusal is None
    told: dict[str, Any] = {
        "payee": "Li",
        "period": "2024-05",
        "currency": "CNY",
        "amount": 300_000,
        "external_id": "B-1",
        "actor": "Fan",
    }
    path = tmp_path / "back.csv"
    path.write_text("external_id,payee,amount,date,status\nB-1,Li,3000.00,2024-06-15,paid\n")

    by_hand = firm.asks("confirm-payout", "06-16 09:00", **told).refusal
    with closing(firm.run.connect()) as connection, pytest.raises(ReturnUnusable, match="settled elsewhere"):
        reconcile(firm.ledger, connection, "2024-05", path, ReturnMapping(), firm.policy.zone, actor="Fan")

    assert by_hand
    assert by_hand.code == "settled-elsewhere"


def test_every_file_of_it_says_that_it_was_settled_elsewhere(firm: Company, tmp_path: Path) -> None:
    assert settled(firm, "2024-05", "06-10 10:00").refusal is None

    with closing(firm.run.connect()) as connection:
        written = [
            export(connection, select_statements, "2024-05", form, tmp_path)
            for form in (Format.CSV, Format.JSON, Format.BEANCOUNT, Format.HLEDGER)
        ]

    assert [each.heading.state for each in written] == ["settled"] * 4
    assert all("settled" in each.path.read_text("utf-8-sig") for each in written)


def test_a_first_month_that_would_pay_a_history_says_so_before_it_is_closed(firm: Company) -> None:
    firm.clock.move_to(on("06-10 10:00"))

    looked = firm.run.look("2024-05", exports=False)

    [earlier] = [each for each in looked.unusual if each.kind == "earlier-receipts"]
    assert earlier.count == 1
    assert "D-Li P-1 1,200.00 CNY" in earlier.told
