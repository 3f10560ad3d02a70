"""The transactional producer: events and the checkpoint that goes with them become visible together, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Final

from kafka.errors import InvalidProducerEpochError, KafkaError, KafkaTimeoutError, ProducerFencedError

from consumers.batches import Batch, packed
from consumers.checkpoint import NOTHING, Checkpoint
from consumers.cluster import ANSWER_WITHIN_MS, TROUBLE, Cluster
from consumers.log import Outgoing
from consumers.producer import BatchProducer
from consumers.topics import Topics

TRANSACTION_MS: Final = 30_000
"""After this time without a commit Kafka aborts by itself, so that readers do not wait for a relay that is gone."""

DELIVERY_MS: Final = 25_000
CLOSE_WITHIN_S: Final = 2.0
BATCH_BYTES: Final = 262_144
LINGER_MS: Final = 5
RETRY_MS: Final = 10
"""How soon a transaction that Kafka is still completing is asked for again; the library sleeps that long."""

BEGUN: Final = b"begun "
"""Before the source, the key of the record with which a relay begins."""

MOST_BESIDE_THE_VALUE: Final = 100_000
"""No key and headers take more bytes: their longest texts have 10,000 characters."""

FENCED: Final = (ProducerFencedError, InvalidProducerEpochError)


class PublishingFailed(ConnectionError):
    """A transaction did not come to its end; it was aborted, or its outcome is unknown. The checkpoint topic tells."""


class Fenced(PublishingFailed):
    """Another relay with the same transactional id has begun since."""


class EventTooLarge(ValueError):
    """An event is larger than the topic takes. Nothing before it is missing, and nothing beyond it is published."""

    def __init__(self, event: Outgoing, topic: str, largest: int) -> None:
        super().__init__(
            f"Event {event.event_id} at position {event.position} takes {event.size} bytes, and topic {topic} takes "
            f"{largest}. Raise max.message.bytes of the topic, and start the relay again; nothing was skipped."
        )
        self.position = event.position


@dataclass(frozen=True, slots=True)
class Transaction:
    """Events ready to be published together, up to the one that the topic does not take, if there is such a one.

    `reached` is the checkpoint at the last of them, None if there is none.
    """

    batches: Sequence[Batch]
    reached: Checkpoint | None
    too_large: Outgoing | None


@dataclass(slots=True)
class Publisher:
    """Publishes in transactions; made by `publishing`. One failure, and another must be made."""

    producer: BatchProducer
    cluster: Cluster
    topics: Topics
    source: bytes
    largest: int

    def begin(self) -> int:
        """Commit a record to the checkpoint topic that says no position, and return its offset.

        Whoever sees it sees all that was committed there before. Raises `Fenced` or `PublishingFailed`.
        """
        with self._transaction():
            begun = self.producer.send(self.topics.checkpoint, b"{}", BEGUN + self.source, partition=0)
        return int(begun.get().offset)

    def write_down(self, events: Sequence[Outgoing]) -> Transaction:
        """Write events down as Kafka will have them, in order. Any thread may, also while another publishes."""
        too_large = next((each for each in events if self._is_too_large(each)), None)
        if too_large is not None:
            events = [each for each in events if each.position < too_large.position]
        reached = Checkpoint(events[-1].position, events[-1].chain) if events else None
        return Transaction(packed(events, self.topics.partitions, batch_bytes(self.largest)), reached, too_large)

    def publish(self, ready: Transaction) -> Checkpoint:
        """Publish in one transaction, with the checkpoint, and return that.

        Raises `EventTooLarge` once what comes before that event is published, `Fenced` or `PublishingFailed`.
        """
        if ready.reached is not None:
            self._transact(ready.batches, ready.reached)
        if ready.too_large is not None:
            raise EventTooLarge(ready.too_large, self.topics.events, self.largest)
        return ready.reached or NOTHING

    def _transact(self, batches: Sequence[Batch], reached: Checkpoint) -> None:
        with self._transaction():
            for each in batches:
                self.producer.send_batch(self.topics.events, each)
            self.producer.send(self.topics.checkpoint, reached.to_bytes(), self.source, partition=0)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self.producer.begin_transaction()
            yield
            within(DELIVERY_MS, self.producer.commit_transaction)
        except TROUBLE as error:
            with suppress(*TROUBLE):
                within(ANSWER_WITHIN_MS, self.producer.abort_transaction)
            raise failure(error, self.cluster) from error

    def _is_too_large(self, event: Outgoing) -> bool:
        return len(event.value) + MOST_BESIDE_THE_VALUE > self.largest and event.size > self.largest


@contextmanager
def publishing(cluster: Cluster, topics: Topics, source: str, largest: int) -> Iterator[Publisher]:
    """A publisher whose like before it is fenced, and its open transaction aborted. Raises `PublishingFailed`.

    `largest` is what the topic takes as one record, in bytes.
    """
    try:
        producer = BatchProducer(
            **cluster.kafka_python(),
            enable_idempotence=True,
            transactional_id=f"sales-ledger-relay{source}",
            transaction_timeout_ms=TRANSACTION_MS,
            delivery_timeout_ms=DELIVERY_MS,
            max_block_ms=ANSWER_WITHIN_MS,
            max_request_size=max(2**20, largest + MOST_BESIDE_THE_VALUE),
            batch_size=batch_bytes(largest),
            linger_ms=LINGER_MS,
            retry_backoff_ms=RETRY_MS,
            metrics_enabled=False,
        )
        try:
            producer.init_transactions()
            producer.partitions_for(topics.events)
            yield Publisher(producer, cluster, topics, source.encode(), largest)
        finally:
            producer.close(timeout=CLOSE_WITHIN_S)
    except KafkaError as error:
        raise failure(error, cluster) from error


def batch_bytes(largest: int) -> int:
    """How large a batch may become, so that a topic which takes `largest` takes it."""
    return max(1, min(BATCH_BYTES, largest // 2))


def failure(error: Exception, cluster: Cluster) -> PublishingFailed:
    if any(isinstance(each, FENCED) for each in (error, *error.args)):
        return Fenced(f"another relay has taken over: {type(error).__name__}")
    return PublishingFailed(str(cluster.unreachable(error)))


def within(limit_ms: int, wait: Callable[[], None]) -> None:
    """Wait no longer than that for what the library waits for without end. Raises `KafkaTimeoutError`, or what it raises."""
    failed: list[Exception] = []

    def work() -> None:
        try:
            wait()
        except Exception as error:  # noqa: BLE001 (raised again by who waits)
            failed.append(error)

    worker = Thread(target=work, daemon=True)
    worker.start()
    worker.join(limit_ms / 1_000)
    if worker.is_alive():
        raise KafkaTimeoutError(f"no answer within {limit_ms} ms")
    if failed:
        raise failed[0]
