"""Commission in one currency paid in another: only by a published rate, as a line of its own, to the minor unit."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MINOR_UNITS, converted
from services.payroll.explaining import explain_statement
from services.payroll.exports.formats import Format
from services.payroll.exports.run import export
from services.payroll.statements import select_statements
from tests.conftest import OpenLedger
from tests.services.payroll.company import Company, company
from tests.services.payroll.journals import beancount_errors, hledger_errors

POSTED = re.compile(r"Equity:Conversion  (-?[0-9.]+) ([A-Z]{3})")
RATE = {
    "period": "2024-06",
    "currency": "USD",
    "into": "CNY",
    "rate": "7.1234",
    "source": "parity of 28 June",
    "actor": "Fan",
}


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    """Li earned 3,000.00 CNY and 100.01 USD, Zhou 500.00 USD."""
    with company(open_here, "Li", "Zhou") as made:
        made.received(made.signed("Li", "06-01 09:00"), 10_000_000, "06-10 09:00")
        made.received(made.signed("Li", "06-01 10:00", currency="USD"), 333_367, "06-10 10:00", currency="USD")
        made.tells("register-customer", "06-01 11:00", customer="C-Zhou", customer_name="店", by="Zhou")
        made.received(made.signed("Zhou", "06-01 12:00", currency="USD"), 1_666_667, "06-10 12:00", currency="USD")
        made.opens("2024-06", "06-11 09:00")
        yield made


def payable(firm: Company, period: str = "2024-06") -> dict[tuple[str, str], int]:
    with firm.run.statements(period) as found:
        return {(each.payee, each.currency): int(each.payable) for each in found.sums()}


@given(
    st.integers(0, 10**15), st.decimals("0.000000000001", "999999999", places=12), st.sampled_from(sorted(MINOR_UNITS))
)
def test_an_amount_is_converted_to_the_nearest_minor_unit_of_the_exact_rate(
    amount: int, rate: object, into: str
) -> None:
    found, exact = converted(amount, "USD", into, f"{rate:f}")

    assert exact == amount * Fraction(str(rate)) * Fraction(10) ** (MINOR_UNITS[into] - 2)
    assert Fraction(-1, 2) < found - exact <= Fraction(1, 2)


def test_nothing_is_converted_without_a_rate(firm: Company) -> None:
    firm.month("2024-06", "06-11 09:00", "07-02 09:00")

    assert payable(firm) == {("Li", "CNY"): 300_000, ("Li", "USD"): 10_001, ("Zhou", "USD"): 50_000}


def test_what_a_month_pays_in_one_currency_is_paid_in_another_by_its_rate(firm: Company) -> None:
    published = firm.tells("publish-rate", "06-28 09:00", **RATE)
    firm.month("2024-06", "06-11 09:00", "07-02 09:00")

    rows = [row for row in firm.rows("2024-06") if row.section == "conversion"]

    assert payable(firm) == {
        ("Li", "CNY"): 300_000 + 71_241, ("Zhou", "CNY"): 356_170, ("Li", "USD"): 0, ("Zhou", "USD"): 0,
    }  # fmt: skip
    assert {(row.payee, row.currency, row.amount) for row in rows} == {
        ("Li", "CNY", 71_241), ("Zhou", "CNY", 356_170), ("Li", "USD", -10_001), ("Zhou", "USD", -50_000),
    }  # fmt: skip
    assert {(row.position, row.cause) for row in rows} == {(published.last, "USD/CNY 7.1234")}
    totals = {each.currency: each.conversion for each in firm.closings()[0].totals}
    assert totals == {"CNY": 427_411, "USD": -60_001}
    assert firm.stated("2024-06") == firm.attributed(firm.closings()[0].position)


def test_the_last_rate_before_the_closing_counts_and_none_after_it(firm: Company) -> None:
    firm.tells("publish-rate", "06-27 09:00", **{**RATE, "rate": "7"})
    firm.tells("publish-rate", "06-28 09:00", **{**RATE, "rate": "7.2"})
    firm.month("2024-06", "06-11 09:00", "07-02 09:00")
    before = payable(firm)

    late = firm.asks("publish-rate", "07-03 09:00", **RATE)

    assert before["Zhou", "CNY"] == 360_000
    assert late.refusal
    assert late.refusal.code == "period-closed"
    assert payable(firm) == before


def test_a_currency_is_not_converted_in_a_circle(firm: Company) -> None:
    firm.tells("publish-rate", "06-27 09:00", **RATE)

    for change in ({"into": "USD"}, {"currency": "CNY", "into": "HKD"}, {"currency": "HKD", "into": "USD"}):
        refusal = firm.asks("publish-rate", "06-28 09:00", **{**RATE, **change}).refusal
        assert refusal, change
        assert refusal.code == "rate-circular", change
    assert firm.asks("publish-rate", "06-28 09:00", **{**RATE, "actor": "Li"}).refusal


def test_a_conversion_is_explained_by_its_event_and_its_rounding(firm: Company) -> None:
    published = firm.tells("publish-rate", "06-28 09:00", **RATE)
    firm.month("2024-06", "06-11 09:00", "07-02 09:00")
    assert firm.policy.payroll

    with firm.run.statements("2024-06") as found:
        told = list(explain_statement(found, "Li", firm.policy.payroll.clawback))

    said = [reason for each in told for reason in each.reasons if "is paid as" in reason.text]
    assert [each.position for each in said] == [published.last] * 2
    assert said[0].text == (
        "100.01 USD is paid as 712.41 CNY, at 7.1234 (parity of 28 June): 71241.1234 minor units of CNY, rounded to the nearest,"
        " a half up."
    )


def test_a_refund_of_what_was_paid_in_another_currency_is_a_debt_in_its_own(firm: Company) -> None:
    firm.tells("publish-rate", "06-28 09:00", **RATE)
    firm.month("2024-06", "06-11 09:00", "07-02 09:00")
    firm.refunded("D-Zhou-USD", 1_666_667, "07-10 09:00", currency="USD")
    firm.month("2024-07", "07-11 09:00", "08-02 09:00")

    assert (firm.sums("2024-07", "Zhou", "USD").closing, payable(firm, "2024-07")) == (-50_000, {("Zhou", "USD"): 0})


def test_the_journals_balance_in_every_currency(firm: Company, tmp_path: Path) -> None:
    firm.tells("publish-rate", "06-28 09:00", **RATE)
    firm.month("2024-06", "06-11 09:00", "07-02 09:00")

    with closing(firm.run.connect()) as connection:
        written = {
            form: export(connection, select_statements, "2024-06", form, tmp_path).path
            for form in (Format.BEANCOUNT, Format.HLEDGER, Format.CSV, Format.XLSX, Format.JSON, Format.PARQUET)
        }

    assert beancount_errors(written[Format.BEANCOUNT]) == hledger_errors(written[Format.HLEDGER]) == []
    for form in (Format.BEANCOUNT, Format.HLEDGER):
        posted = defaultdict[str, Decimal](Decimal)
        for amount, currency in POSTED.findall(written[form].read_text("utf-8")):
            posted[currency] += Decimal(amount)
        assert posted == {"USD": Decimal("-600.01"), "CNY": Decimal("4274.11")}, form
