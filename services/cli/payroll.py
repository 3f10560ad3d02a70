"""`payroll`: open and close months, see how they stand, and read the statements of one."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from domain.payroll.facts import Payroll, Period, Totals, Unusual
from projections.statements import NOBODY, StatementRow, StatementSums
from services.cli.failing import CHECK_FAILED, Failure, refused
from services.cli.output import AsJson, Justify, answer, listed, money, paragraph, table
from services.cli.reader import Limit, Names, Reader
from services.payroll.run import Looked, PayrollRun, ProjectionBehind
from services.payroll.statement import NoSuchPeriod
from services.payroll.statements import Opened
from services.wiring import open_books

app = typer.Typer(help="Months of commission: opened, checked, closed once, and read for ever.", no_args_is_help=True)

MONTH: Final = re.compile(r"(19|20|21)\d{2}-(0[1-9]|1[0-2])")

PeriodName = Annotated[str, typer.Argument(metavar="PERIOD", help="A month, as 2024-06.")]
Actor = Annotated[str, typer.Option("--as", metavar="PERSON", help="Who does it: someone of finance.")]

TOTALS: Final[dict[str, Justify]] = {
    "currency": "left",
    "statements": "right",
    "opening": "right",
    "accruals": "right",
    "adjustments": "right",
    "borne": "right",
    "held": "right",
    "released": "right",
    "payable": "right",
    "carried": "right",
    "debts": "right",
}
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


@app.command("open")
def open_(
    period: PeriodName,
    *,
    policy: Annotated[str | None, typer.Option("--policy", help="Whose pay day and clawback count.")] = None,
    actor: Actor = "system",
    json: AsJson = False,
) -> None:
    """Open a month: the first one you choose, then each after the one closed last."""
    month(period)
    with open_books(os.environ) as books:
        given = books.payroll().open(period, policy=policy, actor=actor)
        if given.refusal:
            raise refused(given.refusal)
        opening = books.payroll().periods().periods[period].opening
    document = {"period": period, "state": "open", "opening": opening, "true_up_to": given.last}
    told = f"{period} is open. It goes by {opening.policy} and is to be paid on {opening.pay_day.isoformat()}."
    answer(document, paragraph(told), as_json=json)


@app.command()
def close(
    period: PeriodName,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why it is closed over what is unusual.")] = None,
    actor: Actor = "system",
    json: AsJson = False,
) -> None:
    """Close a month for good. What is unusual is listed, and needs --reason; nothing is half done."""
    month(period)
    with open_books(os.environ) as books:
        with expected(period):
            found = books.payroll().close(period, reason=reason, actor=actor)
        if found.refusal:
            raise refused(found.refusal)
        closed = found.command
        document = {**closed.model_dump(exclude={"name"}), "state": "closed", "true_up_to": found.answer.last}
    told = f"{period} is closed at position {closed.position}. Digest: {closed.digest}"
    answer(document, paragraph(told), totals(closed.totals), *unusual(closed.unusual), as_json=json)


@app.command()
def status(
    period: Annotated[str | None, typer.Argument(metavar="PERIOD", help="One month; all of them without it.")] = None,
    *,
    json: AsJson = False,
) -> None:
    """How the months stand. Of the open one: what it would come to, and what is unusual about it."""
    with open_books(os.environ) as books:
        run, known = books.payroll(), books.payroll().periods()
        if period is not None and period not in known.periods:
            raise no_such(period, known)
        looked = None
        gathering = known.open
        if gathering and period in (None, gathering.period):
            with expected(gathering.period):
                looked = run.look(gathering.period, exports=False)
        shown = [each for name, each in known.periods.items() if period in (None, name)]
        document = {
            "periods": [told_of_period(each) for each in shown],
            "open": told_of(looked) if looked else None,
            "true_up_to": looked.position if looked else books.ledger.head().position,
        }
    columns: dict[str, Justify] = {
        "period": "left",
        "state": "left",
        "position": "right",
        "pay day": "left",
        "payable": "left",
    }
    parts = [table("", columns, (period_shown(each) for each in shown))]
    if not shown:
        parts = [paragraph("No month was ever opened: salesledger payroll open 2024-06")]
    if looked:
        parts += [
            paragraph(f"{looked.period} as it would be closed now:"),
            totals(looked.totals),
            *unusual(looked.unusual),
        ]
    answer(document, *parts, as_json=json)


@app.command()
def statement(
    period: PeriodName,
    *,
    payee: Annotated[str | None, typer.Option("--payee", help="One person's statement, row by row.")] = None,
    owed: Annotated[
        bool, typer.Option("--owed", help="Only those who end with something owed; leavers' are receivables.")
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
            sums = first(found, payee, limit, owed=owed)
            heading = found.heading
            if payee is not None and not sums:
                raise Failure(
                    "no-statement", f"{payee} has no statement in {period}: nothing was earned, changed or owed."
                )
            document = {
                "period": period,
                "state": heading.state,
                "digest": heading.digest,
                "statements": [told_of_sums(each, reader) for each in sums],
                "rows": [asdict(row) for row in rows],
                "true_up_to": heading.position,
            }
            parts = [table(f"Statements of {period}{marked(found)}", SUMS, (sums_shown(each, reader) for each in sums))]
            if payee is not None:
                parts.append(table(f"{reader.person(payee)}, {period}{marked(found)}", ROWS, map(row_shown, rows)))
    answer(document, *parts, as_json=json)


@contextmanager
def expected(period: str, run: PayrollRun | None = None) -> Iterator[None]:
    """Tell what can go wrong with reading a month."""
    try:
        yield
    except NoSuchPeriod:
        raise no_such(period, run.periods() if run else Payroll()) from None
    except ProjectionBehind as error:
        raise Failure("projection-behind", str(error), CHECK_FAILED) from None


def month(period: str) -> str:
    if not MONTH.fullmatch(period):
        raise Failure("bad-period", f"A period is a month such as 2024-06, not {period!r}.")
    return period


def no_such(period: str, known: Payroll) -> Failure:
    there = f"There are: {', '.join(known.periods)}." if known.periods else "None was opened yet."
    return Failure("unknown-period", f"{period} was never opened. {there}")


def first(found: Opened, payee: str | None, limit: int, *, owed: bool) -> list[StatementSums]:
    chosen = (each for each in found.sums(payee) if not owed or each.closing)
    return [each for each, _ in zip(chosen, range(limit), strict=False)]


def marked(found: Opened) -> str:
    return "" if found.heading.state == "closed" else " (PREVIEW, not closed)"


def told_of(looked: Looked) -> dict[str, Any]:
    return asdict(looked)


def told_of_period(period: Period) -> dict[str, Any]:
    return {"period": period.period, "state": state(period), "opening": period.opening, "closing": period.closing}


def state(period: Period) -> str:
    return "closed" if period.closing else "open"


def period_shown(period: Period) -> tuple[object, ...]:
    closing = period.closing
    payable = (
        ", ".join(filter(None, (money(each.payable, each.currency) for each in closing.totals))) if closing else None
    )
    return (period.period, state(period), closing and closing.position, period.opening.pay_day.isoformat(), payable)


def totals(rows: tuple[Totals, ...]) -> RenderableType:
    return table("", TOTALS, (total_shown(each) for each in rows))


def total_shown(row: Totals) -> tuple[object, ...]:
    flows = (
        row.opening,
        row.accrual,
        row.adjustment,
        row.clawback,
        row.hold,
        row.release,
        row.payable,
        row.closing,
        row.owed,
    )
    return (row.currency, row.statements, *(money(amount, row.currency) for amount in flows))


def unusual(found: tuple[Unusual, ...]) -> Iterator[RenderableType]:
    if found:
        yield paragraph("Unusual, and needs a reason to be closed over:")
        yield listed(f"{each.kind}: {each.told}" for each in found)


def told_of_sums(row: StatementSums, reader: Reader) -> dict[str, Any]:
    return {
        **asdict(row),
        "payee_name": reader.rep_name(row.payee),
        "receivable": -row.closing if row.gone else 0,
    }


def sums_shown(row: StatementSums, reader: Reader) -> tuple[object, ...]:
    flows = (
        row.opening,
        row.accrual,
        row.adjustment,
        row.borne,
        row.hold,
        row.release,
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
