"""The acts behind histories: every command that touched them or was refused there, with what came of it, in order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from psycopg import Connection
from pydantic_core import from_json

from domain.commands import COMMAND, AnyCommand
from domain.engine import ENGINES, Engine, engine
from domain.fact import ORGANISATION, PAYROLL, POLICIES
from domain.personal import Unseal
from domain.record import Recorded
from domain.refusals import Refusal
from services.ledger.answer import Answer
from services.replay.concerned import DealsOf, Histories

REFERENCES: Final = frozenset({ORGANISATION, POLICIES, PAYROLL})
"""The histories that every command may look at."""

RECEIPT: Final = "select command_id, recorded_at, position, engine, command::text, answer::text, asker from receipt"
BY_ID: Final = RECEIPT + " where command_id = any(%s)"
WITHOUT_FACT: Final = RECEIPT + " where stream = any(%s) and (answer ->> 'first') is null and position is not null"

BY_EVENT_ID: Final = "select position from event where event_id = %s"
AT_POSITION: Final = "select position, record::text from event where position = any(%s) order by position"


@dataclass(frozen=True, slots=True)
class Act:
    """A command with the facts that came of it in the histories concerned. None of either where it is supposed only.

    `place` orders the acts as they were judged; `engine` is the version of the rules that judged it, `asker` who asked where
    that was proven.
    """

    recorded_at: datetime
    place: tuple[int, int]
    command_id: str
    command: AnyCommand
    engine: Engine
    facts: tuple[Recorded, ...] = ()
    refusal: Refusal | None = None
    supposed: bool = False
    asker: str | None = None

    @property
    def order(self) -> tuple[datetime, tuple[int, int]]:
        return self.recorded_at, self.place

    def moved_to(self, at: datetime) -> "Act":
        """The act at another time, recorded as much later as it was."""
        lag = self.recorded_at - self.command.at
        return replace(self, recorded_at=at + lag, command=self.command.model_copy(update={"at": at}))


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of the organisation or of a policy, which no act of these histories brought: it stands as it is."""

    recorded: Recorded

    @property
    def order(self) -> tuple[datetime, tuple[int, int]]:
        return self.recorded.recorded_at, (self.recorded.position - 1, 1)


@dataclass(frozen=True, slots=True)
class Course:
    """How it went: acts and what was told beside them, in order. `streams` are the histories; `head` is the log's end."""

    head: int
    until: datetime
    streams: frozenset[str]
    steps: tuple[Act | Told, ...]

    @property
    def acts(self) -> Iterator[Act]:
        return (step for step in self.steps if isinstance(step, Act))

    def of(self, position: int) -> tuple[Act, Recorded] | None:
        """The act that brought the fact of that position, and the fact."""
        return next(((act, each) for act in self.acts for each in act.facts if each.position == position), None)


def course(
    connection: Connection[Any],
    first: Sequence[str],
    deals_of: DealsOf,
    unseal: Unseal,
    events: Iterable[str] = (),
) -> Course:
    """Read how it went in the histories that these lead to. `events` name facts, by position or id, whose acts belong to it.

    Raises `TooWide`; what it reads is bounded by the histories, the organisation and the policies.
    """
    connection.execute("begin isolation level repeatable read read only")
    try:
        head, until = cast(Any, connection.execute("select position, recorded_at from ledger_head").fetchone())
        histories = Histories(connection, unseal)
        histories.gather(first, deals_of)
        streams = frozenset(histories.by_stream)
        wanted = {each.command_id for each in histories.facts}
        wanted |= {each.command_id for each in named(connection, histories, events)}
        histories.add_reference()
        rows = connection.execute(BY_ID, (sorted(wanted),)).fetchall()
        rows += connection.execute(WITHOUT_FACT, (sorted(streams),)).fetchall()
    finally:
        connection.execute("rollback")
    facts: dict[str, list[Recorded]] = {}
    for each in histories.facts:
        facts.setdefault(each.command_id, []).append(each)
    acts = [act for row in rows if (act := act_of(cast(Any, row), facts, unseal))]
    told = [Told(each) for each in histories.facts if each.stream in REFERENCES]
    asked = {act.command_id for act in acts}
    steps: list[Act | Told] = [*acts, *(each for each in told if each.recorded.command_id not in asked)]
    return Course(head, until, streams | REFERENCES, tuple(sorted(steps, key=by_order)))


def by_order(step: Act | Told) -> tuple[datetime, tuple[int, int]]:
    return step.order


def act_of(row: Sequence[Any], facts: dict[str, list[Recorded]], unseal: Unseal) -> Act | None:
    """The act of a receipt; None for one of which it is not known where it was judged."""
    command_id, recorded_at, position, version, command, answer, asker = row
    if position is None:
        return None
    given = Answer.read(answer)
    return Act(
        recorded_at=recorded_at,
        place=(position, 1 if given.positions else 0),
        command_id=command_id,
        command=COMMAND.validate_python(from_json(command), context={"unseal": unseal}),
        engine=engine(version, ENGINES),
        facts=tuple(facts.get(command_id, ())),
        refusal=given.refusal,
        asker=asker,
    )


def named(connection: Connection[Any], histories: Histories, events: Iterable[str]) -> list[Recorded]:
    """The facts that are named by position or event id, as far as there are such."""
    positions = [found for event in events if (found := position_of(connection, event)) is not None]
    return list(histories.read(AT_POSITION, positions)) if positions else []


def position_of(connection: Connection[Any], event: str) -> int | None:
    """The position of a fact named by it or by its event id; None where there is none."""
    if event.isdecimal():
        return int(event)
    try:
        row = connection.execute(BY_EVENT_ID, (UUID(event),)).fetchone()
    except ValueError:
        return None
    return cast(int, row[0]) if row else None
