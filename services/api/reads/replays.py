"""A deal or a customer replayed: every history that it leads to, as far as whoever asks may see each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from domain.fact import ORGANISATION, customer_stream, deal_stream
from projections.cases import Cases
from projections.deals import Deals
from projections.ownership import Ownership
from projections.pool import PoolBoard
from services.api.problems import Problem
from services.api.reading import Asked
from services.api.reads import cases, customers, deals
from services.api.reads.asking import KnownAt, MinPosition, Name, One, TrueAt, answered, asked_at, one
from services.api.reads.cases import Replayed, replayed
from services.api.seat import Seat
from services.replay.concerned import TooWide, deals_of
from services.replay.replaying import Moment, replay

router: Final = APIRouter()

MODELS: Final = (PoolBoard, Ownership, Deals, Cases)


@router.get("/deals/{deal}/replay", response_model=One[Replayed], summary="A deal replayed", tags=["deals"])
async def replay_deal(
    request: Request, deal: Name, known_at: KnownAt = None, true_at: TrueAt = None, min_position: MinPosition = 0
) -> Response:
    """Every fact of the deal, and of what it leads to that may be seen, with what it changed and its rule."""

    def find(seat: Seat) -> dict[str, Any]:
        deals.in_sight(seat, deal)
        return at_a_point(seat, deal_stream(deal), known_at, true_at)

    asked = Asked(deals.ACT, MODELS, deal, min_position, asked_at(known_at, true_at), lengthy=True)
    return await answered(request, asked, find)


@router.get(
    "/customers/{customer}/replay", response_model=One[Replayed], summary="A customer replayed", tags=["customers"]
)
async def replay_customer(
    request: Request, customer: Name, known_at: KnownAt = None, true_at: TrueAt = None, min_position: MinPosition = 0
) -> Response:
    """Every fact of the customer, and of what it leads to that may be seen, with what it changed and its rule."""
    at = asked_at(known_at, true_at)

    def find(seat: Seat) -> dict[str, Any]:
        seat.customer(customer, now=at is None)
        return at_a_point(seat, customer_stream(customer), known_at, true_at)

    return await answered(request, Asked(customers.ACT, MODELS, customer, min_position, at, lengthy=True), find)


def at_a_point(seat: Seat, stream: str, known_at: datetime | None, true_at: datetime | None) -> dict[str, Any]:
    look = sight_of(seat, now=known_at is None and true_at is None)
    moments = [Moment(known_at, true_at)]
    try:
        [found] = replay(
            seat.connection, [stream], deals_of(seat.connection), moments, lambda each: look(each) is not None
        )
    except TooWide as wide:
        raise Problem("too-wide", str(wide)) from None
    return one(found.true_up_to, replayed(found, seat, lambda each: bool(look(each))))


def sight_of(seat: Seat, *, now: bool) -> Callable[[str], bool | None]:
    """How the asker sees a history: in the clear, masked, or None: not at all."""
    known: dict[str, bool | None] = {ORGANISATION: False}

    def look(stream: str) -> bool | None:
        if stream not in known:
            known[stream] = seen(seat, stream, now=now)
        return known[stream]

    return look


def seen(seat: Seat, stream: str, *, now: bool) -> bool | None:
    sort, _, name = stream.partition("/")
    try:
        match sort:
            case "customer":
                return replace(seat, act=customers.ACT).customer(name, now=now)
            case "deal":
                deals.in_sight(replace(seat, act=deals.ACT), name)
                return False
            case "case":
                cases.in_sight(replace(seat, act=cases.ACT), name)
                return False
            case _:
                return None
    except Problem:
        return None
