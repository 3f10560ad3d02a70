"""The pool board: customers whom nobody holds, those of a rep, and those who will drop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from domain.pool.facts import Tier
from projections import pool
from projections.pool import BoardRow, PoolBoard
from services.api.reading import Asked
from services.api.reads.asking import After, Limit, Listed, MinPosition, answered, listed, resumed
from services.api.seat import Seat

router: Final = APIRouter(tags=["pool"])


@dataclass(frozen=True, slots=True)
class OnBoard:
    """A customer on the board; names and contacts are masked for who does not hold the customer, nor leads who does."""

    customer: str
    name: str | None
    phone: str | None
    contact: str | None
    tier: Tier
    grade: str | None
    expected_amount: int | None
    currency: str | None
    owner: str | None
    since: datetime | None
    deadline: datetime | None
    warned_at: datetime | None
    overdue: bool
    merged_into: str | None
    policy: str | None
    position: int


def on_board(row: BoardRow, seat: Seat, *, clear: bool) -> OnBoard:
    return OnBoard(
        customer=row.customer,
        name=seat.shown(row.customer_name, clear=clear),
        phone=seat.shown(row.phone, clear=clear),
        contact=seat.shown(row.contact, clear=clear),
        tier=row.tier,
        grade=row.grade,
        expected_amount=row.expected_amount,
        currency=row.currency,
        owner=row.owner,
        since=row.since,
        deadline=row.deadline,
        warned_at=row.warned_at,
        overdue=row.deadline is not None and row.deadline <= seat.look.at,
        merged_into=row.merged_into,
        policy=row.policy,
        position=row.position,
    )


@router.get("/pool", response_model=Listed[OnBoard], summary="The public pool, the longest free first")
async def public_pool(
    request: Request, limit: Limit = 100, after: After = None, min_position: MinPosition = 0
) -> Response:
    """Customers whom nobody holds. Names and contacts are masked."""
    since = resumed(after, datetime, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = pool.public(seat.connection, limit, since)
        return listed(page.position, [on_board(row, seat, clear=False) for row in page.rows], page.after)

    return await answered(request, Asked("see the public pool", (PoolBoard,), "pool", min_position), find)


@router.get("/pool/due", response_model=Listed[OnBoard], summary="Customers who will drop, the next first")
async def due_to_drop(
    request: Request,
    within_days: Annotated[int, Query(ge=0, le=3650)] = 7,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Held customers whose deadline lies within so many days; those overdue included."""
    since = resumed(after, datetime, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = pool.due_soon(seat.connection, seat.look.at + timedelta(days=within_days), limit, since)
        return listed(page.position, [on_board(row, seat, clear=False) for row in page.rows], page.after)

    return await answered(request, Asked("see who is due to drop", (PoolBoard,), "pool/due", min_position), find)
