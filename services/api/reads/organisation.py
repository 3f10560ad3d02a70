"""The organisation and its rules: who works in a unit, what is above it, and the policies."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

from projections import organisation
from projections.organisation import Interval, Member, OrganisationChart, PolicyRow
from services.api.reading import Asked
from services.api.reads.asking import After, Limit, Listed, MinPosition, Name, answered, listed, resumed
from services.api.seat import Seat

router: Final = APIRouter(tags=["organisation"])

ACT: Final = "see the organisation"
MODELS: Final = (OrganisationChart,)


@router.get("/units/{unit}/members", response_model=Listed[Member], summary="Who worked in a unit")
async def unit_members(
    request: Request,
    unit: Name,
    at: Annotated[AwareDatetime | None, Query(description="At that time; now without it.")] = None,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Those of the unit itself at that time, by id."""
    since = resumed(after, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = organisation.members(seat.connection, unit, at or seat.look.at, limit, since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, MODELS, unit, min_position), find)


@router.get("/units/{unit}/parents", response_model=Listed[Interval], summary="Under what a unit hung")
async def unit_parents(request: Request, unit: Name, min_position: MinPosition = 0) -> Response:
    """The units above, in the order of time."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = organisation.parents(seat.connection, unit)
        return listed(page.position, page.rows)

    return await answered(request, Asked(ACT, MODELS, unit, min_position), find)


@router.get("/policies", response_model=Listed[PolicyRow], summary="Every policy ever published")
async def list_policies(request: Request, min_position: MinPosition = 0) -> Response:
    """Versions in the order of publishing, each whole, with its content hash."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = organisation.policies(seat.connection)
        return listed(page.position, page.rows)

    return await answered(request, Asked("see the policies", MODELS, "policies", min_position), find)
