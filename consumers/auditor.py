"""Does Kafka hold what the ledger holds? Topic and log are read side by side, and compared by position and content hash."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

import structlog
from kafka import KafkaAdminClient
from kafka.errors import UnknownTopicOrPartitionError
from psycopg import Connection

from consumers.checkpoint import last_checkpoint, reader
from consumers.cluster import Cluster, KafkaUnreachable
from consumers.finding import Audited, Fault, Finding
from consumers.log import Log, Outgoing, content_hash, head, read
from consumers.partitions import Held, Partitions
from consumers.relay import LOST
from consumers.topics import Topics

BATCH: Final = 2_000
MOST_GAPS: Final = 10_000
"""So many missing positions are remembered, to tell a late one from a repeated one."""

RETRY_S: Final = 5.0

logger: Final = structlog.get_logger("auditor")

Told = Callable[[Audited], None]


@dataclass(slots=True)
class Auditor:
    """Audits what is published of one ledger; nothing is written anywhere. Memory is bounded whatever the topic's size."""

    cluster: Cluster
    topics: Topics
    log: Log

    def audit(self, first: int = 1) -> Audited:
        """Compare everything published from a position on. Raises `KafkaUnreachable` or `psycopg.OperationalError`."""
        with self._comparing(first) as comparison:
            return comparison.advance(self._published())

    def run_forever(self, stop: Event, told: Told, every_s: float, first: int = 1) -> bool:
        """Audit what is new every so many seconds until told to stop; `told` hears each result, the faults so far counted.

        Returns whether topic and ledger agreed throughout. After a lost connection it goes on with what was not compared yet.
        """
        agreed = True
        while not stop.is_set():
            try:
                with self._comparing(first) as comparison:
                    while not stop.is_set():
                        audited = comparison.advance(self._published())
                        first = audited.last + 1
                        agreed = agreed and audited.agrees
                        told(audited)
                        stop.wait(every_s)
            except (*LOST, KafkaUnreachable) as error:
                logger.warning("interrupted", error=str(error), retry_in_s=RETRY_S)
                stop.wait(RETRY_S)
        return agreed

    def _published(self) -> int:
        return last_checkpoint(self.cluster, self.topics, self.log.source).position

    @contextmanager
    def _comparing(self, first: int) -> Iterator["Comparison"]:
        with (
            self.log.connect() as connection,
            reader(self.cluster) as consumer,
            closing(KafkaAdminClient(**self.cluster.kafka_python())) as admin,
        ):
            partitions = Partitions(consumer, admin, self.topics.events)
            try:
                partitions.start(self._recorded_ms(connection, first))
            except UnknownTopicOrPartitionError as error:
                raise KafkaUnreachable(
                    f"There is no topic {self.topics.events} at {self.cluster.bootstrap}. Is LEDGER_KAFKA_PREFIX right, and "
                    "has a relay published to it?"
                ) from error
            yield Comparison(connection, self.log.source, partitions, first, first)

    def _recorded_ms(self, connection: Connection[Any], first: int) -> int | None:
        found = read(connection, self.log.source, first - 1, 1) if first > 1 else []
        return found[0].at_ms if found else None


@dataclass(slots=True)
class Comparison:
    """Both sides, each read once, from the position `due` on."""

    connection: Connection[Any]
    source: str
    partitions: Partitions
    due: int
    from_position: int
    gaps: set[int] = field(default_factory=set)

    def advance(self, until: int) -> Audited:
        """Compare up to a position that is known to be published, and look at what the topic holds besides."""
        audited = Audited(self.due, max(until, self.due - 1))
        self.partitions.begin_round()
        self.partitions.fill()
        while self.due <= until:
            batch = read(self.connection, self.source, self.due - 1, min(BATCH, until - self.due + 1))
            if not batch:
                audited.add(
                    Finding(Fault.UNKNOWN, until, note=f"the ledger ends at {self.due - 1}, the checkpoint does not")
                )
                audited.last = self.due - 1
                break
            for event in batch:
                self._compare(event, audited)
            self.due = batch[-1].position + 1
        self._look_at_the_rest(audited)
        return audited

    def _compare(self, event: Outgoing, audited: Audited) -> None:
        """Find the event at the front of a partition; whatever stands before it there is out of place."""
        audited.checked += 1
        found = False
        for part in self.partitions.parts.values():
            while part.ahead and part.ahead[0].position <= event.position:
                held = part.ahead.popleft()
                if held.position == event.position and not found:
                    found = True
                    self._hold_against(event, held, audited)
                else:
                    self._tell_out_of_place(held, audited)
                if not part.ahead:
                    self.partitions.fill()
        if not found:
            if len(self.gaps) < MOST_GAPS:
                self.gaps.add(event.position)
            audited.add(Finding(Fault.MISSING, event.position, note=f"event {event.event_id}"))

    def _hold_against(self, event: Outgoing, held: Held, audited: Audited) -> None:
        wanted = content_hash(event.key, event.value, event.headers)
        if held.content != wanted:
            note = f"content hash {held.content[:16]}, the ledger's is {wanted[:16]}"
            audited.add(Finding(Fault.ALTERED, event.position, held.partition, held.offset, note))

    def _tell_out_of_place(self, held: Held, audited: Audited) -> None:
        where = (held.position, held.partition, held.offset)
        if held.position == 0:
            audited.add(Finding(Fault.UNKNOWN, *where, "it names no position"))
        elif held.position in self.gaps:
            self.gaps.discard(held.position)
            audited.withdraw(Fault.MISSING, held.position)
            audited.add(Finding(Fault.REORDERED, *where, "it comes after later ones"))
        elif held.position >= self.from_position:
            audited.add(Finding(Fault.REPEATED, *where))

    def _look_at_the_rest(self, audited: Audited) -> None:
        """What is left of this round was published since, or is out of place, or the ledger knows nothing of it."""
        ledger = head(self.connection)
        for part in self.partitions.parts.values():
            while part.ahead and (part.ahead[0].position < self.due or part.ahead[0].position > ledger):
                held = part.ahead.popleft()
                if held.position > ledger:
                    note = f"the ledger ends at {ledger}"
                    audited.add(Finding(Fault.UNKNOWN, held.position, held.partition, held.offset, note))
                else:
                    self._tell_out_of_place(held, audited)
                self.partitions.fill()
