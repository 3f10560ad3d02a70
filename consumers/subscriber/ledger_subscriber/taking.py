"""What becomes of the records that arrive: handled once and in order, or set aside with those of their key behind them.

The effects of a batch, the memory of it and how far its partitions are done are one transaction of the subscriber's database.
Nothing here knows Kafka.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeVar

import structlog

from ledger_subscriber.event import Delivery, Event, Unreadable, read
from ledger_subscriber.fact import Fact
from ledger_subscriber.start import Start
from ledger_subscriber.store import Identity, Inbox, Part, Reached

C = TypeVar("C")

Handle = Callable[[C, Sequence[Event[Fact]]], None]
"""Brings about the effects of events, in order, on the connection given. Raises if it cannot, and then nothing has happened."""

Unknown = Literal["park", "pass"]
"""What is to become of events of kinds that this version of the library does not know."""

Outcome = str
"""What became of a record: `handled`, `passed`, `repeated`, `parked`, `waiting` or `skipped`."""

logger: Final = structlog.get_logger("ledger_subscriber")


class CannotHandle(Exception):
    """A handler has failed; the cause is the reason."""


@dataclass(slots=True)
class Plan:
    """What a batch comes to, before anything of it is done."""

    handle: list[Event[Fact]] = field(default_factory=list)
    park: list[tuple[Delivery, str | None, str, int]] = field(default_factory=list)
    versions: dict[Identity, int] = field(default_factory=dict)
    counts: Counter[Outcome] = field(default_factory=Counter)


class Taking(Generic[C]):
    """Takes records in. `attempts` is how often a record is tried before it is parked."""

    def __init__(
        self, inbox: Inbox[C], handle: Handle[C], unknown: Unknown, start: Start | None = None, attempts: int = 3
    ) -> None:
        self.inbox = inbox
        self.handle = handle
        self.unknown = unknown
        self.start = start or Start()
        self.attempts = attempts

    def take(self, deliveries: Sequence[Delivery]) -> Counter[Outcome]:
        """Take in records in the order given, and count what became of them.

        When a handler fails, the batch is halved until the record is alone; that one is tried again, and then parked. Raises
        what the inbox calls lost: the database was away, nothing of the batch has happened, and it may be taken again.
        """
        if not deliveries:
            return Counter()
        try:
            return self._take(deliveries)
        except CannotHandle as failed:
            if len(deliveries) == 1:
                return self._take_alone(deliveries[0], failed)
        half = len(deliveries) // 2
        return self.take(deliveries[:half]) + self.take(deliveries[half:])

    def _take_alone(self, delivery: Delivery, failed: CannotHandle) -> Counter[Outcome]:
        for _ in range(self.attempts - 1):
            try:
                return self._take([delivery])
            except CannotHandle as again:
                failed = again
        return self._take([delivery], parks=failed)

    def _take(self, deliveries: Sequence[Delivery], parks: CannotHandle | None = None) -> Counter[Outcome]:
        letters = [read(each) for each in deliveries]
        with self.inbox.transaction() as connection:
            reached = self.inbox.reached(connection, {(each.topic, each.part) for each in deliveries})
            fresh = [each for each in letters if each.delivery.offset >= done(reached, each.delivery).offset]
            plan = self._plan(connection, fresh)
            if parks and plan.handle:
                [event] = plan.handle
                told = (event.delivery, "handler-failed", worded(parks.__cause__), self.attempts)
                plan = Plan(park=[told], counts=Counter(parked=1))
            self._do(connection, plan)
            self.inbox.reach(connection, reached_by(letters, reached))
        plan.counts["repeated"] += len(letters) - len(fresh)
        return +plan.counts

    def _plan(self, connection: C, letters: Sequence[Event[Fact] | Unreadable]) -> Plan:
        plan = Plan()
        events = [each for each in letters if isinstance(each, Event) and self.start.takes(each)]
        parked = self.inbox.parked_keys(connection, {each.delivery.key for each in letters})
        new = self.inbox.enter(connection, [(each.source, each.id) for each in events])
        versions = self.inbox.versions(connection, {(each.source, each.stream) for each in events})
        for letter in letters:
            outcome = self._sort(letter, plan, parked=parked, new=new, versions=versions)
            plan.counts[outcome] += 1
        return plan

    def _sort(
        self,
        letter: Event[Fact] | Unreadable,
        plan: Plan,
        *,
        parked: set[str],
        new: set[Identity],
        versions: dict[Identity, int],
    ) -> Outcome:
        if isinstance(letter, Unreadable):
            waits = letter.delivery.key in parked
            parked.add(letter.delivery.key)
            plan.park.append((letter.delivery, None if waits else letter.reason, letter.detail, 0))
            return "waiting" if waits else "parked"
        if not self.start.takes(letter):
            return "skipped"
        if (letter.source, letter.id) not in new:
            return "repeated"
        new.discard((letter.source, letter.id))
        if letter.stream in parked:
            plan.park.append((letter.delivery, None, "", 0))
            return "waiting"
        stream = (letter.source, letter.stream)
        if wrong := self.wrong_with(letter, versions.get(stream)):
            parked.add(letter.stream)
            plan.park.append((letter.delivery, *wrong, 0))
            return "parked"
        versions[stream] = plan.versions[stream] = letter.version
        if not letter.is_known:
            return "passed"
        plan.handle.append(letter)
        return "handled"

    def wrong_with(self, event: Event[Fact], last: int | None) -> tuple[str, str] | None:
        """Why an event that is new cannot be handled now: its stable code and what it means; None when it can."""
        if last is None and self.start.sees_all:
            last = 0
        if last is not None and event.version > last + 1:
            return "gap", f"Version {event.version} follows {last}: what lies between was lost."
        if last is not None and event.version <= last:
            return "reordered", f"Version {event.version} comes after {last}."
        if not event.is_known and self.unknown == "park":
            return "unknown-kind", f"This version of the library does not know {event.kind}."
        return None

    def _do(self, connection: C, plan: Plan) -> None:
        if plan.handle:
            self.call(connection, plan.handle)
        if plan.versions:
            self.inbox.handled(connection, plan.versions)
        for delivery, reason, detail, attempts in plan.park:
            self.inbox.park(connection, delivery, reason, detail, attempts)
            if reason:
                where = {"topic": delivery.topic, "partition": delivery.part, "offset": delivery.offset}
                logger.error("key parked", key=delivery.key, reason=reason, **where)

    def call(self, connection: C, events: Sequence[Event[Fact]]) -> None:
        """Call the handlers. Raises `CannotHandle`, or what the inbox calls lost."""
        try:
            self.handle(connection, events)
        except Exception as error:
            if self.inbox.is_lost(error):
                raise
            raise CannotHandle from error


def done(reached: dict[Part, Reached], delivery: Delivery) -> Reached:
    return reached.get((delivery.topic, delivery.part), Reached())


def reached_by(letters: Sequence[Event[Fact] | Unreadable], before: dict[Part, Reached]) -> dict[Part, Reached]:
    """How far the partitions are done once these are."""
    offsets: dict[Part, int] = {part: done.offset for part, done in before.items()}
    positions: dict[Part, int] = {part: done.position for part, done in before.items()}
    for letter in letters:
        part = (letter.delivery.topic, letter.delivery.part)
        offsets[part] = max(offsets.get(part, 0), letter.delivery.offset + 1)
        if isinstance(letter, Event):
            positions[part] = max(positions.get(part, 0), letter.position)
    return {part: Reached(offset, positions.get(part, 0)) for part, offset in offsets.items()}


def worded(error: BaseException | None) -> str:
    """An exception in one short line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
