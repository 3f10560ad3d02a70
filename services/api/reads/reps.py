"""People: the customers someone holds and held, what their quota leaves, where they worked, and who trained them."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from projections import organisation, ownership, pool
from projections.organisation import Interval as Post
from projections.organisation import OrganisationChart
from projections.ownership import Interval, Ownership
from projections.pool import PoolBoard
from projections.quotas import QuotaLeft, quota_left
from services.api.reading import Asked
from services.api.reads.asking import (
    After,
    KnownAt,
    Limit,
    Listed,
    MinPosition,
    Name,
    One,
    answered,
    listed,
    one,
    resumed,
)
from services.api.reads.pool import OnBoard, on_board
from services.api.seat import Seat

router: Final = APIRouter(tags=["people"])


@router.get("/reps/{rep}/customers", response_model=Listed[OnBoard], summary="The customers that someone holds")
async def rep_customers(
    request: Request, rep: Name, limit: Limit = 100, after: After = None, min_position: MinPosition = 0
) -> Response:
    """A rep's private pool with names and contacts, the next to drop first."""
    since = resumed(after, datetime | None, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(rep)
        page = pool.private(seat.connection, rep, limit, since)
        return listed(page.position, [on_board(row, seat, clear=True) for row in page.rows], page.after)

    return await answered(request, Asked("see a customer", (PoolBoard,), rep, min_position), find)


@router.get("/reps/{rep}/holdings", response_model=Listed[Interval], summary="Every customer that someone ever held")
async def rep_holdings(
    request: Request,
    rep: Name,
    known_at: KnownAt = None,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """From when to when, how it began and how it ended, in the order of recording."""
    since = resumed(after, int)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(rep)
        page = ownership.of_owner(seat.connection, rep, known_at=known_at, limit=limit, after=since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked("see a customer", (Ownership,), rep, min_position, known_at), find)


@router.get("/reps/{rep}/quota", response_model=One[QuotaLeft], summary="What someone's quota leaves")
async def rep_quota(request: Request, rep: Name, min_position: MinPosition = 0) -> Response:
    """Customers held, customers close to signing, and claims of today: allowed and used."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(rep)
        found = quota_left(seat.connection, rep, seat.at)
        if found.row is None:
            raise seat.out_of_sight()
        return one(found.position, found.row)

    return await answered(request, Asked("see a quota", (PoolBoard, OrganisationChart), rep, min_position), find)


@router.get("/reps/{rep}/posts", response_model=Listed[Post], summary="Where someone worked")
async def rep_posts(request: Request, rep: Name, min_position: MinPosition = 0) -> Response:
    """Units and duties, in the order of time."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = organisation.posts(seat.connection, rep)
        return listed(page.position, page.rows)

    return await answered(request, Asked("see the organisation", (OrganisationChart,), rep, min_position), find)


@router.get("/reps/{rep}/mentors", response_model=Listed[Post], summary="Who trained someone")
async def rep_mentors(request: Request, rep: Name, min_position: MinPosition = 0) -> Response:
    """Mentors in the order of time."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = organisation.mentors(seat.connection, rep)
        return listed(page.position, page.rows)

    return await answered(request, Asked("see the organisation", (OrganisationChart,), rep, min_position), find)
