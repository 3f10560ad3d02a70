"""Is this customer taken? Yes or no, and nothing else; not often, and written down."""

from time import monotonic
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.identity import normal_licence, normal_phone
from projections import organisation
from projections.organisation import OrganisationChart
from projections.pool import PoolBoard
from projections.reading import instant
from services.api.call import Call
from services.api.problems import Problem
from services.api.reading import Asked
from services.api.reads.asking import answered, put_question
from services.api.seat import Seat

router: Final = APIRouter(tags=["pool"])

ACT: Final = "ask whether taken"
MOST: Final = 30
WINDOW_S: Final = 60.0
"""So many questions in so many seconds for each who asks, in each process."""
MOST_ASKERS: Final = 10_000

HELD: Final = """
SELECT EXISTS (SELECT 1 FROM unnest(%s::text[], %s::text[]) k (kind, key) JOIN held_key USING (kind, key)
    JOIN pool_board b ON held_key.stream = 'customer/' || b.customer WHERE b.owner IS NOT NULL)
"""


class Identity(BaseModel):
    """By what a customer is known: a phone number or a licence."""

    model_config = ConfigDict(extra="forbid", strict=True)

    phone: str | None = Field(default=None, min_length=1, max_length=100)
    licence: str | None = Field(default=None, min_length=1, max_length=100)


class Taken(BaseModel):
    """Whether somebody holds the customer now."""

    true_up_to: int = Field(examples=[42])
    taken: bool


class Patience:
    """Allows each so many questions in a time. For one event loop."""

    def __init__(self, most: int = MOST, window_s: float = WINDOW_S) -> None:
        self.most, self.window_s = most, window_s
        self._asked: dict[str, list[float]] = {}

    def spend(self, name: str) -> None:
        """Count a question. Raises `Problem` for one too many."""
        now = monotonic()
        recent = [at for at in self._asked.get(name, ()) if at > now - self.window_s]
        if len(recent) >= self.most:
            raise Problem("asked-too-often", again_in_s=max(1, round(recent[0] + self.window_s - now)))
        if len(self._asked) > MOST_ASKERS:
            self._asked.clear()
        self._asked[name] = [*recent, now]


@router.post("/availability", response_model=Taken, summary="Is this customer taken?")
async def availability(request: Request) -> Response:
    """Yes or no, by phone or licence. Thirty questions a minute for each who asks; each is written down."""
    call: Call = request.scope["call"]
    identity = await put_question(request, Identity)
    patience: Patience = request.app.state.patience
    patience.spend(call.asker)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        position, is_taken = taken(seat, identity)
        return {"true_up_to": position, "taken": is_taken}

    return await answered(request, Asked(ACT, (PoolBoard, OrganisationChart), "availability", written_down=True), find)


def taken(seat: Seat, identity: Identity) -> tuple[int, bool]:
    """Whether a record of that identity is held by somebody. A phone is read as dialled in any policy's region."""
    with instant(seat.connection, PoolBoard, OrganisationChart) as position:
        published = organisation.policies(seat.connection).rows
        regions = {str(each.version["phone_region"]) for each in published}
        phones = {normal_phone(identity.phone, region) for region in regions} if identity.phone else set()
        licence = normal_licence(identity.licence) if identity.licence else None
        keys = [*(("phone", each) for each in phones if each), *((("licence", licence),) if licence else ())]
        hashes = [(kind, seat.books.ledger.fingerprint(kind, value)) for kind, value in keys]
        row = seat.connection.execute(HELD, [[kind for kind, _ in hashes], [key for _, key in hashes]]).fetchone()
    return position, bool(row and row[0])
