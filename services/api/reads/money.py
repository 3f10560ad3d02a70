"""Money: commission lines and why they are what they are, receipts, and sales up the organisation."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime

from projections import lines as booked
from projections import sales
from projections.booking import BookedLine
from projections.explain import explain_line
from projections.lines import Lines
from projections.organisation import OrganisationChart
from projections.receipts import Money, Receipts, receipts
from projections.sales import RollUp, Sale, Sales
from services.api.problems import Problem
from services.api.reading import Asked
from services.api.reads.asking import (
    After,
    Limit,
    Listed,
    MaybeName,
    MinPosition,
    Name,
    One,
    answered,
    listed,
    one,
    resumed,
)
from services.api.reads.deals import Why
from services.api.seat import Seat

router: Final = APIRouter(tags=["money"])

ACT: Final = "see commission"

LineId = Annotated[
    str, Path(pattern=r"^[1-9][0-9]{0,17}\.[1-9][0-9]{0,8}$", description="Position and number.", examples=["36.1"])
]
Month = Annotated[str | None, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="The month of booking.")]


@router.get("/lines", response_model=Listed[BookedLine], summary="Commission lines")
async def list_lines(
    request: Request,
    payee: MaybeName = None,
    payment: MaybeName = None,
    period: Month = None,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """What a payee earns of each payment for each role, in the order of booking; without a payee one's own, or all for
    whom that is given to see.
    """
    since = resumed(after, int, int)

    def find(seat: Seat) -> dict[str, Any]:
        of = payee if payee or seat.may_see(None) else seat.name
        if of:
            seat.must_see(of)
        page = booked.lines(seat.connection, payee=of, payment=payment, period=period, limit=limit, after=since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, (Lines,), payee or "lines", min_position), find)


@router.get("/lines/{line}", response_model=One[BookedLine], summary="One commission line")
async def line(request: Request, line: LineId, min_position: MinPosition = 0) -> Response:
    """The line with its derivation: inputs, share, floor, leftover unit, and what was booked before."""

    def find(seat: Seat) -> dict[str, Any]:
        found = booked.line(seat.connection, line)
        return one(found.position, in_sight(seat, found.row))

    return await answered(request, Asked(ACT, (Lines,), line, min_position), find)


@router.get("/lines/{line}/explain", response_model=One[Why], summary="Why a line is what it is")
async def explain_line_booked(request: Request, line: LineId, min_position: MinPosition = 0) -> Response:
    """Down to events and clauses."""

    def find(seat: Seat) -> dict[str, Any]:
        in_sight(seat, booked.line(seat.connection, line).row)
        found = explain_line(seat.connection, line)
        assert found, "a line in sight is there"
        return one(found.position, Why(found.subject, found.amount, found.currency, found.reasons))

    return await answered(request, Asked(ACT, (Lines,), line, min_position), find)


def in_sight(seat: Seat, row: BookedLine | None) -> BookedLine:
    """The line, for its payee and those above. Raises `Problem`."""
    seat.must_see(row.payee if row else None)
    if row is None:
        raise seat.out_of_sight()
    return row


@router.get("/receipts", response_model=Listed[Money], summary="What was received")
async def list_receipts(
    request: Request,
    payment: MaybeName = None,
    external_id: MaybeName = None,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Receipts in the order of recording, by payment or by the bank's id, each with what of it went back."""
    since = resumed(after, int)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = receipts(seat.connection, payment=payment, external_id=external_id, limit=limit, after=since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked("see receipts", (Receipts,), payment or "receipts", min_position), find)


@router.get("/sales", response_model=Listed[RollUp], summary="Sales up the organisation")
async def sales_roll_up(
    request: Request,
    since: Annotated[AwareDatetime, Query(examples=["2024-01-01T00:00:00+08:00"])],
    until: Annotated[AwareDatetime, Query(examples=["2024-04-01T00:00:00+08:00"])],
    min_position: MinPosition = 0,
) -> Response:
    """The contracts signed in a time, for every unit with all below it: each once, however many are credited."""
    if since > until:
        raise Problem("request-malformed", "since: it lies after until.")

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = sales.roll_up(seat.connection, since, until)
        return listed(page.position, page.rows)

    return await answered(request, Asked("see sales", (OrganisationChart, Sales), "sales", min_position), find)


@router.get("/sales/{deal}", response_model=One[Sale], summary="The signed contract of a deal")
async def sale(request: Request, deal: Name, min_position: MinPosition = 0) -> Response:
    """The contract, counted once for who signed it."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        found = sales.sale(seat.connection, deal)
        if found.row is None:
            raise seat.out_of_sight()
        return one(found.position, found.row)

    return await answered(request, Asked("see sales", (Sales,), deal, min_position), find)
