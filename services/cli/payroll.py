"""`payroll`: open and close months, see how they stand, and read the statements of one."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from domain.payroll.decisions import ClosePeriod
from domain.payroll.facts import Payroll, Period, PeriodClosed, Totals, Unusual
from services.cli.failing import CHECK_FAILED, Failure, refused
from services.cli.output import AsJson, Justify, answer, listed, money, paragraph, progress, table
from services.collector import spare_the_collector
from services.payroll.payouts import Paid, standing, told_of_unfinished
from services.payroll.run import Looked, PayrollRun, ProjectionBehind
from services.payroll.statement import NoSuchPeriod
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
    "converted": "right",
    "payable": "right",
    "carried": "right",
    "debts": "right",
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
    settled: Annotated[
        bool,
        typer.Option(
            "--settled-elsewhere", help="Up to this month another system paid: nothing of it is paid from here."
        ),
    ] = False,
    actor: Actor = "system",
    json: AsJson = False,
) -> None:
    """Close a month for good. What is unusual is listed, and needs --reason; nothing is half done."""
    month(period)
    spare_the_collector()
    with open_books(os.environ) as books:
        with expected(period), progress() as bar:
            task = bar.add_task("Closing", total=None)
            found = books.payroll().close(
                period,
                reason=reason,
                actor=actor,
                settled=settled,
                telling=lambda what, done, of: bar.update(task, description=what, completed=done, total=of),
            )
        if found.refusal:
            raise refused(found.refusal)
        closed = found.command
        document = {**closed.model_dump(exclude={"name"}), "state": state_of(closed), "true_up_to": found.answer.last}
    elsewhere = ", as settled elsewhere: nothing of it is paid from here" if settled else ""
    told = f"{period} is closed at position {closed.position}{elsewhere}. Digest: {closed.digest}"
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
        with closing(run.connect()) as connection:
            run.wait_for(books.ledger.head().position)
            paid, parted = standing(connection)
        looked = None
        gathering = known.open
        if gathering and period in (None, gathering.period):
            with expected(gathering.period):
                looked = run.look(gathering.period, exports=False)
        shown = [each for name, each in known.periods.items() if period in (None, name)]
        document = {
            "periods": [told_of_period(each, paid) for each in shown],
            "unfinished": [asdict(each) for each in parted if period in (None, each.period)],
            "open": told_of(looked) if looked else None,
            "true_up_to": looked.position if looked else books.ledger.head().position,
        }
    columns: dict[str, Justify] = {
        "period": "left",
        "state": "left",
        "position": "right",
        "pay day": "left",
        "payable": "left",
        "paid": "left",
    }
    parts = [table("", columns, (period_shown(each, paid) for each in shown))]
    if not shown:
        parts = [paragraph("No month was ever opened: salesledger payroll open 2024-06")]
    parts += map(paragraph, told_of_unfinished([each for each in parted if period in (None, each.period)]))
    if looked:
        parts += [
            paragraph(f"{looked.period} as it would be closed now:"),
            totals(looked.totals),
            *unusual(looked.unusual),
        ]
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


def told_of(looked: Looked) -> dict[str, Any]:
    return asdict(looked)


def told_of_period(period: Period, paid: Mapping[str, Paid]) -> dict[str, Any]:
    told = {"period": period.period, "state": state(period), "opening": period.opening, "closing": period.closing}
    return {**told, "payouts": asdict(paid.get(period.period, Paid())) if state(period) == "closed" else None}


def state(period: Period) -> str:
    return state_of(period.closing) if period.closing else "open"


def state_of(closing: ClosePeriod | PeriodClosed) -> str:
    return "settled" if closing.settled else "closed"


def period_shown(period: Period, paid: Mapping[str, Paid]) -> tuple[object, ...]:
    closing = period.closing
    payable = (
        ", ".join(filter(None, (money(each.payable, each.currency) for each in closing.totals))) if closing else None
    )
    return (
        period.period,
        state(period),
        closing and closing.position,
        period.opening.pay_day.isoformat(),
        payable,
        paid_shown(period, paid),
    )


def paid_shown(period: Period, paid: Mapping[str, Paid]) -> str | None:
    """How many of a closed month's statements are confirmed as paid."""
    if state(period) != "closed":
        return "elsewhere" if period.closing else None
    counts = paid.get(period.period, Paid())
    back = f", {counts.rejected} rejected" if counts.rejected else ""
    return f"{counts.paid} of {counts.statements}{back}"


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
        row.conversion,
        row.payable,
        row.closing,
        row.owed,
    )
    return (row.currency, row.statements, *(money(amount, row.currency) for amount in flows))


def unusual(found: tuple[Unusual, ...]) -> Iterator[RenderableType]:
    if found:
        yield paragraph("Unusual, and needs a reason to be closed over:")
        yield listed(f"{each.kind}: {each.told}" for each in found)
