"""What the writer knows: a world kept from batch to batch, filled with what commands want to see.

It is good as long as nobody else has written. When somebody has, that is folded in like what was written here, or
what it touched is forgotten and read again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from psycopg import Connection
from pydantic_core import from_json

from domain.effects import RETENTION, Count, Effect, Rest, Wake
from domain.fact import ORGANISATION, PAYROLL, POLICIES, Sight
from domain.facts import AnyFact
from domain.person.facts import SubjectErased
from domain.personal import SEALED_PREFIX, keep_sealed
from domain.streams import CaseStream, CustomerStream, DealStream, PayeeStream
from domain.world import Fingerprint, Holder, Key, Stream, World
from services.database import Row
from services.ledger.changes import Changes
from services.ledger.head import DatabaseTime, Head
from services.ledger.keys import Keys, ask_keys, let_go
from services.ledger.mapper import read_fact
from services.ledger.statements import (
    CHANGED,
    HOLDINGS,
    KEYS,
    LAPSING,
    REFERENCES,
    STREAMS,
    TALLIES,
    WRITTEN,
    array,
)

HORIZON: Final = timedelta(days=1)
"""How far ahead a rep's lapsing holdings are loaded, so that they need not be loaded again at every claim."""

FEW: Final = 200
"""Up to this many events written by others are read and folded in; beyond, what they touched is forgotten, at the same price."""

TOO_MANY: Final = 2_000
"""Beyond this many events written by others, everything is read again rather than sorted out."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FAR: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Wanted:
    """What is to be loaded. `subjects` are those whose personal data will be opened or sealed."""

    streams: dict[str, None] = field(default_factory=dict)
    keys: dict[Key, None] = field(default_factory=dict)
    tallies: dict[Key, None] = field(default_factory=dict)
    lapsing: dict[str, None] = field(default_factory=dict)
    holdings: dict[str, None] = field(default_factory=dict)
    subjects: dict[str, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.streams, self.keys, self.tallies, self.lapsing, self.holdings, self.subjects))


class Sights:
    """Not safe for threads: whoever writes has it."""

    def __init__(self, fingerprint: Fingerprint, keys: Keys, most_streams: int) -> None:
        self.keys = keys
        self._fingerprint = fingerprint
        self._most_streams = most_streams
        self.time = DatabaseTime()
        self.followed = 0
        """How often somebody else had written."""
        self.forget()

    def forget(self) -> None:
        """Forget everything; the next batch reads what it needs."""
        self.world = World(now=EPOCH, fingerprint=self._fingerprint)
        self.head: Head | None = None
        self._versions = {ORGANISATION: 0, POLICIES: 0, PAYROLL: 0}
        self._counted: set[Key] = set()
        self._forget_lapsing()
        self._erased: set[str] = set()
        self.keys.forget()

    def look_at(self, now: datetime) -> None:
        """Set the time of recording. Once it is past the time up to which some lapsing holdings are known, all are read again."""
        self.world.now = now
        if self._soonest < now:
            self._forget_lapsing()

    def holds(self, sight: Sight) -> bool:
        """Whether all of the sight is known."""
        return (
            all(map(self.is_in_sight, sight.streams))
            and self._counted.issuperset(sight.tallies)
            and all(key in self.world.held for key in sight.keys)
            and all(rep in self._lapsing_until for rep in sight.lapsing)
            and all(rep in self.world.holdings for rep in sight.holdings)
        )

    def lacks(self, wanted: Wanted, sight: Sight) -> None:
        """Add to what is wanted the part of the sight that is not known."""
        wanted.streams.update((s, None) for s in sight.streams if not self.is_in_sight(s))
        wanted.keys.update((key, None) for key in sight.keys if key not in self.world.held)
        wanted.tallies.update((key, None) for key in sight.tallies if key not in self._counted)
        wanted.lapsing.update((rep, None) for rep in sight.lapsing if rep not in self._lapsing_until)
        wanted.holdings.update((rep, None) for rep in sight.holdings if rep not in self.world.holdings)

    def version(self, stream: str) -> int:
        """The version of the last event of a stream in sight."""
        known = self._versions.get(stream)
        return self.world.streams[stream].version if known is None else known

    def is_in_sight(self, stream: str) -> bool:
        return stream in self._versions or stream in self.world.streams

    def apply(self, fact: AnyFact, position: int) -> tuple[Effect, ...]:
        """Fold a new fact in, and give what it changes. Counts and alarms whose beginning is not known are left unknown, far alarms unloaded."""
        if isinstance(fact, SubjectErased):
            self.keys.destroy(fact.whose)
            self._erased.add(fact.stream)
        found = self.world.apply(fact, position)
        if fact.stream in self._versions:
            self._versions[fact.stream] += 1
        self._keep_to_what_is_known(fact.stream, found)
        return found

    def _keep_to_what_is_known(self, stream: str, found: Iterable[Effect]) -> None:
        world = self.world
        for effect in found:
            if isinstance(effect, Count):
                if (effect.kind, effect.key) not in self._counted:
                    world.tallies.pop((effect.kind, effect.key), None)
            elif isinstance(effect, Wake | Rest) and effect.who is not None:
                world.holdings.pop(effect.who, None)
                until = self._lapsing_until.get(effect.who)
                if until is None:
                    world.lapsing.pop(effect.who, None)
                elif isinstance(effect, Wake) and effect.at is not None and effect.at > until:
                    world.lapsing[effect.who].pop(stream, None)

    def follow(self, connection: Connection[Any], head: Head) -> None:
        """Take in what others have written since: all of it if that is little, else the organisation, the policies and the periods."""
        known = self.head.position if self.head else head.position
        self.followed += self.head is not None
        if 0 < head.position - known <= FEW:
            written = connection.execute(WRITTEN, (known,))
        else:
            if 0 < head.position - known <= TOO_MANY:
                self._forget_changed(cast(Iterable[tuple[str]], connection.execute(CHANGED, (known,))))
            else:
                self.forget()
            versions = [self._versions[each] for each in (ORGANISATION, POLICIES, PAYROLL)]
            written = connection.execute(REFERENCES, versions)
        for position, record in cast(Iterable[tuple[int, str]], written):
            self._take_in(position, record)
        self.head = head

    def _forget_changed(self, changed: Iterable[tuple[str]]) -> None:
        for (stream,) in changed:
            self.world.streams.pop(stream, None)
            self.keys.doubt(stream)
        self.world.held.clear()
        self.world.tallies.clear()
        self.world.holdings.clear()
        self._counted.clear()
        self._forget_lapsing()

    def _take_in(self, position: int, record: str) -> None:
        """Fold a fact of somebody else's in. A history in which it tells of a person is read again, and so is the key."""
        fact = read_fact(from_json(record)["fact"], keep_sealed)
        stream = fact.stream
        if SEALED_PREFIX in record or isinstance(fact, SubjectErased):
            self.world.streams.pop(stream, None)
            self.keys.doubt(fact.subject)
        if stream in self._versions:
            self._versions[stream] += 1
        take_in = self.world.apply if self.is_in_sight(stream) else self.world.share
        self._keep_to_what_is_known(stream, take_in(fact, position))

    def load(self, connection: Connection[Any], wanted: Wanted, changes: Changes) -> None:
        """Load what is wanted, in one round trip, as it is after the changes made in this batch."""
        horizon = self.world.now + HORIZON
        subjects = self.keys.unknown((*wanted.streams, *wanted.subjects))
        with connection.pipeline():
            streams = connection.execute(STREAMS, (array(wanted.streams),)) if wanted.streams else None
            keys = connection.execute(KEYS, _pairs(wanted.keys)) if wanted.keys else None
            tallies = connection.execute(TALLIES, _pairs(wanted.tallies)) if wanted.tallies else None
            lapsing = connection.execute(LAPSING, (array(wanted.lapsing), horizon)) if wanted.lapsing else None
            holdings = connection.execute(HOLDINGS, (array(wanted.holdings),)) if wanted.holdings else None
            known = ask_keys(connection, subjects) if subjects else None
        if known:
            self.keys.learn(subjects, known)
        if streams:
            self._learn_streams(wanted.streams, streams)
        if keys:
            self._learn_keys(wanted.keys, keys)
        if tallies:
            self._learn_tallies(wanted.tallies, tallies, changes)
        if lapsing:
            self._learn_lapsing(wanted.lapsing, lapsing, horizon, changes)
        if holdings:
            self._learn_holdings(wanted.holdings, holdings, changes)

    def sent(self, head: Head) -> None:
        """Everything known is true once the log ends here. Lets go of what is too much."""
        self.head = head
        self.keys.sent()
        world = self.world
        while self._erased:
            world.streams.pop(self._erased.pop(), None)
        let_go(world.streams, self._most_streams)
        if len(world.held) + len(world.tallies) > 4 * self._most_streams:
            world.held.clear()
            world.tallies.clear()
            self._counted.clear()

    def _forget_lapsing(self) -> None:
        self.world.lapsing.clear()
        self._lapsing_until: dict[str, datetime] = {}
        self._soonest = FAR

    def _learn_streams(self, asked: Iterable[str], rows: Iterable[Row]) -> None:
        reading = World(now=self.world.now, fingerprint=self._fingerprint, complete=True)
        for _, position, record in cast(Iterable[tuple[str, int, str]], rows):
            fact = read_fact(from_json(record)["fact"], self.keys.unseal)
            reading.apply(fact, position)
        for name in asked:
            self.world.streams[name] = reading.streams.get(name) or empty(name)

    def _learn_keys(self, asked: Iterable[Key], rows: Iterable[Row]) -> None:
        found = {(kind, key): Holder(stream, position) for kind, key, stream, position in cast(Iterable[Any], rows)}
        for key in asked:
            self.world.held.setdefault(key, found.get(key))

    def _learn_tallies(self, asked: Iterable[Key], rows: Iterable[Row], changes: Changes) -> None:
        found = {(kind, key): n for kind, key, n in cast(Iterable[Any], rows)}
        for key in asked:
            self.world.tallies[key] = found.get(key, 0) + changes.counts.get(key, 0)
            self._counted.add(key)

    def _learn_lapsing(self, asked: Iterable[str], rows: Iterable[Row], until: datetime, changes: Changes) -> None:
        found: dict[str, dict[str, datetime]] = {rep: {} for rep in asked}
        for who, stream, at in cast(Iterable[tuple[str, str, datetime]], rows):
            found[who][stream] = at
        for rep, alarms in found.items():
            self.world.lapsing[rep] = changes.overlaid(rep, alarms)
            self._lapsing_until[rep] = until
        self._soonest = min(self._soonest, until)

    def _learn_holdings(self, asked: Iterable[str], rows: Iterable[Row], changes: Changes) -> None:
        holder = {stream: who for who, stream in cast(Iterable[tuple[str, str]], rows)}
        for (stream, alarm), after in changes.alarms.items():
            if alarm == RETENTION:
                holder[stream] = after.who if after and after.who else ""
        for rep in asked:
            self.world.holdings[rep] = frozenset(stream for stream, who in holder.items() if who == rep)


def empty(stream: str) -> Stream:
    match stream.partition("/")[0]:
        case "customer":
            return CustomerStream()
        case "case":
            return CaseStream()
        case "payee":
            return PayeeStream()
        case _:
            return DealStream()


def _pairs(keys: Iterable[Key]) -> tuple[str, str]:
    found = list(keys)
    return array(kind for kind, _ in found), array(key for _, key in found)
