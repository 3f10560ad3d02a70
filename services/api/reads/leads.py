"""Leads: who found each and by which channel, which wait for review, and what became of them."""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from domain.lead.facts import Course
from projections import leads
from projections.leads import LeadRow, Leads
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
from services.api.seat import Seat

router: Final = APIRouter(tags=["leads"])

ACT: Final = "see leads"

HasCome = Annotated[Course | None, Query(alias="course", description="How far it has come; `waiting`: for review.")]


def told(row: LeadRow, seat: Seat) -> LeadRow:
    """The lead with its personal values in the clear: whoever may see it may see them."""
    return replace(
        row,
        customer_name=seat.shown(row.customer_name, clear=True) or "",
        phone=seat.shown(row.phone, clear=True),
        contact=seat.shown(row.contact, clear=True),
    )


@router.get("/leads", response_model=Listed[LeadRow], summary="Leads, the first registered first")
async def list_leads(
    request: Request,
    course: HasCome = None,
    source: MaybeName = None,
    by: MaybeName = None,
    limit: Limit = 100,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Those that a rep found; without a rep one's own, or all for whom that is given to see."""
    since = resumed(after, int)

    def find(seat: Seat) -> dict[str, Any]:
        of = by if by or seat.may_see(None) else seat.name
        if of:
            seat.must_see(of)
        page = leads.leads(seat.connection, course=course, source=source, by=of, limit=limit, after=since)
        return listed(page.position, [told(row, seat) for row in page.rows], page.after)

    return await answered(request, Asked(ACT, (Leads,), by or "leads", min_position), find)


@router.get("/leads/{customer}", response_model=One[LeadRow], summary="A lead as it stands")
async def lead(request: Request, customer: Name, min_position: MinPosition = 0) -> Response:
    """A lead, by the id as which it may become a customer."""

    def find(seat: Seat) -> dict[str, Any]:
        row = leads.lead_of(seat.connection, customer).row
        if row is None:
            raise seat.out_of_sight()
        seat.must_see(row.by)
        return one(seat.look.position(["leads"]), told(row, seat))

    return await answered(request, Asked(ACT, (Leads,), customer, min_position), find)
