"""What a story expects of its months: each statement beside the one that stands, and that nothing is ever lost between them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from domain.payroll.facts import PeriodClosed
from domain.record import Recorded
from projections.statements import FLOWS, NOBODY, RESULTS, StatementRow, StatementSums
from services.payroll.run import PayrollRun
from services.payroll.statement import NoSuchPeriod
from services.scenarios.comparing import Comparison
from services.scenarios.expectations import NOBODY as NOBODY_WRITTEN
from services.scenarios.expectations import StatementExpected
from services.scenarios.reckoning import Reckoning
from services.yaml_places import Steps

AMOUNTS: Final = (
    "opening", "accrual", "adjustment", "raised", "borne", "offset", "hold", "release", "conversion",
    "payable", "closing",
)  # fmt: skip

Key = tuple[str, str | None, str | None, str | None, str | None]


def of_statement(expected: StatementExpected, payroll: PayrollRun, steps: Steps) -> Iterator[Comparison]:
    """A statement's sums, and what its rows correct, hold and let go, as far as the story says them."""
    payee = NOBODY if expected.payee == NOBODY_WRITTEN else expected.payee
    sums, rows = statement(payroll, expected.period, payee, expected.currency)
    about = f"of {expected.payee} for {expected.period}"
    found = asdict(sums) if sums else dict.fromkeys(AMOUNTS, 0)
    for name in AMOUNTS:
        wanted = getattr(expected, name)
        if wanted is not None:
            yield Comparison(f"{name} {about}", wanted, found[name], (*steps, name))
    if expected.receivable is not None:
        receivable = -sums.closing if sums and sums.gone else 0
        yield Comparison(f"receivable {about}", expected.receivable, receivable, (*steps, "receivable"))
    adjustments = [row for row in rows if row.section == "adjustment"]
    told: dict[str, list[Any]] = {
        "corrects": sorted({row.corrects_period for row in adjustments if row.corrects_period}),
        "causes": sorted({row.cause for row in adjustments if row.cause}),
        "cases": sorted({row.case for row in rows if row.case}),
    }
    for name, actual in told.items():
        if (wanted := getattr(expected, name)) is not None:
            yield Comparison(f"{name} {about}", sorted(wanted), actual, (*steps, name))


def statement(
    payroll: PayrollRun, period: str, payee: str, currency: str
) -> tuple[StatementSums | None, list[StatementRow]]:
    """A payee's statement in a currency; nothing where there is none."""
    try:
        with payroll.statements(period) as found:
            sums = next((each for each in found.sums(payee) if each.currency == currency), None)
            return sums, [row for row in found.rows(payee) if row.currency == currency]
    except NoSuchPeriod:
        return None, []


def nothing_lost(log: Sequence[Recorded], payroll: PayrollRun) -> Iterator[Comparison]:
    """At every closing: all statements so far sum to what is attributed as known there, and each balances in itself."""
    stated = Counter[Key]()
    for each in log:
        if isinstance(each.fact, PeriodClosed):
            rows = rows_of(payroll, each.fact.period)
            for row in rows:
                if row.section in ("accrual", "adjustment"):
                    stated[row.deal or "", row.payment, row.role, row.of, row.payee] += row.amount
            about = f"at the closing of {each.fact.period}"
            wanted = attributed(Reckoning(log[: each.fact.position], each.recorded_at))
            yield Comparison(f"all statements {about}", wanted, nonzero(stated), ())
            yield Comparison(f"statements that do not balance {about}", [], unbalanced(rows), ())


def rows_of(payroll: PayrollRun, period: str) -> list[StatementRow]:
    with payroll.statements(period) as found:
        return list(found.rows())


def attributed(reckoning: Reckoning) -> dict[Key, int]:
    """What is attributed of every deal, by deal, payment, role, whose and payee."""
    amounts = Counter[Key]()
    for deal in reckoning.deals():
        for line in reckoning.attributed(deal):
            amounts[deal, line.payment, line.role, line.of, line.payee or NOBODY] += line.amount
    return nonzero(amounts)


def nonzero(amounts: Counter[Key]) -> dict[Key, int]:
    return {key: amount for key, amount in amounts.items() if amount}


def unbalanced(rows: Sequence[StatementRow]) -> list[str]:
    """Payees whose flows do not come to what is paid and carried."""
    over = Counter[str]()
    for row in rows:
        sign = 1 if row.section in FLOWS else -1 if row.section in RESULTS else 0
        over[f"{row.payee} {row.currency}"] += sign * row.amount
    return sorted(payee for payee, amount in over.items() if amount)
