"""Asked about an amount: a statement opens to its events, and the difference of two months is split with nothing left over."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.policy.terms import ClawbackTerms
from domain.settlement import Movements, settle
from projections.statements import StatementRow, StatementSums
from services.payroll.difference import split
from services.payroll.explaining import explain_statement, explain_total
from services.payroll.statements import Statement
from tests.conftest import OpenLedger
from tests.domain.story import shipped
from tests.services.payroll.company import Company, company

AMOUNT = st.integers(-(10**9), 10**9)
OWED = st.integers(0, 10**9)


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    """June was closed; in July a part of its receipt went back, and less came in."""
    with company(open_here, "Li", "Zhou") as made:
        deal = made.signed("Li")
        made.opens("2024-06", "06-01 09:00")
        made.received(deal, 10_000_000, "06-10 09:00")
        made.month("2024-06", "06-01 09:00", "07-02 09:00")
        made.opens("2024-07", "07-02 10:00")
        made.refunded(deal, 4_000_000, "07-05 09:00")
        made.received(deal, 9_000_000, "07-10 09:00", payment="P-2")
        made.month("2024-07", "07-02 09:00", "08-02 09:00")
        yield made


def told(firm: Company, period: str, payee: str) -> list[str]:
    terms = shipped("b2b-1").payroll
    assert terms, "the shipped policy has payroll terms"
    with firm.run.statements(period) as found:
        return [str(reason) for each in explain_statement(found, payee, terms.clawback) for reason in each.reasons]


def test_a_statement_opens_to_lines_events_clauses_rounding_and_what_is_corrected(firm: Company) -> None:
    said = "\n".join(told(firm, "2024-07", "Li"))

    assert "refunds of money that 2024-06 paid. It corrects line" in said
    assert "CLOSER is 3500 bps of 2,700.00 CNY: 945.00 CNY" in said
    assert "was paid by line" in said
    assert "At most 30 % of 2,700.00 CNY settles it: 810.00 CNY. [B2B-1/payroll/clawback/cap]" in said
    assert "1,890.00 CNY is paid on 2024-08-15, and -390.00 CNY is carried. [B2B-1/payroll]" in said


def test_who_has_no_statement_is_told_why(firm: Company) -> None:
    (nothing, *_) = told(firm, "2024-07", "Zhou")

    assert "earned Zhou anything, or changed what was earned" in nothing


def test_a_months_total_says_who_has_most_of_it(firm: Company) -> None:
    with firm.run.statements("2024-07") as found:
        explained = explain_total(found, found.heading.sums[0])

    assert explained.amount == 189_000
    assert "Li has 1,890.00 CNY of it" in str(explained.reasons[-1])


def test_why_a_month_pays_less_is_split_by_cause_and_the_parts_sum_to_the_difference(firm: Company) -> None:
    before, now = firm.run.statement("2024-06", "Li")["CNY"], firm.run.statement("2024-07", "Li")["CNY"]
    parts = {part.cause: part.difference for part in split(before, now)}

    assert parts == {
        "refunds of money that 2024-06 paid": -120_000,
        "what is due no longer, carried as a debt instead of taken at once": 120_000,
        "debts of earlier months, settled within the cap": -81_000,
        "commission on deal D-Li": -30_000,
    }
    assert sum(parts.values()) == 189_000 - 300_000


@settings(deadline=None)
@given(
    st.lists(st.tuples(OWED, AMOUNT, AMOUNT, AMOUNT, AMOUNT, OWED, OWED), min_size=2, max_size=2),
    st.integers(0, 10_000),
)
def test_the_parts_of_any_two_statements_sum_to_the_difference_of_what_they_pay(
    drawn: list[tuple[int, ...]], cap: int
) -> None:
    before, now = (statement(each, ClawbackTerms(window_months=12, cap=cap)) for each in drawn)
    assert before[0]
    assert now[0]

    assert sum(part.difference for part in split(before, now)) == now[0].payable - before[0].payable
    assert sum(part.difference for part in split((None, ()), now)) == now[0].payable


def statement(drawn: tuple[int, ...], terms: ClawbackTerms) -> Statement:
    opening, accrual, adjustment, hold, release, raised, borne = drawn
    settled = settle(-opening, Movements(accrual, adjustment, hold, release, raised, borne), terms)
    told = {
        "period": "2024-06",
        "number": 1,
        "payee": "Li",
        "currency": "CNY",
        "corrects_period": "2024-05",
        "case": "K-1",
    }
    rows = [
        StatementRow(**told, section=section, amount=amount, deal="D-1", cause="refund")  # type: ignore[arg-type] # our own words
        for section, amount in (
            ("accrual", accrual), ("adjustment", adjustment), ("clawback", borne), ("hold", hold), ("release", release),
        )
    ]  # fmt: skip
    return StatementSums("2024-06", "CNY", "Li", gone=False, **settled._asdict()), rows
