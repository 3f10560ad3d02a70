"""Disputes: as they stand, and replayed step by step, as known at one time and as true at another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from domain.fact import case_stream
from projections import cases
from projections.cases import CaseRow, Cases
from projections.deals import Deals
from services.api.problems import Problem
from services.api.reading import Asked
from services.api.reads.asking import (
    After,
    KnownAt,
    Limit,
    Listed,
    MaybeName,
    MinPosition,
    Name,
    One,
    TrueAt,
    answered,
    listed,
    one,
    resumed,
)
from services.api.seat import Seat
from services.replay.concerned import TooWide, deals_of
from services.replay.replaying import Moment, Replay, Step, replay
from services.replay.standing import Change

router: Final = APIRouter(tags=["cases"])

ACT: Final = "see a case"

Standing = Annotated[
    Literal["filed", "dismissed", "open", "decided", "appealed", "final", "executed"] | None, Query(alias="status")
]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A case's histories at a point, in the order of recording, and how everything stands after the last step."""

    known_at: datetime | None
    true_at: datetime | None
    streams: list[str]
    steps: list[dict[str, Any]]
    standing: dict[str, Any]


def in_sight(seat: Seat, case: str) -> CaseRow:
    """The case, for its parties, those above them, its panel and the committee. Raises `Problem`."""
    row = cases.case_of(seat.connection, case).row
    if row is None or row.filed_at > seat.look.at:
        raise seat.out_of_sight()
    if not any(seat.may_see(party) for party in (row.by, *row.parties, None)) and seat.name not in row.members:
        raise seat.out_of_sight()
    return row


@router.get("/cases", response_model=Listed[CaseRow], summary="Cases by id")
async def list_cases(
    request: Request,
    who: MaybeName = None,
    status: Standing = None,
    deal: MaybeName = None,
    limit: Limit = 200,
    after: After = None,
    min_position: MinPosition = 0,
) -> Response:
    """Those in which it is somebody's turn, those of a status, or all: for the committee."""
    since = resumed(after, str)

    def find(seat: Seat) -> dict[str, Any]:
        seat.must_see(None)
        page = cases.cases(seat.connection, who=who, status=status, deal=deal, limit=limit, after=since)
        return listed(page.position, page.rows, page.after)

    return await answered(request, Asked(ACT, (Cases,), who or "cases", min_position), find)


@router.get("/cases/{case}", response_model=One[CaseRow], summary="A case as it stands")
async def case(request: Request, case: Name, min_position: MinPosition = 0) -> Response:
    """Where it has come to, whose turn it is, and by when."""

    def find(seat: Seat) -> dict[str, Any]:
        return one(seat.look.position(["cases"]), in_sight(seat, case))

    return await answered(request, Asked(ACT, (Cases,), case, min_position), find)


@router.get("/cases/{case}/replay", response_model=One[Replayed], summary="A case replayed")
async def replay_case(
    request: Request, case: Name, known_at: KnownAt = None, true_at: TrueAt = None, min_position: MinPosition = 0
) -> Response:
    """Every fact of the histories that the case touches, with what it changed and the rule by which it was judged."""

    def find(seat: Seat) -> dict[str, Any]:
        row = in_sight(seat, case)
        clear = seat.asker.reach(ACT) == "all" or seat.name in row.members
        try:
            [found] = replay(
                seat.connection, [case_stream(case)], deals_of(seat.connection), [Moment(known_at, true_at)]
            )
        except TooWide as wide:
            raise Problem("too-wide", str(wide)) from None
        return one(found.true_up_to, replayed(found, seat, clear=clear))

    return await answered(request, Asked(ACT, (Cases, Deals), case, min_position, lengthy=True), find)


def replayed(found: Replay, seat: Seat, *, clear: bool) -> Replayed:
    steps = [step_told(step, seat, clear=clear) for step in found.steps]
    standing = dict(found.standing)
    return Replayed(found.moment.known_at, found.moment.true_at, list(found.streams), steps, standing)


def step_told(step: Step, seat: Seat, *, clear: bool) -> dict[str, Any]:
    told = {name: getattr(step, name) for name in step.__dataclass_fields__}
    return {**told, "told": seat.fields(step.told, clear=clear), "changed": [as_told(each) for each in step.changed]}


def as_told(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in change.__dataclass_fields__}
