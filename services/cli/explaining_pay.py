"""What `explain` says of pay: a payee's month, a month's total, and why it is less than the month before."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType

from domain.months import named, ordinal
from domain.policy.terms import ClawbackTerms
from projections.explain import Explained
from services.cli.failing import Failure
from services.cli.output import Justify, money, paragraph, table
from services.cli.payroll import expected, month
from services.cli.reader import Reader
from services.payroll.difference import Part, split
from services.payroll.explaining import explain_statement, explain_total
from services.payroll.statements import Opened, Statement

DIFFERENCE: dict[str, Justify] = {
    "because of": "left",
    "month before": "right",
    "this month": "right",
    "difference": "right",
}


def pay_told(reader: Reader, period: str, payee: str | None) -> list[Explained]:
    """A payee's statements of a month, or without a payee the month's totals."""
    run = reader.books.payroll()
    month(period)
    with expected(period, run), run.statements(period) as found:
        if payee is None:
            told = [explain_total(found, each) for each in found.heading.sums]
            return told or [Explained(found.heading.position, f"all statements of {period}", 0, None, [])]
        known(reader, payee)
        return list(explain_statement(found, payee, terms_of(reader, found)))


def known(reader: Reader, payee: str) -> None:
    if payee not in reader.books.reps():
        raise Failure("unknown-subject", f"Nobody called {payee} ever belonged to the organisation.")


def terms_of(reader: Reader, found: Opened) -> ClawbackTerms:
    terms = reader.policies[found.heading.policy].payroll
    assert terms, "a period is opened by a policy with payroll terms"
    return terms.clawback


def less_told(reader: Reader, period: str, payee: str) -> tuple[dict[str, Any], list[RenderableType]]:
    """The difference between a payee's month and the one before, split by cause."""
    run, before = reader.books.payroll(), named(ordinal(month(period)) - 1)
    known(reader, payee)
    with expected(period, run):
        now = run.statement(period, payee)
        then = run.statement(before, payee) if before in run.periods().periods else {}
    said, shown = [], []
    for currency in sorted({*now, *then}):
        first, second = then.get(currency, NOTHING), now.get(currency, NOTHING)
        parts = split(first, second)
        paid = [int(sums.payable) if sums else 0 for sums, _ in (first, second)]
        said.append({"currency": currency, "before": paid[0], "now": paid[1], "parts": [told(part) for part in parts]})
        shown += list(drawn(payee, (before, period), currency, paid, parts))
    document = {"payee": payee, "period": period, "compared_with": before, "differences": said}
    return document, shown or [paragraph(f"{payee} has no statement in {before} nor in {period}.")]


NOTHING: Statement = (None, ())


def told(part: Part) -> dict[str, Any]:
    return {**asdict(part), "difference": part.difference}


def drawn(
    payee: str, months: tuple[str, str], currency: str, paid: list[int], parts: list[Part]
) -> Iterator[RenderableType]:
    change = paid[1] - paid[0]
    way = "more" if change > 0 else "less" if change < 0 else "as much"
    than = "as" if not change else "than"
    by = f" by {money(abs(change), currency)}" if change else ""
    yield paragraph(
        f"{payee} gets {way} for {months[1]} {than} for {months[0]}{by}:"
        f" {money(paid[0], currency)}, then {money(paid[1], currency)}."
    )
    rows = [
        (part.cause, *(money(amount, currency) for amount in (part.before, part.now, part.difference)))
        for part in parts
    ]
    yield table("", DIFFERENCE, rows)
