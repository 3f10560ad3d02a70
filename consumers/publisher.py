"""The transactional producer: events and the checkpoint that goes with them become visible together, or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, cast

from confluent_kafka import KafkaError, KafkaException, Producer

from consumers.checkpoint import Checkpoint
from consumers.cluster import Cluster, Complaints
from consumers.log import Outgoing
from consumers.topics import Topics

TRANSACTION_MS: Final = 30_000
"""After this time without a commit Kafka aborts by itself, so that readers do not wait for a relay that is gone."""

COMMIT_WITHIN_S: Final = 25.0
ABORT_WITHIN_S: Final = 5.0
BATCH_BYTES: Final = 262_144
MOST_BESIDE_THE_VALUE: Final = 100_000
"""No key and headers take more bytes: their longest texts have 10,000 characters."""

FENCED: Final = frozenset(
    getattr(KafkaError, name) for name in ("_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH")
)


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

    producer: Producer
    complaints: Complaints
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
        produce, topic = self.producer.produce, self.topics.events
        try:
            self.producer.begin_transaction()
            for each in events:
                produce(topic, each.value, each.key, headers=cast(Any, each.headers), timestamp=each.at_ms)
            produce(self.topics.checkpoint, reached.to_bytes(), self.source, partition=0)
            self.producer.commit_transaction(COMMIT_WITHIN_S)
        except (KafkaException, BufferError) as error:
            with suppress(KafkaException):
                self.producer.abort_transaction(ABORT_WITHIN_S)
            raise failure(error, self.complaints) from error

    def _is_too_large(self, event: Outgoing) -> bool:
        return len(event.value) + MOST_BESIDE_THE_VALUE > self.largest and event.size > self.largest


@contextmanager
def publishing(cluster: Cluster, topics: Topics, source: str, largest: int) -> Iterator[Publisher]:
    """A publisher whose like before it is fenced, and its open transaction aborted. Raises `PublishingFailed`.

    `largest` is what the topic takes as one record, in bytes.
    """
    complaints = Complaints(cluster)
    producer = Producer(
        {
            **cluster.librdkafka(complaints),
            "transactional.id": f"sales-ledger-relay{source}",
            "transaction.timeout.ms": TRANSACTION_MS,
            "message.timeout.ms": TRANSACTION_MS,
            "message.max.bytes": max(largest, 1_000),
            "batch.size": max(1, min(BATCH_BYTES, largest // 2)),
            "linger.ms": 2,
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": 100_000,
        }
    )
    try:
        producer.init_transactions(COMMIT_WITHIN_S)
    except KafkaException as error:
        raise failure(error, complaints) from error
    try:
        yield Publisher(producer, complaints, topics, source.encode(), largest)
    finally:
        producer.purge()
        producer.flush(0)


def failure(error: Exception, complaints: Complaints) -> PublishingFailed:
    cause = error.args[0] if error.args else None
    if isinstance(cause, KafkaError) and cause.code() in FENCED:
        return Fenced(f"another relay has taken over: {cause.str()}")
    return PublishingFailed(str(complaints.unreachable(error)))
