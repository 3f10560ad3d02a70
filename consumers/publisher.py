"""The transactional producer: events and the checkpoint that goes with them become visible together, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from threading import Thread
from typing import Final

from kafka import KafkaProducer
from kafka.errors import InvalidProducerEpochError, KafkaError, KafkaTimeoutError, ProducerFencedError
from kafka.partitioner.default import murmur2

from consumers.checkpoint import Checkpoint
from consumers.cluster import ANSWER_WITHIN_MS, TROUBLE, Cluster
from consumers.log import Outgoing
from consumers.topics import Topics

TRANSACTION_MS: Final = 30_000
"""After this time without a commit Kafka aborts by itself, so that readers do not wait for a relay that is gone."""

DELIVERY_MS: Final = 25_000
CLOSE_WITHIN_S: Final = 2.0
BATCH_BYTES: Final = 262_144
LINGER_MS: Final = 5
RETRY_MS: Final = 10
"""How soon a transaction that Kafka is still completing is asked for again; the library sleeps that long."""

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


@dataclass(slots=True)
class Publisher:
    """Publishes in transactions; made by `publishing`. One failure, and another must be made."""

    producer: KafkaProducer
    cluster: Cluster
    topics: Topics
    source: bytes
    largest: int

    def publish(self, events: Sequence[Outgoing]) -> Checkpoint:
        """Publish events in one transaction, in order, with the checkpoint at the last of them.

        Raises `EventTooLarge` once those before it are published, `Fenced` or `PublishingFailed`.
        """
        too_large = next((each for each in events if self._is_too_large(each)), None)
        if too_large is not None:
            events = [each for each in events if each.position < too_large.position]
        if events:
            self._transact(events)
        if too_large is not None:
            raise EventTooLarge(too_large, self.topics.events, self.largest)
        return Checkpoint(events[-1].position, events[-1].chain)

    def _transact(self, events: Sequence[Outgoing]) -> None:
        reached = Checkpoint(events[-1].position, events[-1].chain)
        send, topic, partitions = self.producer.send, self.topics.events, self.topics.partitions
        try:
            self.producer.begin_transaction()
            for each in events:
                send(topic, each.value, each.key, each.headers, partition_of(each.key, partitions), each.at_ms)
            send(self.topics.checkpoint, reached.to_bytes(), self.source, partition=0)
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
        producer = KafkaProducer(
            **cluster.kafka_python(),
            enable_idempotence=True,
            transactional_id=f"sales-ledger-relay{source}",
            transaction_timeout_ms=TRANSACTION_MS,
            delivery_timeout_ms=DELIVERY_MS,
            max_block_ms=ANSWER_WITHIN_MS,
            max_request_size=max(2**20, largest + MOST_BESIDE_THE_VALUE),
            batch_size=max(1, min(BATCH_BYTES, largest // 2)),
            linger_ms=LINGER_MS,
            retry_backoff_ms=RETRY_MS,
        )
        try:
            producer.init_transactions()
            yield Publisher(producer, cluster, topics, source.encode(), largest)
        finally:
            producer.close(timeout=CLOSE_WITHIN_S)
    except KafkaError as error:
        raise failure(error, cluster) from error


@lru_cache(65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients would put the key; remembered, for Python takes its time over it."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


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
