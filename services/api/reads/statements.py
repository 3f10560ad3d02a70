"""One payee's statements: from month to month, row by row, why a month comes to what it does, and why to less than the last."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request, Response

from domain.months import named, ordinal
from projections.explain import Explained
from projections.lines import Lines
from projections.receipts import Receipts
from projections.statements import StatementRow, StatementSums
from services.api.problems import Problem
from services.api.reading import Asked
from services.api.reads.asking import (
    After,
    Limit,
    Listed,
    MinPosition,
    Name,
    One,
    answered,
    cursor,
    listed,
    one,
    resumed,
)
from services.api.reads.deals import Why
from services.api.seat import Seat, TakesLong
from services.payroll.difference import Part, split
from services.payroll.explaining import explain_statement
from services.payroll.months import month, statements_of
from services.payroll.statement import NoSuchPeriod
from services.payroll.statements import Opened, Statement, of_payee, opened

router: Final = APIRouter(tags=["payroll"])

ACT: Final = "see a statement"
MODELS: Final = (Lines, Receipts)

Period = Annotated[
    str, Path(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$", description="A month.", examples=["2024-07"])
]


@dataclass(frozen=True, slots=True)
class StatementSeen:
    """A payee's statement of a month: its sums in each currency, and its rows. `preview`: the month is open, nothing is final;
    `settled`: it was paid elsewhere.

    `digest` is that of all statements of the month. `after` continues the rows.
    """

    true_up_to: int
    period: str
    state: Literal["closed", "settled", "preview"]
    digest: str
    pay_day: date
    sums: list[StatementSums]
    rows: list[StatementRow]
    after: str | None


@dataclass(frozen=True, slots=True)
class CausePart:
    """What one cause added to what is paid, or took from it, in either month."""

    cause: str
    before: int
    now: int
    difference: int


@dataclass(frozen=True, slots=True)
class PayDifference:
    """What is paid in a currency in this month and the one before; the differences of `parts` sum to theirs."""

    currency: str
    before: int
    now: int
    parts: list[CausePart]


@dataclass(frozen=True, slots=True)
class PayCompared:
    """Two months of a payee side by side, in minor units."""

    payee: str
    period: str
    compared_with: str
    differences: list[PayDifference]


@router.get("/reps/{rep}/statements", response_model=Listed[StatementSums], summary="Someone's statements")
async def rep_statements(
    request: Request, rep: Name, limit: Limit = 100, after: After = None, min_position: MinPosition = 0
) -> Response:
    """The sums of every closed month, in order."""
    since = resumed(after, str, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(rep)
        page = statements_of(seat.connection, rep, limit, since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, MODELS, rep, min_position), find)


@router.get("/reps/{rep}/statements/{period}", response_model=StatementSeen, summary="Someone's statement of a month")
async def rep_statement(
    request: Request,
    rep: Name,
    period: Period,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Every row, each with the line that it stands for; of an open month as it would come out now."""
    since = resumed(after, str, int)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(rep)
        with month_of(seat, period) as found:
            rows = list(islice(found.rows(rep, since), limit + 1))
            sums, heading, position = list(found.sums(rep)), found.heading, true_up_to(seat, found)
        last = rows[limit - 1] if len(rows) > limit else None
        return {
            "true_up_to": position,
            "period": period,
            "state": heading.state,
            "digest": heading.digest,
            "pay_day": heading.pay_day,
            "sums": sums,
            "rows": rows[:limit],
            "after": cursor((last.currency, last.number) if last else None),
        }

    return await answered(request, Asked(ACT, MODELS, rep, min_position), find)


@router.get(
    "/reps/{rep}/statements/{period}/explain", response_model=Listed[Why], summary="Why a statement is what it is"
)
async def explain_rep_statement(request: Request, rep: Name, period: Period, min_position: MinPosition = 0) -> Response:
    """Each currency's rows as sentences down to events and clauses; where there is no statement, why."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(rep)
        with month_of(seat, period) as found:
            terms = seat.books.policies()[found.heading.policy].payroll
            assert terms, "a period is opened by a policy with payroll terms"
            told = list(explain_statement(found, rep, terms.clawback))
            return listed(true_up_to(seat, found), [why(each) for each in told])

    return await answered(request, Asked(ACT, MODELS, rep, min_position), find)


@router.get(
    "/reps/{rep}/statements/{period}/difference",
    response_model=One[PayCompared],
    summary="Why a month pays less, or more, than the one before",
)
async def rep_statement_difference(
    request: Request, rep: Name, period: Period, min_position: MinPosition = 0
) -> Response:
    """The difference between a payee's month and the one before, split by cause, nothing left over."""
    before = named(ordinal(period) - 1)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(rep)
        with month_of(seat, period) as found:
            position, now = true_up_to(seat, found), of_payee(found, rep)
        then: dict[str, Statement] = {}
        if month(seat.connection, before):
            with month_of(seat, before) as found:
                then = of_payee(found, rep)
        told = [compared(currency, then, now) for currency in sorted({*now, *then})]
        return one(position, PayCompared(rep, period, before, told))

    return await answered(request, Asked(ACT, MODELS, rep, min_position), find)


def true_up_to(seat: Seat, found: Opened) -> int:
    """Up to where an answer about a month is true: a closed one does not change any more."""
    if found.heading.state != "preview":
        return seat.look.position([model.name for model in MODELS])
    return found.heading.position


def compared(currency: str, then: dict[str, Statement], now: dict[str, Statement]) -> PayDifference:
    first, second = then.get(currency, NOTHING), now.get(currency, NOTHING)
    amounts = [int(sums.payable) if sums else 0 for sums, _ in (first, second)]
    return PayDifference(currency, amounts[0], amounts[1], [part(each) for each in split(first, second)])


NOTHING: Final[tuple[None, Sequence[StatementRow]]] = (None, ())


def part(each: Part) -> CausePart:
    return CausePart(**asdict(each), difference=each.difference)


def why(told: Explained) -> Why:
    return Why(told.subject, told.amount, told.currency, told.reasons)


@contextmanager
def month_of(seat: Seat, period: str, *, settled: bool = False) -> Iterator[Opened]:
    """A month opened for reading. Raises `Problem` for one that was never opened, and `TakesLong` for one that must be
    arranged first where there is no time for that.
    """
    if not seat.unhurried and (found := month(seat.connection, period)) and found.state == "open":
        raise TakesLong
    try:
        with opened(seat.connection, period, settled=settled) as statements:
            yield statements
    except NoSuchPeriod:
        raise Problem("unknown-period") from None
