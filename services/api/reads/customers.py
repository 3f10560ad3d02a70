"""A customer: as it stands, its history as known and as true at any time, who owned it, and its deals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from projections import deals as all_deals
from projections import history as histories
from projections import ownership, pool
from projections.cases import Cases
from projections.deals import DealRow, Deals
from projections.history import Entry, History
from projections.organisation import OrganisationChart
from projections.ownership import Interval, Ownership
from projections.pool import PoolBoard
from projections.quotas import Waiting, cooling_down
from services.api.reading import Asked
from services.api.reads.asking import (
    After,
    KnownAt,
    Limit,
    Listed,
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
from services.api.reads.pool import OnBoard, on_board
from services.api.seat import Seat

router: Final = APIRouter(tags=["customers"])

ACT: Final = "see a customer"


@dataclass(frozen=True, slots=True)
class CustomerSeen:
    """A customer as it stands, and the former owners who have to wait before they may claim it again."""

    board: OnBoard
    waiting: list[Waiting]


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of a customer. `effective_at` is from when it counts; `told` has the fact's own fields."""

    position: int
    stream: str
    version: int
    kind: str
    occurred_at: datetime
    effective_at: datetime
    recorded_at: datetime
    actor: str
    reason: str | None
    causation: str | None
    told: dict[str, Any]


@router.get("/customers/{customer}", response_model=One[CustomerSeen], summary="A customer as it stands")
async def customer(request: Request, customer: Name, min_position: MinPosition = 0) -> Response:
    """Whose it is, since when and until when, with its contacts where they may be seen."""

    def find(seat: Seat) -> dict[str, Any]:
        clear = seat.customer(customer, now=True)
        found = pool.one(seat.connection, customer)
        assert found.row, "a customer in sight is on the board"
        waiting = cooling_down(seat.connection, customer, seat.at).rows
        return one(found.position, CustomerSeen(on_board(found.row, seat, clear=clear), waiting))

    return await answered(request, Asked(ACT, (PoolBoard, OrganisationChart, Cases), customer, min_position), find)


@router.get("/customers/{customer}/history", response_model=Listed[Told], summary="A customer's history")
async def customer_history(
    request: Request,
    customer: Name,
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Every fact of the customer and of its deals, with both times: who had it at the time asked about may see it."""
    at = asked_at(known_at, true_at)
    since = resumed(after, int) if true_at is None else resumed(after, datetime, int)

    def find(seat: Seat) -> dict[str, Any]:
        clear = seat.customer(customer, now=at is None)
        found = histories.history(
            seat.connection, customer, known_at=known_at, true_at=true_at, limit=limit, after=since
        )
        return listed(found.position, [told(entry, seat, clear=clear) for entry in found.rows], found.after)

    models = (PoolBoard, Ownership, History, Cases)
    return await answered(request, Asked(ACT, models, customer, min_position, at), find)


def told(entry: Entry, seat: Seat, *, clear: bool) -> Told:
    return Told(
        position=entry.position,
        stream=entry.stream,
        version=entry.version,
        kind=entry.kind,
        occurred_at=entry.occurred_at,
        effective_at=entry.effective_at,
        recorded_at=entry.recorded_at,
        actor=entry.actor,
        reason=entry.reason,
        causation=entry.causation,
        told=seat.fields(entry.told, clear=clear),
    )


@router.get("/customers/{customer}/owners", response_model=Listed[Interval], summary="Who owned a customer")
async def customer_owners(
    request: Request,
    customer: Name,
    known_at: KnownAt = None,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Who had the customer from when to when, how it began and how it ended."""
    since = resumed(after, int)

    def find(seat: Seat) -> dict[str, Any]:
        seat.customer(customer, now=known_at is None)
        found = ownership.of_customer(seat.connection, customer, known_at=known_at, limit=limit, after=since)
        return listed(found.position, found.rows, found.after)

    return await answered(request, Asked(ACT, (PoolBoard, Ownership, Cases), customer, min_position, known_at), find)


@router.get("/customers/{customer}/deals", response_model=Listed[DealRow], summary="A customer's deals")
async def customer_deals(
    request: Request, customer: Name, limit: Limit = 100, after: After = None, min_position: MinPosition = 0
) -> Response:
    """The customer's deals by their ids."""
    since = resumed(after, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.customer(customer, now=True)
        found = all_deals.deals(seat.connection, customer=customer, limit=limit, after=since)
        return listed(found.position, found.rows, found.after)

    return await answered(request, Asked(ACT, (PoolBoard, Deals, Cases), customer, min_position), find)
