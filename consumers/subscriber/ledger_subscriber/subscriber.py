"""A subscriber: events from Kafka to handlers, each once and in the order of its key, through crashes and rebalances."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event as Stop
from typing import Any, Final, Generic, TypeVar

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ledger_subscriber.event import Delivery, Event, legible, legible_headers
from ledger_subscriber.fact import Fact
from ledger_subscriber.feed import HttpFeed
from ledger_subscriber.mending import Mending
from ledger_subscriber.start import Start
from ledger_subscriber.stopping import on_signals
from ledger_subscriber.store import FEED, Inbox, Part, Reached
from ledger_subscriber.taking import Taking, Unknown

C = TypeVar("C")
F = TypeVar("F", bound=Fact)

Handler = Callable[[Event[F], C], None]
BatchHandler = Callable[[Sequence[Event[Fact]], C], None]

POLL_MS: Final = 500
AT_ONCE: Final = 2_000
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
START: Final = "start"

CONSUMING: Final[dict[str, Any]] = {
    "enable_auto_commit": False,
    "isolation_level": "read_committed",
    "auto_offset_reset": "none",
    "allow_auto_create_topics": False,
    "max_partition_fetch_bytes": 4 * 1024 * 1024,
    "bootstrap_timeout_ms": 10_000,
    "metrics_enabled": False,
}

logger: Final = structlog.get_logger("ledger_subscriber")


class TopicMissing(ConnectionError):
    """The topic is not there."""


class HistoryMissing(RuntimeError):
    """The topic no longer holds what comes next, and there is no feed to read it from."""


class Subscriber(Generic[C]):
    """Reacts to the events of a ledger.

    `inbox` is the subscriber's own database; handlers get its connection, and what they do there happens once with the event.
    `unknown` says what becomes of kinds that this version of the library does not know: `park` their key, or `pass` over them.
    `kafka` are kafka-python's own settings: `bootstrap_servers`, `security_protocol`, `sasl_mechanism` and so on. `start`
    counts for the first run only. `feed` is where to read what the topic no longer holds. Not safe for threads.
    """

    def __init__(
        self,
        inbox: Inbox[C],
        *,
        topic: str,
        group: str,
        kafka: Mapping[str, Any],
        unknown: Unknown,
        start: Start | None = None,
        feed: HttpFeed | None = None,
        attempts: int = 3,
    ) -> None:
        self.inbox = inbox
        self.topic = topic
        self.group = group
        self.kafka = dict(kafka)
        self.feed = feed
        self.handlers: dict[type[Fact], list[Handler[Any, C]]] = {}
        self.batch_handlers: list[BatchHandler[C]] = []
        self.taking = Taking(inbox, self._handle, unknown, start, attempts)
        self.mending = Mending(self.taking, feed.missing if feed else None)

    def on(self, kind: type[F]) -> Callable[[Handler[F, C]], Handler[F, C]]:
        """Have a function called with every event of a kind, and with the inbox's connection."""

        def added(handler: Handler[F, C]) -> Handler[F, C]:
            self.handlers.setdefault(kind, []).append(handler)
            return handler

        return added

    def on_batch(self, handler: BatchHandler[C]) -> BatchHandler[C]:
        """Have a function called with all events of a batch, in order, whatever their kinds: for effects in bulk.

        When it raises, it is called again with fewer, until the event that it cannot handle is alone.
        """
        self.batch_handlers.append(handler)
        return handler

    def run(self, stop: Stop | None = None) -> None:
        """Take in events until told to stop: by `stop`, or where that is not given by SIGINT or SIGTERM.

        What is away is waited for: Kafka, the topic, the database. Raises `HistoryMissing`.
        """
        with on_signals(stop) as stopping:
            wait = FIRST_WAIT_S
            while not stopping.is_set():
                try:
                    self._keep_start()
                    self._listen(stopping)
                    wait = FIRST_WAIT_S
                except Exception as error:
                    if not isinstance(error, (KafkaError, OSError)) and not self.inbox.is_lost(error):
                        raise
                    self._tell(error, wait)
                    stopping.wait(wait)
                    wait = min(2 * wait, LONGEST_WAIT_S)

    def _handle(self, connection: C, events: Sequence[Event[Fact]]) -> None:
        for in_bulk in self.batch_handlers:
            in_bulk(events, connection)
        if self.handlers:
            for event in events:
                for handler in self.handlers.get(type(event.data), ()):
                    handler(event, connection)

    def _keep_start(self) -> None:
        """Begin where the first run began, whatever this one was told."""
        with self.inbox.transaction() as connection:
            noted = self.inbox.noted(connection, START)
            if noted is None:
                self.inbox.note(connection, START, self.taking.start.text())
            else:
                self.taking.start = Start.read(noted)

    def _listen(self, stop: Stop) -> None:
        consumer = KafkaConsumer(group_id=self.group, **{**CONSUMING, **self.kafka})
        try:
            partitions = self.partitions(consumer)
            self._bridge(consumer, partitions, stop)
            seeking = Seeking(consumer, self.next_offsets(consumer, partitions))
            consumer.subscribe([self.topic], listener=seeking)
            logger.info("listening", topic=self.topic, group=self.group)
            while not stop.is_set():
                fetched = consumer.poll(timeout_ms=POLL_MS, max_records=AT_ONCE)
                if seeking.assigned.is_set():
                    self._go_on(consumer, seeking)
                elif fetched:
                    self._take([delivery(record) for records in fetched.values() for record in records], stop)
                    consumer.commit_async()
        finally:
            consumer.close(autocommit=False)
            self.inbox.close()

    def _go_on(self, consumer: KafkaConsumer, seeking: "Seeking") -> None:
        """Seek to where the inbox says that newly assigned partitions are done, whoever did it; drop what was fetched."""
        seeking.assigned.clear()
        mine = sorted(consumer.assignment())
        seeking.begin.update(self.next_offsets(consumer, mine))
        for each in mine:
            consumer.seek(each, seeking.begin[each])

    def _take(self, deliveries: Sequence[Delivery], stop: Stop) -> None:
        wait = FIRST_WAIT_S
        while not stop.is_set():
            try:
                self.taking.take(deliveries)
            except Exception as error:
                if not self.inbox.is_lost(error):
                    raise
                self._tell(error, wait)
                stop.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                return

    def _bridge(self, consumer: KafkaConsumer, partitions: list[TopicPartition], stop: Stop) -> None:
        """Read from the feed what lies between what was done and what the topic still holds, if it holds no more."""
        first = consumer.beginning_offsets(partitions)
        reached = self.reached(partitions)
        trimmed = [each for each in partitions if first[each] > reached[part(each)].offset]
        trimmed = self._within_time(consumer, trimmed, reached, first)
        if not trimmed:
            return
        done = min(reached[part(each)].position for each in trimmed)
        after = max(done, self.taking.start.position - 1)
        if self.feed is None:
            raise HistoryMissing(f"topic {self.topic} no longer holds what follows position {after}: give a feed")
        logger.info("catching up from the feed", after=after)
        for page in self.feed.pages(max(after, self.reached([TopicPartition(*FEED)])[FEED].offset - 1)):
            if stop.is_set():
                return
            self._take(page, stop)
        with self.inbox.transaction() as connection:
            self.inbox.reach(connection, {part(each): Reached(first[each], done) for each in trimmed})

    def _within_time(
        self,
        consumer: KafkaConsumer,
        trimmed: list[TopicPartition],
        reached: Mapping[Part, Reached],
        first: Mapping[TopicPartition, int],
    ) -> list[TopicPartition]:
        """Of the partitions that have lost their beginning, those that may have lost something recorded since the start."""
        if self.taking.start.time is None:
            return trimmed
        new = [each for each in trimmed if reached[part(each)].offset == 0]
        at = self.at_start(consumer, new, first)
        return [each for each in trimmed if each not in at or at[each] <= first[each]]

    def partitions(self, consumer: KafkaConsumer) -> list[TopicPartition]:
        """The topic's partitions. Raises `TopicMissing`."""
        found = consumer.partitions_for_topic(self.topic)
        if not found:
            raise TopicMissing(f"there is no topic {self.topic}")
        return [TopicPartition(self.topic, number) for number in sorted(found)]

    def reached(self, partitions: Iterable[TopicPartition]) -> dict[Part, Reached]:
        """How far each partition is done."""
        parts = [part(each) for each in partitions]
        with self.inbox.transaction() as connection:
            found = self.inbox.reached(connection, parts)
        return {each: found.get(each, Reached()) for each in parts}

    def next_offsets(self, consumer: KafkaConsumer, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Where to go on in each partition: after what is done, or where to start if nothing is."""
        reached = self.reached(partitions)
        new = [each for each in partitions if reached[part(each)].offset == 0]
        begin = self.at_start(consumer, new, consumer.beginning_offsets(new)) if new else {}
        return {each: begin.get(each, reached[part(each)].offset) for each in partitions}

    def at_start(
        self, consumer: KafkaConsumer, partitions: Sequence[TopicPartition], first: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Where to begin in partitions of which nothing is done yet."""
        time = self.taking.start.time
        if time is None or not partitions:
            return {each: first[each] for each in partitions}
        stamp = int(time.timestamp() * 1000)
        found = consumer.offsets_for_times(dict.fromkeys(partitions, stamp))
        end = consumer.end_offsets(list(partitions))
        return {each: at.offset if (at := found.get(each)) else end[each] for each in partitions}

    def _tell(self, error: Exception, wait: float) -> None:
        servers = self.kafka.get("bootstrap_servers")
        told = {"topic": self.topic, "bootstrap_servers": servers, "retry_in_s": wait}
        hint = "check bootstrap_servers, security_protocol and sasl_* in `kafka`, and `topic`"
        logger.error("trying again", error=type(error).__name__, detail=str(error)[:300], hint=hint, **told)


class Seeking(ConsumerRebalanceListener):  # type: ignore[misc] # kafka-python has no types
    """Begins newly assigned partitions somewhere that is not too late; `assigned` says that there are some.

    It is called by kafka-python's own thread, which may neither wait nor use the inbox: where exactly to go on is then looked
    up by the thread that polls.
    """

    def __init__(self, consumer: KafkaConsumer, begin: dict[TopicPartition, int]) -> None:
        self.consumer = consumer
        self.begin = begin
        self.assigned = Stop()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        for each in assigned:
            self.consumer.seek(each, self.begin.get(each, 0))
            self.assigned.set()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing is to be done: what was taken in is done, with its offsets."""


def part(partition: TopicPartition) -> Part:
    return partition.topic, partition.partition


def delivery(record: Any) -> Delivery:
    headers = legible_headers(record.headers)
    return Delivery(record.topic, record.partition, record.offset, legible(record.key), headers, record.value)
