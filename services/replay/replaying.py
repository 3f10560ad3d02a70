"""Replay: the histories that a question touches, fact by fact, as known at one time and as true at another.

Every step says when it happened and when it was recorded, who did it, by which rule it was judged, and what it changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from psycopg import Connection

from domain.fact import EARLIEST, LATEST, ORGANISATION, POLICIES
from domain.facts import AnyFact
from domain.payment.facts import PaymentRefunded
from domain.personal import keep_sealed
from domain.policy.facts import PolicyBook, PolicyPublished
from domain.record import Recorded
from domain.streams import CustomerStream, DealStream
from domain.visit.facts import VisitOverridden, VisitRejected, VisitVerified
from domain.world import World
from projections.history import effective_at
from services.replay.concerned import DealsOf, Histories
from services.replay.standing import Change, Standing, changes, standing

JUDGED: Final = "select command_id, command ->> 'name', engine from receipt where command_id = any(%s)"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point to look from: what was recorded by `known_at`, and of that what counts by `true_at`; None: all of it."""

    known_at: datetime | None = None
    true_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A fact and what it changed. `rule` is the clause or the policy by which it was judged, `command` what was asked,
    `engine` the version of the rules. Personal values in `told` are sealed; amounts are minor units.
    """

    position: int
    stream: str
    version: int
    kind: str
    occurred_at: datetime
    effective_at: datetime
    recorded_at: datetime
    actor: str
    command_id: str
    command: str | None
    engine: str | None
    rule: str | None
    reason: str | None
    causation: str | None
    told: dict[str, Any]
    changed: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """`true_up_to` is where the log ended; `standing` is how everything stands after the last step."""

    true_up_to: int
    moment: Moment
    streams: tuple[str, ...]
    steps: tuple[Step, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Beside:
    """Two points side by side: the positions that only one of them knows or counts, and what stands otherwise."""

    first: Replay
    second: Replay

    @property
    def only_first(self) -> tuple[int, ...]:
        return positions_beyond(self.first, self.second)

    @property
    def only_second(self) -> tuple[int, ...]:
        return positions_beyond(self.second, self.first)

    @property
    def differences(self) -> tuple[Change, ...]:
        return changes(self.first.standing, self.second.standing)


def replay(
    connection: Connection[Any],
    first: Sequence[str],
    deals_of: DealsOf,
    moments: Sequence[Moment],
    sees: Callable[[str], bool] = lambda _stream: True,
) -> list[Replay]:
    """Replay the histories that these lead to, as far as they are to be seen, at each of the moments. Raises `TooWide`.

    The connection stands in one snapshot meanwhile. What it reads is bounded by the histories concerned.
    """
    connection.execute("begin isolation level repeatable read read only")
    try:
        head = int(cast(Any, connection.execute("select position from ledger_head").fetchone())[0])
        histories = Histories(connection, keep_sealed)
        histories.gather(first, deals_of)
        facts = histories.facts
        histories.add_people()
        policies = PolicyBook(dict(published(histories)))
        ids = list({each.command_id for each in histories.facts})
        judged = {row[0]: (row[1], row[2]) for row in connection.execute(JUDGED, (ids,)).fetchall()}
    finally:
        connection.execute("rollback")
    seen = {stream for stream in histories.by_stream if sees(stream)}
    facts = [each for each in facts if each.stream in seen]
    people = histories.by_stream[ORGANISATION] if ORGANISATION in seen else []
    return [replayed(head, moment, facts, people, policies, judged) for moment in moments]


def published(histories: Histories) -> Iterator[tuple[str, Any]]:
    query = "select position, record::text from event where stream = any(%s) order by position"
    for each in histories.read(query, [POLICIES]):
        if isinstance(each.fact, PolicyPublished):
            yield each.fact.policy, each.fact.version


def replayed(
    head: int,
    moment: Moment,
    facts: Iterable[Recorded],
    people: Iterable[Recorded],
    policies: PolicyBook,
    judged: Mapping[str, tuple[str, str]],
) -> Replay:
    folding = Folding(moment, policies)
    known = [each for each in (*facts, *people) if moment.known_at is None or each.recorded_at <= moment.known_at]
    steps = [
        step_of(recorded, changed, judged.get(recorded.command_id))
        for recorded in sorted(known, key=lambda each: each.position)
        if (changed := folding.fold(recorded)) is not None
    ]
    streams = tuple(dict.fromkeys(step.stream for step in steps))
    return Replay(head, moment, streams, tuple(steps), folding.standing())


class Folding:
    """Histories folded fact by fact, as far as they count by a time; none without the fact that it rests on."""

    def __init__(self, moment: Moment, policies: PolicyBook) -> None:
        self._true_at = moment.true_at
        self._policies = policies
        self._last: datetime | None = moment.true_at or moment.known_at
        self._world = World(EARLIEST, fingerprint=lambda kind, value: f"{kind}:{value}", complete=True)

    def fold(self, recorded: Recorded) -> tuple[Change, ...] | None:
        """What the fact changes; None where it does not count."""
        fact, counts = recorded.fact, effective_at(recorded.fact)
        if (self._true_at and counts > self._true_at) or not self._rests(fact):
            return None
        at = self._true_at or max(recorded.recorded_at, counts)
        self._last = self._true_at or max(self._last or at, at)
        name = recorded.stream
        before = self._stands(name, at)
        self._world.apply(fact, recorded.position)
        return changes(before, self._stands(name, at))

    def standing(self) -> Standing:
        """How everything stands at the end."""
        said: dict[str, Any] = {}
        for name in self._world.streams:
            said |= self._stands(name, self._last or LATEST)
        return said

    def _stands(self, name: str, at: datetime) -> Standing:
        stream = self._world.streams.get(name)
        return standing(name, stream, self._policies, at) if stream else {}

    def _rests(self, fact: AnyFact) -> bool:
        stream = self._world.streams.get(fact.stream)
        match fact:
            case PaymentRefunded():
                return isinstance(stream, DealStream) and fact.payment in stream.payments.received
            case VisitVerified() | VisitRejected() | VisitOverridden():
                return isinstance(stream, CustomerStream) and fact.visit in stream.visits.made
            case _:
                return True


def step_of(recorded: Recorded, changed: tuple[Change, ...], judged: tuple[str, str] | None) -> Step:
    fact = recorded.fact
    told = fact.model_dump(mode="json", exclude={"kind", "at"}, exclude_none=True)
    return Step(
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        kind=fact.kind,
        occurred_at=fact.at,
        effective_at=effective_at(fact),
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        command_id=recorded.command_id,
        command=judged[0] if judged else None,
        engine=judged[1] if judged else None,
        rule=told.get("clause") or told.get("policy"),
        reason=recorded.reason,
        causation=recorded.causation,
        told=told,
        changed=changed,
    )


def positions_beyond(one: Replay, other: Replay) -> tuple[int, ...]:
    known = {step.position for step in other.steps}
    return tuple(step.position for step in one.steps if step.position not in known)
