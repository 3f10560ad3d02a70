"""Deals: as they stand, by stage, the funnel, and why a deal comes to what is due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from projections import deals, ownership
from projections.booking import BookedLine
from projections.cases import Cases
from projections.deals import DealRow, Deals, FunnelRow
from projections.explain import Reason, explain_deal
from projections.lines import Lines, lines
from projections.ownership import Ownership
from projections.receipts import Money, Receipts, Refund, receipts, refunds
from services.api.reading import Asked
from services.api.reads.asking import (
    ID,
    After,
    KnownAt,
    Limit,
    Listed,
    MaybeName,
    MinPosition,
    Name,
    One,
    TrueAt,
    answered,
    asked_at,
    listed,
    one,
    resumed,
)
from services.api.seat import Seat

router: Final = APIRouter(tags=["deals"])

ACT: Final = "see a deal"
MODELS: Final = (Deals, Ownership, Cases)


@dataclass(frozen=True, slots=True)
class Why:
    """Reasons in the order of reckoning; `amount` is what they come to, in minor units."""

    subject: str
    amount: int
    currency: str | None
    reasons: list[Reason]


def in_sight(seat: Seat, deal: str) -> DealRow:
    """The deal, for who opened it, who has its customer, and those above them. Raises `Problem`."""
    row = deals.one(seat.connection, deal).row
    if row is None or row.opened_at > seat.at:
        raise seat.out_of_sight()
    if not seat.may_see(row.rep) and not seat.hears(customer=row.customer, deal=deal):
        owner = ownership.owner_at(seat.connection, row.customer, seat.at).row
        seat.must_see(owner.owner if owner else None)
    return row


@router.get("/deals", response_model=Listed[DealRow], summary="Deals by id")
async def list_deals(
    request: Request, rep: MaybeName = None, limit: Limit = 100, after: After = None, min_position: MinPosition = 0
) -> Response:
    """Those that a rep opened; without a rep one's own, or all for whom that is given to see."""
    since = resumed(after, str)

    def find(seat: Seat) -> dict[str, Any]:
        of = rep if rep or seat.may_see(None) else seat.name
        if of:
            seat.must_see(of)
        page = deals.deals(seat.connection, rep=of, limit=limit, after=since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, (Deals,), rep or "deals", min_position), find)


@router.get("/deals/{deal}", response_model=One[DealRow], summary="A deal as it stands")
async def deal(request: Request, deal: Name, min_position: MinPosition = 0) -> Response:
    """Its stages, contract and milestones, and what was received. Amounts are minor units."""

    def find(seat: Seat) -> dict[str, Any]:
        row = in_sight(seat, deal)
        return one(seat.look.position(["deals"]), row)

    return await answered(request, Asked(ACT, MODELS, deal, min_position), find)


@router.get("/deals/{deal}/receipts", response_model=Listed[Money], summary="What was received for a deal")
async def deal_receipts(
    request: Request, deal: Name, limit: Limit = 200, after: After = None, min_position: MinPosition = 0
) -> Response:
    """Receipts in the order of recording, each with what of it went back."""
    since = resumed(after, int)

    def find(seat: Seat) -> dict[str, Any]:
        in_sight(seat, deal)
        page = receipts(seat.connection, deal=deal, limit=limit, after=since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, (*MODELS, Receipts), deal, min_position), find)


@router.get("/deals/{deal}/refunds", response_model=Listed[Refund], summary="What went back of a deal")
async def deal_refunds(request: Request, deal: Name, min_position: MinPosition = 0) -> Response:
    """Refunds in the order of recording, the latest thousand at most."""

    def find(seat: Seat) -> dict[str, Any]:
        in_sight(seat, deal)
        page = refunds(seat.connection, deal)
        return listed(page.position, page.rows)

    return await answered(request, Asked(ACT, (*MODELS, Receipts), deal, min_position), find)


@router.get("/deals/{deal}/lines", response_model=Listed[BookedLine], summary="The commission booked for a deal")
async def deal_lines(
    request: Request, deal: Name, limit: Limit = 200, after: After = None, min_position: MinPosition = 0
) -> Response:
    """Lines in the order of booking, of every payee."""
    since = resumed(after, int, int)

    def find(seat: Seat) -> dict[str, Any]:
        in_sight(seat, deal)
        page = lines(seat.connection, deal=deal, limit=limit, after=since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, (*MODELS, Lines), deal, min_position), find)


@router.get("/deals/{deal}/explain", response_model=One[Why], summary="Why a deal comes to what is due")
async def explain_deal_due(
    request: Request,
    deal: Name,
    payment: MaybeName = None,
    payee: MaybeName = None,
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    min_position: MinPosition = 0,
) -> Response:
    """Down to events and clauses: the deal, one payment, or one payee in it, as known at one time and true at another."""

    def find(seat: Seat) -> dict[str, Any]:
        in_sight(seat, deal)
        found = explain_deal(
            seat.connection, seat.books.log, deal, payment=payment, payee=payee, known_at=known_at, true_at=true_at
        )
        return one(found.position, Why(found.subject, found.amount, found.currency, found.reasons))

    return await answered(request, Asked(ACT, MODELS, deal, min_position, asked_at(known_at, true_at)), find)


@router.get("/stages/{stage}/deals", response_model=Listed[DealRow], summary="The live deals of a stage")
async def stage_deals(
    request: Request,
    stage: Annotated[str, Path(pattern=ID)],
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """The longest in the stage first."""
    since = resumed(after, datetime, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = deals.in_stage(seat.connection, stage, limit, since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked("see the funnel", (Deals,), stage, min_position), find)


@router.get("/funnel", response_model=Listed[FunnelRow], summary="The funnel")
async def funnel(request: Request, min_position: MinPosition = 0) -> Response:
    """How many deals and how much money stand in each stage, entered it, were signed, were lost."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = deals.funnel(seat.connection)
        return listed(page.position, page.rows)

    return await answered(request, Asked("see the funnel", (Deals,), "funnel", min_position), find)
