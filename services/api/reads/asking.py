"""What reads are asked with: pages and their cursors, times, positions; and how a list and a single thing are answered."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from projections.reading import MOST_ROWS
from services.api.call import JSON, Call
from services.api.problems import Problem
from services.api.reading import Asked, Find, Make, Reading

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

ID: Final = r"^[\w.:@-]{1,80}$"
LARGEST_POSITION: Final = 2**63 - 1

Name = Annotated[str, Path(pattern=ID, description="An id.", examples=["C-1"])]
MaybeName = Annotated[str | None, Query(pattern=ID)]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="At most so many rows.")]
After = Annotated[
    str | None, Query(max_length=1_000, description="Go on where the last answer ended, by the `after` that it gave.")
]
MinPosition = Annotated[
    int,
    Query(
        ge=0,
        le=LARGEST_POSITION,
        description="Wait until the answer is true up to this position, to read your own writes.",
    ),
]
KnownAt = Annotated[AwareDatetime | None, Query(description="As known at that time: only what was recorded by then.")]
TrueAt = Annotated[AwareDatetime | None, Query(description="As true at that time: only what counts by then.")]


class Listed(BaseModel, Generic[T]):
    """Rows as true up to a position. `after` continues the list when given back; null: this was its end."""

    true_up_to: int = Field(examples=[42])
    rows: list[T]
    after: str | None


class One(BaseModel, Generic[T]):
    """One thing as true up to a position."""

    true_up_to: int = Field(examples=[42])
    row: T


def listed(position: int, rows: Sequence[Any], after: Sequence[Any] | None = None) -> dict[str, Any]:
    """A list as it is answered."""
    return {"true_up_to": position, "rows": rows, "after": cursor(after)}


def one(position: int, row: object) -> dict[str, Any]:
    """One thing as it is answered."""
    return {"true_up_to": position, "row": row}


def cursor(after: Sequence[Any] | None) -> str | None:
    """Where the next page begins, as one word.

    >>> cursor(("C-1",))
    'WyJDLTEiXQ'
    """
    return None if after is None else base64.urlsafe_b64encode(to_json(after)).decode().rstrip("=")


def resumed(after: str | None, *kinds: Any) -> tuple[Any, ...] | None:
    """What a cursor of values of these kinds stands for. Raises `Problem` for one that no answer gave.

    >>> resumed("WyJDLTEiXQ", str)
    ('C-1',)
    """
    if after is None:
        return None
    wanted: TypeAdapter[tuple[Any, ...]] = TypeAdapter(tuple[kinds])  # type: ignore[valid-type]
    try:
        found = wanted.validate_json(base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, ValidationError):
        raise Problem("request-malformed", "after: no answer gave this cursor.") from None
    if any("\x00" in each for each in found if isinstance(each, str)) or not all(map(fits, found)):
        raise Problem("request-malformed", "after: no answer gave this cursor.")
    return found


def fits(value: object) -> bool:
    """Whether PostgreSQL has a place for the value."""
    return not isinstance(value, int) or abs(value) <= LARGEST_POSITION


async def put_question(request: Request, model: type[M]) -> M:
    """What is asked in the body. Raises `Problem` for another type of body, and for one of another shape."""
    call: Call = request.scope["call"]
    if not call.is_of_type(JSON):
        raise Problem("body-of-another-type", "The question is application/json.")
    try:
        return model.model_validate_json(await call.body())
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise Problem("request-malformed", told or "The question is no JSON.") from None


async def answered(request: Request, asked: Asked, find: Find) -> Response:
    """Answer a read; the answer is sent already when this returns."""
    call: Call = request.scope["call"]
    reading: Reading = request.app.state.reading
    await reading.answer(call, asked, find)
    return Sent()


async def filed(request: Request, asked: Asked, make: Make) -> Response:
    """Answer with a file; it is sent already when this returns."""
    call: Call = request.scope["call"]
    reading: Reading = request.app.state.reading
    await reading.file(call, asked, make)
    return Sent()


class Sent(Response):
    """Nothing more is to be sent."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send nothing."""


def asked_at(known_at: datetime | None, true_at: datetime | None) -> datetime | None:
    """The time asked about: when it is to be true, else when it was known; None: now."""
    return true_at or known_at
