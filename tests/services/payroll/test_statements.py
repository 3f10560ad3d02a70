"""What stands on a statement: what came in, what it corrects, what is taken back and held, and that nothing is ever lost."""

from collections.abc import Iterator

import pytest

from tests.conftest import OpenLedger
from tests.services.payroll.company import Company, company


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    with company(open_here, "Li", "Zhou", "Feng") as made:
        yield made


def test_a_month_pays_what_its_receipts_earned(firm: Company) -> None:
    deal = firm.signed("Li")
    firm.opens("2024-06", "06-01 09:00")
    firm.received(deal, 10_000_000, "06-10 09:00")
    firm.month("2024-06", "06-01 09:00", "07-02 09:00", reason=None)

    assert firm.in_short("2024-06", "Li") == [("accrual", "payment", 300_000), ("payable", None, 300_000)]
    assert firm.stated("2024-06") == firm.attributed(firm.closings()[-1].position)


def test_a_refund_after_the_closing_is_an_adjustment_of_the_next_month_and_names_what_it_corrects(
    firm: Company,
) -> None:
    deal = firm.signed("Li")
    firm.opens("2024-06", "06-01 09:00")
    firm.received(deal, 10_000_000, "06-10 09:00")
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")
    before = firm.rows("2024-06")
    firm.opens("2024-07", "07-02 10:00")
    firm.refunded(deal, 4_000_000, "07-05 09:00")
    firm.received(deal, 10_000_000, "07-10 09:00", payment="P-2")
    firm.month("2024-07", "07-02 09:00", "08-02 09:00")

    assert firm.in_short("2024-07", "Li") == [
        ("accrual", "payment", 300_000),
        ("adjustment", "refund", -120_000),
        ("payable", None, 210_000),
        ("closing", None, -30_000),
        ("owed", "raised", 120_000),
        ("owed", "offset", -90_000),
    ]
    lines = {row.line for row in before if row.section == "accrual"}
    corrected = [row for row in firm.rows("2024-07") if row.section == "adjustment"]
    assert {row.corrects_line for row in corrected} <= lines
    assert {row.corrects_period for row in corrected} == {"2024-06"}
    assert firm.rows("2024-06") == before
