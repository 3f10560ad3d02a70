"""`payroll statement`: the statements of a month, or one payee's, row by row, and whether it was paid."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from projections.payouts import PayoutRow
from projections.statements import NOBODY, StatementRow, StatementSums
from services.cli.failing import Failure
from services.cli.output import AsJson, Justify, answer, money, paragraph, table
from services.cli.payroll import TOTALS, PeriodName, expected, month
from services.cli.reader import Limit, Names, Reader
from services.payroll.payouts import outcomes, told
from services.payroll.statements import Opened
from services.wiring import open_books

app = typer.Typer()

Key = tuple[str, str]
"""Currency and payee: a statement of the period."""

ROWS: Final[dict[str, Justify]] = {
    "section": "left",
    "amount": "right",
    "cause": "left",
    "deal": "left",
    "payment": "left",
    "role": "left",
    "line": "left",
    "corrects": "left",
    "case": "left",
}
SUMS: Final[dict[str, Justify]] = {
    "payee": "left",
    **{name: side for name, side in TOTALS.items() if name not in ("statements", "debts")},
    "taken back": "right",
}


@app.command()
def statement(
    period: PeriodName,
    *,
    payee: Annotated[str | None, typer.Option("--payee", help="One person's statement, row by row.")] = None,
    owed: Annotated[
        bool, typer.Option("--owed", help="Only those who end with something owed; leavers' are receivables.")
    ] = False,
    unpaid: Annotated[
        bool,
        typer.Option("--unpaid", help="Only those that are to be paid still; what the bank rejected is among them."),
    ] = False,
    limit: Limit = 200,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """The statements of a month: the sums of each, or one payee's rows. Of an open month they are a preview."""
    month(period)
    with open_books(os.environ) as books:
        run = books.payroll()
        with expected(period, run), run.statements(period) as found:
            reader = Reader(books, found.connection, names)
            rows = list(found.rows(payee)) if payee is not None else []
            heading, paid = found.heading, outcomes(found, payee)
            sums = first(chosen(found, payee, paid, owed=owed, unpaid=unpaid), limit)
            if payee is not None and not sums:
                raise Failure(
                    "no-statement", f"{payee} has no statement in {period}: nothing was earned, changed or owed."
                )
            document = {
                "period": period,
                "state": heading.state,
                "digest": heading.digest,
                "statements": [told_of_sums(each, reader, paid) for each in sums],
                "rows": [asdict(row) for row in rows],
                "true_up_to": heading.position,
            }
            parts = [table(f"Statements of {period}{marked(found)}", SUMS, (sums_shown(each, reader) for each in sums))]
            if payee is not None:
                parts.append(table(f"{reader.person(payee)}, {period}{marked(found)}", ROWS, map(row_shown, rows)))
            if payee is not None and heading.state != "preview":
                zone = reader.policies.versions[heading.policy].zone
                parts += [
                    paragraph(told(paid.get((s.currency, s.payee)), heading.state, zone)) for s in sums if s.payable
                ]
    answer(document, *parts, as_json=json)


def chosen(
    found: Opened, payee: str | None, paid: Mapping[Key, PayoutRow], *, owed: bool, unpaid: bool
) -> Iterator[StatementSums]:
    """The statements that are asked for."""
    for each in found.sums(payee):
        payout = paid.get((each.currency, each.payee))
        is_unpaid = each.payable > 0 and found.heading.state == "closed" and (not payout or payout.outcome != "paid")
        if (not owed or each.closing) and (not unpaid or is_unpaid):
            yield each


def first(rows: Iterator[StatementSums], limit: int) -> list[StatementSums]:
    return [each for each, _ in zip(rows, range(limit), strict=False)]


def marked(found: Opened) -> str:
    return {"closed": "", "settled": " (settled elsewhere)", "preview": " (PREVIEW, not closed)"}[found.heading.state]


def told_of_sums(row: StatementSums, reader: Reader, paid: Mapping[Key, PayoutRow]) -> dict[str, Any]:
    payout = paid.get((row.currency, row.payee))
    return {
        **asdict(row),
        "payee_name": reader.rep_name(row.payee),
        "receivable": -row.closing if row.gone else 0,
        "payout": asdict(payout) if payout else None,
    }


def sums_shown(row: StatementSums, reader: Reader) -> tuple[object, ...]:
    flows = (
        row.opening,
        row.accrual,
        row.adjustment,
        row.borne,
        row.hold,
        row.release,
        row.conversion,
        row.payable,
        row.closing,
        row.offset,
    )
    payee = "nobody" if row.payee == NOBODY else reader.person(row.payee)
    return (f"{payee}{' (left)' if row.gone else ''}", row.currency, *(money(amount, row.currency) for amount in flows))


def row_shown(row: StatementRow) -> tuple[object, ...]:
    corrects = f"{row.corrects_line or ''} of {row.corrects_period}" if row.corrects_period else None
    return (
        row.section, money(row.amount, row.currency), row.cause, row.deal, row.payment, row.role, row.line, corrects, row.case,
    )  # fmt: skip
