"""From the ledger to Kafka: every event, in order, none lost and none twice for who reads what was committed.

One relay of a ledger is active, by an advisory lock; others stand by. The lock only saves work: what keeps two from publishing the
same is that Kafka fences the older producer, and that where to go on is read from Kafka after that.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

import psycopg
import structlog
from psycopg import Connection, sql

from consumers.checkpoint import Checkpoint, last_checkpoint
from consumers.cluster import Cluster, KafkaUnreachable
from consumers.log import HELD, Log, chain_at, head, read
from consumers.publisher import Fenced, Publisher, PublishingFailed, Transaction, publishing
from consumers.standbys import Standbys
from consumers.topics import Topics, prepare

BATCH: Final = 2_000
POLL_S: Final = 1.0
STAND_BY_S: Final = 0.5
LONGEST_WAIT_S: Final = 5.0

LOST: Final = (psycopg.OperationalError, psycopg.InterfaceError)

logger: Final = structlog.get_logger("relay")


class KafkaAhead(RuntimeError):
    """Kafka has events that the ledger has not, or others. Whoever read them knows what the ledger does not."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read ahead, and how far the write-ahead log reached after that. `last` is 0 if nothing was found."""

    prepared: Transaction
    last: int
    mark: str | None


@dataclass(slots=True)
class Relay:
    """Publishes one ledger's log. `published` is told the position after every transaction.

    `batch` is how many events one Kafka transaction holds at most.
    """

    cluster: Cluster
    topics: Topics
    log: Log
    standbys: Standbys = field(default_factory=Standbys)
    published: Callable[[int], None] = lambda _: None
    batch: int = BATCH

    def run_forever(self, stop: Event) -> None:
        """Publish until told to stop; lost connections and failed transactions are begun anew, with longer and longer waits.

        Raises what no waiting mends: `KafkaAhead`, `CheckpointLost`, `TopicDiffers`, `EventTooLarge`.
        """
        wait_s = 0.1
        while not stop.is_set():
            try:
                with self._leading(stop) as holding:
                    if holding is not None:
                        self._lead(holding, stop, once=False)
                wait_s = 0.1
            except (*LOST, KafkaUnreachable, PublishingFailed) as error:
                told = str(error) if isinstance(error, KafkaUnreachable | PublishingFailed) else type(error).__name__
                logger.warning("interrupted", error=told, retry_in_s=wait_s, fenced=isinstance(error, Fenced))
                stop.wait(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def catch_up(self, stop: Event) -> int:
        """Publish up to the head of the log as it is now, once this relay may, and return the position reached.

        Raises as `run_forever`, and `KafkaUnreachable`, `PublishingFailed` or `psycopg.OperationalError`.
        """
        with self._leading(stop) as holding:
            return self._lead(holding, stop, once=True) if holding is not None else 0

    @contextmanager
    def _leading(self, stop: Event) -> Iterator[Connection[Any] | None]:
        """Wait for the lock that makes a relay the active one. Gives the connection that holds it, None if told to stop.

        The transaction that holds the lock stays open: a cluster that keeps the ledger on another node keeps it there too.
        """
        with self.log.connect() as connection:
            connection.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', false)")
            standing_by = False
            while not stop.is_set():
                connection.execute("BEGIN")
                row = connection.execute(HELD, (f"relay {self.log.source}",)).fetchone()
                if row and row[0]:
                    logger.info("active", source=self.log.source)
                    yield connection
                    return
                connection.execute("ROLLBACK")
                if not standing_by:
                    standing_by = True
                    logger.info("standing by", source=self.log.source)
                stop.wait(STAND_BY_S)
            yield None

    def _lead(self, holding: Connection[Any], stop: Event, *, once: bool) -> int:
        largest = prepare(self.cluster, self.topics).largest_record
        with (
            publishing(self.cluster, self.topics, self.log.source, largest) as publisher,
            self.log.connect() as reading,
            ThreadPoolExecutor(1, "reading-ahead") as ahead,
        ):
            reached = last_checkpoint(self.cluster, self.topics, self.log.source, publisher.begin())
            self._compare(reading, reached)
            until = head(reading) if once else None
            reading.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.log.channel)))
            logger.info("publishing", after=reached.position, topic=self.topics.events)
            return self._publish(publisher, holding, Reading(reading, self, publisher, ahead), reached, until, stop)

    def _publish(
        self,
        publisher: Publisher,
        holding: Connection[Any],
        reading: "Reading",
        reached: Checkpoint,
        until: int | None,
        stop: Event,
    ) -> int:
        """The next events are read and prepared while Kafka commits those before them."""
        coming = reading.begin(reached.position)
        while not stop.is_set() and (until is None or reached.position < until):
            found = coming.result()
            if found.last and self.standbys.wait(holding, found.mark, stop):
                coming = reading.begin(found.last)
                reached = publisher.publish(found.prepared)
                self.published(reached.position)
            elif not found.last:
                holding.execute("SELECT 1")
                reading.wait_for_news()
                coming = reading.begin(reached.position)
        return reached.position

    def _compare(self, connection: Connection[Any], reached: Checkpoint) -> None:
        """Raises `KafkaAhead` unless what Kafka has is the beginning of what the ledger has."""
        if reached.position == 0:
            return
        chain = chain_at(connection, reached.position)
        if chain is None:
            raise KafkaAhead(
                f"Kafka holds events up to position {reached.position}, and the ledger ends at {head(connection)}: events "
                "that others have seen are lost here. Recover the ledger from what holds them, before anything is recorded."
            )
        if chain != reached.chain:
            raise KafkaAhead(
                f"Up to position {reached.position} the ledger tells another history than was published to "
                f"{self.topics.events}: it was recovered from an older state, and went on. Publish it under another "
                "LEDGER_KAFKA_PREFIX, and tell who reads the old topic."
            )


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads and prepares ahead, on a connection that also hears of news; one thing at a time."""

    connection: Connection[Any]
    relay: Relay
    publisher: Publisher
    ahead: ThreadPoolExecutor

    def begin(self, after: int) -> Future[Read]:
        return self.ahead.submit(self._read, after)

    def wait_for_news(self) -> None:
        """Until the ledger tells of an event, a second at most."""
        for _ in self.connection.notifies(timeout=POLL_S, stop_after=1):
            pass

    def _read(self, after: int) -> Read:
        events = read(self.connection, self.relay.log.source, after, self.relay.batch)
        mark = self.relay.standbys.mark(self.connection) if events else None
        return Read(self.publisher.write_down(events), events[-1].position if events else 0, mark)
