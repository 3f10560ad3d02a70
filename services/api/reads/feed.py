"""The feed for who has no Kafka: every fact in the order of its position, in pages. Personal values stay sealed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from domain.record import Recorded
from services.api.reading import Asked
from services.api.reads.asking import LARGEST_POSITION, Limit, Listed, MinPosition, answered, listed
from services.api.seat import Seat

router: Final = APIRouter(tags=["feed"])

Position = Annotated[int, Query(ge=0, le=LARGEST_POSITION - 1, description="Facts beyond this position.")]


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded fact with its envelope."""

    position: int
    event_id: str
    stream: str
    version: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    command_id: str
    causation: str | None
    reason: str | None
    fact: dict[str, Any]


@router.get("/events", response_model=Listed[Event], summary="Every fact, in order")
async def list_events(
    request: Request, after: Position = 0, limit: Limit = 200, min_position: MinPosition = 0
) -> Response:
    """A page of the log beyond a position. Without gaps: who has seen a position has seen all before it."""

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        rows = [event(each) for each in seat.books.ledger.read_all(after=after, limit=limit)]
        return listed(seat.look.head, rows)

    return await answered(request, Asked("see the feed", (), "events", min_position), find)


def event(recorded: Recorded) -> Event:
    return Event(
        position=recorded.position,
        event_id=str(recorded.event_id),
        stream=recorded.stream,
        version=recorded.version,
        kind=recorded.fact.kind,
        occurred_at=recorded.fact.at,
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        command_id=recorded.command_id,
        causation=recorded.causation,
        reason=recorded.reason,
        fact=recorded.fact.model_dump(mode="json"),
    )
