"""Months of pay, for finance: how they stand, what an open one would come to, their statements, their payouts, their files."""

import pathlib
import shutil
from dataclasses import dataclass
from itertools import islice
from tempfile import mkdtemp
from typing import Annotated, Any, Final, Literal

import structlog
from fastapi import APIRouter, Path, Query, Request, Response

from domain.money import Currency
from projections.explain import Explained
from projections.payouts import PayoutRow, Payouts, paid
from projections.statements import StatementSums
from services.api.call import Call
from services.api.lengthy import Made, Unchanged, etag, is_held, measured
from services.api.problems import Problem
from services.api.reading import Asked
from services.api.reads.asking import (
    After,
    Limit,
    Listed,
    MinPosition,
    One,
    answered,
    filed,
    listed,
    one,
    resumed,
)
from services.api.reads.deals import Why
from services.api.reads.statements import MODELS, Period, month_of, true_up_to, why
from services.api.seat import Seat
from services.payroll.explaining import explain_total
from services.payroll.exports.digests import BY_CONTENT
from services.payroll.exports.formats import Format
from services.payroll.exports.run import ContentDiffers, export
from services.payroll.looking import Looked
from services.payroll.months import Month, month, months
from services.payroll.run import looking
from services.payroll.statements import select_statements

router: Final = APIRouter(tags=["payroll"])

log = structlog.get_logger("api")

ACT: Final = "see payroll"
BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
KINDS: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.BEANCOUNT: "text/plain; charset=utf-8",
    Format.HLEDGER: "text/plain; charset=utf-8",
}
FormatName = Annotated[Literal["csv", "xlsx", "json", "parquet", "beancount", "hledger"], Path()]
FILES: Final = {kind.partition(";")[0]: BYTES for kind in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements of a month, each by its sums; `preview`: the month is open, and nothing here is final; `settled`: it was paid
    elsewhere, and nothing of it is paid from here.
    """

    true_up_to: int
    state: Literal["closed", "settled", "preview"]
    digest: str
    rows: list[StatementSums]
    after: str | None


@router.get("/payroll", response_model=Listed[Month], summary="The months of pay")
async def payroll_months(
    request: Request, limit: Limit = 100, after: After = None, min_position: MinPosition = 0
) -> Response:
    """Every month that was opened, in order; of the closed ones what their closing pinned."""
    since = resumed(after, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = months(seat.connection, limit, since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, MODELS, "payroll", min_position), find)


@router.get("/payroll/{period}", response_model=One[Month], summary="A month of pay")
async def payroll_month(request: Request, period: Period, min_position: MinPosition = 0) -> Response:
    """How it stands, and if it is closed, what its closing pinned."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        found = month(seat.connection, period)
        if found is None:
            raise Problem("unknown-period")
        return one(seat.look.position(["lines"]), found)

    return await answered(request, Asked(ACT, MODELS, period, min_position), find)


@router.get("/payroll/{period}/check", response_model=One[Looked], summary="A month as it would be closed now")
async def payroll_check(
    request: Request,
    period: Period,
    *,
    settled: Annotated[bool, Query(description="As it would be closed as settled elsewhere.")] = False,
    min_position: MinPosition = 0,
) -> Response:
    """What the open month comes to and what of it is unusual: all that `close-period` pins, ready to be sent back with it."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        ledger = seat.books.ledger
        with month_of(seat, period, settled=settled) as found:
            if found.heading.state != "preview":
                raise Problem("period-closed")
            return one(found.heading.position, looking(ledger, settled=settled).of(found))

    return await answered(request, Asked(ACT, MODELS, period, min_position, lengthy=True), find)


@router.get("/payroll/{period}/statements", response_model=Statements, summary="The statements of a month")
async def payroll_statements(
    request: Request,
    period: Period,
    *,
    owed: Annotated[bool, Query(description="Only those that end with something owed.")] = False,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Each by its sums, by currency and payee; of an open month as they would come out now."""
    since = resumed(after, str, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        with month_of(seat, period) as found:
            chosen = (each for each in found.sums(after=since) if not owed or each.closing)
            rows = list(islice(chosen, limit + 1))
            position, heading = true_up_to(seat, found), found.heading
        last = rows[limit - 1] if len(rows) > limit else None
        told = listed(position, rows[:limit], (last.currency, last.payee) if last else None)
        return {**told, "state": heading.state, "digest": heading.digest}

    return await answered(request, Asked(ACT, MODELS, period, min_position), find)


@router.get("/payroll/{period}/explain", response_model=Listed[Why], summary="Why a month comes to what it does")
async def explain_month(request: Request, period: Period, min_position: MinPosition = 0) -> Response:
    """Its total in each currency, section by section, and who has most of it."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        with month_of(seat, period) as found:
            told: list[Explained] = [explain_total(found, each) for each in found.heading.sums]
            return listed(true_up_to(seat, found), [why(each) for each in told])

    return await answered(request, Asked(ACT, MODELS, period, min_position), find)


@router.get("/payroll/{period}/payouts", response_model=Listed[PayoutRow], summary="What was paid of a month")
async def payroll_payouts(
    request: Request, period: Period, limit: Limit = 200, after: After = None, min_position: MinPosition = 0
) -> Response:
    """How each statement's payout stands, by currency and payee: confirmed, or rejected and to be paid again."""
    since = resumed(after, Currency, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = paid(seat.connection, period, limit, since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, (Payouts,), period, min_position), find)


@router.get(
    "/payroll/{period}/exports/{format}",
    response_class=Response,
    responses={200: {"description": "The file.", "content": FILES}},
    summary="A month's statements as a file",
)
async def payroll_export(
    request: Request,
    period: Period,
    format: FormatName,  # noqa: A002 (the API's word)
    *,
    plain: Annotated[bool, Query(description="CSV without the byte order mark that Excel wants.")] = False,
    min_position: MinPosition = 0,
) -> Response:
    """Of a closed month the same bytes for ever, and their SHA-256 as the ETag; of an open one a preview, named so."""
    call: Call = request.scope["call"]

    def make(seat: Seat) -> Made | Unchanged:
        seat.must_see(None)
        found = month(seat.connection, period)
        if found is None:
            raise Problem("unknown-period")
        pinned = None if plain or format in BY_CONTENT else found.exports.get(format)
        if pinned and found.position and is_held(call, etag(pinned)):
            return Unchanged(pinned, found.position)
        try:
            return exported(seat, period, Format(format), plain=plain)
        except ContentDiffers as error:
            log.error("content differs", error=str(error))  # noqa: TRY400 (what it says is all there is to know)
            raise Problem("content-differs", str(error)) from None

    return await filed(request, Asked(ACT, MODELS, period, min_position, written_down=True, lengthy=True), make)


def exported(seat: Seat, period: str, form: Format, *, plain: bool) -> Made:
    """The file, written into a folder of its own that is gone when this returns. Raises `ContentDiffers`."""
    folder = pathlib.Path(mkdtemp(prefix="payroll-"))
    try:
        done = export(seat.connection, select_statements, period, form, folder, plain=plain)
        return measured(done.path.open("rb"), done.path.name, KINDS[form].encode(), done.heading.position)
    finally:
        shutil.rmtree(folder)
