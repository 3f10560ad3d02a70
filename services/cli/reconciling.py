"""`payroll reconcile`: what the payroll system or the bank says was paid, held against a closed month."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from services.cli.failing import CHECK_FAILED, Failure, refused
from services.cli.output import AsJson, Justify, answer, money, paragraph, progress, table
from services.cli.payroll import Actor, PeriodName, expected, month
from services.payroll.returned.mapping import ReturnMapping, ReturnUnusable, read_return_mapping
from services.payroll.returned.matching import Findings
from services.payroll.returned.reading import Payment
from services.payroll.returned.run import PeriodNotClosed, Reconciled, ReturnUnfinished, reconcile
from services.wiring import Books, open_books

app = typer.Typer()

SHOWN: Final = 20
COLUMNS: Final[dict[str, Justify]] = {
    "line": "right",
    "payee": "left",
    "external id": "left",
    "paid": "right",
    "payable": "right",
}
KINDS: Final = {
    "missing": "To be paid, and not in the file",
    "extra": "Paid, and nothing was to be paid",
    "different": "Paid another amount than was to be paid",
    "twice": "Paid once more, or under an id that another payment has",
    "rejected": "Rejected by the bank",
}


@app.command("reconcile")
def reconcile_period(
    period: PeriodName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The return file: CSV or XLSX.")],
    *,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", "-m", help="What its columns and words mean, where they are not usual.")
    ] = None,
    actor: Actor = "system",
    json: AsJson = False,
) -> None:
    """Confirm the payouts that match a closed month's statements, and list what does not. Repeated, it changes nothing.

    The file is judged whole first: with a single line that cannot be understood nothing is recorded. It counts whole or not at
    all: one that was told in part, say because the machine went down, is given again. Exit codes: 0 all of it is as it should
    be, 1 something is listed, 2 a file that cannot be used, 3 a rule refused.
    """
    month(period)
    try:
        read = read_return_mapping(mapping) if mapping else ReturnMapping()
        with open_books(os.environ) as books, progress() as bar:
            run = books.payroll()
            run.wait_for(books.ledger.head().position)
            task = bar.add_task("Confirming", total=None)
            with expected(period, run), closing(run.connect()) as connection:
                done = reconcile(
                    books.ledger,
                    connection,
                    period,
                    file,
                    read,
                    zone_of(books, period),
                    actor=actor,
                    progress=lambda number, of: bar.update(task, completed=number, total=of),
                )
    except ReturnUnfinished as before:
        raise Failure("return-unfinished", str(before)) from None
    except ReturnUnusable as wrong:
        raise Failure("return-file-unusable", "\n".join(wrong.mistakes)) from None
    except PeriodNotClosed:
        raise Failure("period-not-closed", f"{period} is open; close it before what it pays is confirmed.") from None
    answer(document(period, done), *spoken(done), as_json=json)
    if done.refused:
        raise refused(done.refused[0][1])
    if not done.findings.clean:
        raise typer.Exit(CHECK_FAILED)


def zone_of(books: Books, period: str) -> ZoneInfo:
    """The time zone in which the period counts its days."""
    known = books.payroll().periods().periods.get(period)
    return books.policies().versions[known.opening.policy].zone if known else ZoneInfo("UTC")


def document(period: str, done: Reconciled) -> dict[str, Any]:
    found = done.findings
    return {
        "period": period,
        "confirmed": done.confirmed,
        "confirmed_before": len(found.before),
        "sent_back": done.sent_back,
        "missing": [asdict(each) for each in found.missing],
        "extra": [asdict(each) for each in found.extra],
        "different": [{**asdict(each.payment), "payable": each.payable} for each in found.different],
        "twice": [asdict(each) for each in found.twice],
        "rejected": [asdict(each) for each in found.rejected],
        "refused": [{**asdict(payment), "refusal": refusal} for payment, refusal in done.refused],
        "true_up_to": done.position,
    }


def spoken(done: Reconciled) -> Iterator[RenderableType]:
    found = done.findings
    yield paragraph(f"{done.confirmed:,} payouts confirmed, {len(found.before):,} were before.")
    if done.sent_back:
        yield paragraph(f"{done.sent_back:,} came back; they are to be paid again, under other ids.")
    for kind, title in KINDS.items():
        rows = rows_of(found, kind)
        if rows:
            yield table(f"{title}: {len(rows):,}", COLUMNS, rows[:SHOWN])
            if len(rows) > SHOWN:
                yield paragraph(f"and {len(rows) - SHOWN:,} more; --json has them all.")


def rows_of(found: Findings, kind: str) -> Sequence[tuple[object, ...]]:
    match kind:
        case "missing":
            return [(None, m.payee, None, None, money(m.payable, m.currency)) for m in found.missing]
        case "different":
            return [(*row(d.payment)[:-1], money(d.payable, d.payment.currency)) for d in found.different]
        case _:
            listed: list[Payment] = getattr(found, kind)
            return [row(each) for each in listed]


def row(payment: Payment) -> tuple[object, ...]:
    amount = money(payment.amount, payment.currency)
    return (payment.line, payment.payee, payment.external_id, amount, None)
