"""A dispute heard: two points of its histories side by side, what would have been, its rulings decided again, its proof."""

import json
import zipfile
from dataclasses import dataclass
from typing import IO, Annotated, Any, Final

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

from domain.fact import case_stream, deal_stream
from domain.permissions import asker_at
from domain.refusals import Code, Refusal
from projections.cases import CaseRow, Cases
from projections.deals import Deals
from services import vault
from services.api import problems
from services.api.lengthy import Made, kept_open, measured
from services.api.problems import Problem
from services.api.reading import Asked
from services.api.reads import deals
from services.api.reads.asking import KnownAt, MinPosition, Name, One, TrueAt, answered, filed, one, put_question
from services.api.reads.cases import Replayed, as_told, in_sight, replayed
from services.api.reads.supposing import Supposition, question
from services.api.seat import Seat
from services.evidence.bundle import Bundler, NotForThem, NothingToProve
from services.evidence.seal_key import SealKeyUnusable
from services.evidence.sealer import NotPublished, open_sealer
from services.evidence.tiles import LogRewritten
from services.replay.concerned import Histories, TooWide, deals_of
from services.replay.forking import NotSupposable
from services.replay.reexecution import Reexecution, Selection, reexecute
from services.replay.replaying import Beside, Moment, replay
from services.replay.rulings import rulings
from services.replay.standing import Change
from services.replay.whatif import WhatIf, what_if

router: Final = APIRouter(tags=["cases"])
log = structlog.get_logger("api")

SEE: Final = "see a case"
TAKE: Final = "see a bundle"
PEOPLE: Final = "see people in a bundle"
SUPPOSE: Final = "see a what-if"
AGAIN: Final = "see a re-execution"

BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
ZIP: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "The file.", "content": {"application/zip": BYTES}}}

KnownThen = Annotated[AwareDatetime | None, Query(description="The second point: as known at that time.")]
TrueThen = Annotated[AwareDatetime | None, Query(description="The second point: as true at that time.")]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A case at two points: the positions that only one of them knows or counts, and what stands otherwise."""

    first: Replayed
    second: Replayed
    only_first: list[int]
    only_second: list[int]
    differences: list[Change]


@router.get(
    "/cases/{case}/replay/compared", response_model=One[SideBySide], summary="A case at two points side by side"
)
async def compare_case(
    request: Request,
    case: Name,
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    known_then: KnownThen = None,
    true_then: TrueThen = None,
    min_position: MinPosition = 0,
) -> Response:
    """What was known, or is true, at one point and not at the other, and what that makes of it."""
    moments = [Moment(known_at, true_at), Moment(known_then, true_then)]

    def find(seat: Seat) -> dict[str, Any]:
        row = in_sight(seat, case)
        clear = seat.asker.reach(SEE) == "all" or seat.name in row.members
        return compared(seat, case, moments, clear=clear)

    return await answered(request, Asked(SEE, (Cases, Deals), case, min_position, lengthy=True), find)


def compared(seat: Seat, case: str, moments: list[Moment], *, clear: bool) -> dict[str, Any]:
    try:
        first, second = replay(seat.connection, [case_stream(case)], deals_of(seat.connection), moments)
    except TooWide as wide:
        raise Problem("too-wide", str(wide)) from None
    beside = Beside(first, second)
    told = {
        "first": replayed(first, seat, clear=clear),
        "second": replayed(second, seat, clear=clear),
        "only_first": beside.only_first,
        "only_second": beside.only_second,
        "differences": [as_told(each) for each in beside.differences],
    }
    return one(first.true_up_to, told)


@router.post("/cases/{case}/what-if", response_model=One[WhatIf], summary="What would have been")
async def what_if_case(request: Request, case: Name) -> Response:
    """All histories that the case touches, forked in memory and judged again as supposed, and the difference for every payee.
    Nothing is recorded but that it was asked.
    """
    supposed = question(await put_question(request, Supposition))

    def find(seat: Seat) -> dict[str, Any]:
        heard(seat, in_sight(seat, case), SUPPOSE)
        first, ledger, connection = [case_stream(case)], seat.books.ledger, seat.connection
        try:
            if not {act.command.stream for act in supposed.insert} <= concerned(seat, first):
                raise Problem("not-supposable", "Only what happens in the histories of the case can be added.")
            found = what_if(ledger, connection, first, deals_of(connection), supposed)
        except TooWide as wide:
            raise Problem("too-wide", str(wide)) from None
        except NotSupposable as error:
            raise Problem("not-supposable", f"{error.code}: {error}") from None
        return one(found.true_up_to, found)

    return await answered(request, Asked(SUPPOSE, (Cases, Deals), case, lengthy=True, written_down=True), find)


def concerned(seat: Seat, first: list[str]) -> set[str]:
    """The histories that these lead to."""
    histories = Histories(seat.connection, lambda sealed: sealed)
    histories.gather(first, deals_of(seat.connection))
    return set(histories.by_stream)


@router.get("/cases/{case}/reexecution", response_model=One[Reexecution], summary="A case's rulings decided again")
async def reexecute_case(request: Request, case: Name, min_position: MinPosition = 0) -> Response:
    """From the log as of then, by the rules of then, compared to the byte; `divergence` names the first difference."""

    def find(seat: Seat) -> dict[str, Any]:
        heard(seat, in_sight(seat, case), AGAIN)
        found = reexecute(seat.books.ledger, Selection(ids=rulings(seat.connection, case)))
        return one(found.true_up_to, found)

    return await answered(request, Asked(AGAIN, (Cases,), case, min_position, lengthy=True), find)


@router.get("/cases/{case}/bundle", response_class=Response, responses=ZIP, summary="The evidence bundle of a case")
async def case_bundle(
    request: Request,
    case: Name,
    *,
    with_personal: Annotated[bool, Query(description="Add the personal values, in the clear.")] = False,
    min_position: MinPosition = 0,
) -> Response:
    """What it is about, how it was heard, decided and carried out, with every proof, in one file. The log is sealed first."""

    def make(seat: Seat) -> Made:
        row = in_sight(seat, case)
        if with_personal:
            heard(seat, row, PEOPLE)
        return proof(seat, case, None, seat.name if with_personal else None)

    asked = Asked(TAKE, (Cases,), case, min_position, written_down=True, lengthy=True)
    return await filed(request, asked, make)


@router.get("/deals/{deal}/bundle", response_class=Response, responses=ZIP, summary="The evidence bundle of a deal")
async def deal_bundle(request: Request, deal: Name, min_position: MinPosition = 0) -> Response:
    """The history of the deal with every proof and the amounts that follow from it, in one file. The log is sealed first."""

    def make(seat: Seat) -> Made:
        deals.in_sight(seat, deal)
        return proof(seat, deal, deal_stream(deal), None)

    asked = Asked(deals.ACT, deals.MODELS, deal, min_position, written_down=True, lengthy=True)
    return await filed(request, asked, make)


def heard(seat: Seat, row: CaseRow, act: str) -> None:
    """Raise `Problem` for whom the act is not, and where it takes a seat on an open case, for who has none."""
    asker = asker_at(seat.organisation, seat.name, seat.at)
    reach = asker.reach(act) if asker else "-"
    is_open = row.status not in ("dismissed", "executed")
    sits = seat.name in row.members or (asker is not None and asker.duty == "committee")
    if reach == "-" or (reach == "case" and not (is_open and sits)):
        code = Code.NOT_ALLOWED if reach == "-" else Code.NOT_IN_SIGHT
        raise problems.of(Refusal(code=code, clause=f"permissions/{act}"))


def proof(seat: Seat, name: str, stream: str | None, personal_for: str | None) -> Made:
    """The bundle of a case, or of one history, as a file. Raises `Problem` where nothing can be proven."""
    books = seat.books
    try:
        bundler = Bundler(books.ledger, open_sealer(books.connection, books.settings))
        made = (
            bundler.of_streams([stream], personal_for=personal_for)
            if stream
            else bundler.of_case(name, personal_for=personal_for)
        )
    except NothingToProve as nothing:
        raise Problem("nothing-to-prove", str(nothing)) from None
    except NotForThem as error:
        raise problems.of(error.refusal) from None
    except (LogRewritten, NotPublished, SealKeyUnusable) as error:
        log.exception("not sealed", error=type(error).__name__)
        raise Problem("not-sealed", again_in_s=60) from None
    file = kept_open(made)
    seat.opened.update(subjects_in(file))
    return measured(file, f"{name}.zip", b"application/zip", seat.look.head)


def subjects_in(file: IO[bytes]) -> set[str]:
    """Whose personal values the bundle holds in the clear."""
    with zipfile.ZipFile(file) as bundle:
        if "personal.json" not in bundle.namelist():
            return set()
        return {vault.subject_of(token) for token in json.loads(bundle.read("personal.json"))}
