"""All that is held of one person, for that person: what data protection asks for."""

from itertools import islice
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from services.api.reading import Asked
from services.api.reads.asking import Listed, MinPosition, Name, answered, listed
from services.api.seat import Seat
from services.people import held_of

router: Final = APIRouter(tags=["people"])

ACT: Final = "see what is held"
MOST: Final = 1_000

Sort = Annotated[Literal["customer", "rep"], Path(description="A customer, or a person of the organisation.")]
Skip = Annotated[int, Query(ge=0, le=1_000_000_000, description="Leave out so many parts, to go on behind them.")]


@router.get("/subjects/{sort}/{name}", response_model=Listed[dict[str, Any]], summary="All that is held of a person")
async def subject_held(
    request: Request, sort: Sort, name: Name, skip: Skip = 0, min_position: MinPosition = 0
) -> Response:
    """Every event and every command that names the person or holds its data, opened; a thousand parts at a time. Recorded."""
    whose = f"{sort}/{name}"

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        parts = list(islice(held_of(seat.books, whose), skip, skip + MOST))
        if not parts and not skip:
            raise seat.out_of_sight()
        seat.opened.add(whose)
        return listed(seat.look.head, parts)

    return await answered(request, Asked(ACT, (), whose, min_position), find)
