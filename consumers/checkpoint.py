"""Up to where everything is published: a record that Kafka holds in the same transactions as the events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumers.cluster import ANSWER_WITHIN_S, Cluster, Complaints
from consumers.topics import Topics

END: Final[int] = getattr(KafkaError, "_PARTITION_EOF")  # noqa: B009 (public, though it begins with _)
TIMED_OUT: Final[int] = getattr(KafkaError, "_TIMED_OUT")  # noqa: B009
TAIL: Final = 256
"""How many offsets from the end are looked at first. Kafka's own markers of transactions take offsets too."""


class CheckpointLost(RuntimeError):
    """Events of this ledger are in the topic, and the checkpoint that goes with them is not."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything up to `position` is published; `chain` is the ledger's hash up to there."""

    position: int
    chain: bytes

    def to_bytes(self) -> bytes:
        return json.dumps({"position": self.position, "chain": self.chain.hex()}).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        told = json.loads(text)
        return cls(int(told["position"]), bytes.fromhex(told["chain"]))


NOTHING: Final = Checkpoint(0, bytes(32))


def last_checkpoint(cluster: Cluster, topics: Topics, source: str) -> Checkpoint:
    """The last one committed; position 0 when nothing was ever published.

    Raises `CheckpointLost` when there is none though events are there, and `KafkaUnreachable`.
    """
    with reader(cluster) as consumer:
        found = at_the_end(consumer, topics.checkpoint, source.encode())
        if found is None and holds_events(consumer, topics.events, source.encode()):
            raise CheckpointLost(
                f"Topic {topics.events} holds events of {source}, and {topics.checkpoint} does not say how far they go. "
                "Bring the checkpoint topic back, or delete both topics and let the relay publish again from the start."
            )
    return found or NOTHING


@contextmanager
def reader(cluster: Cluster) -> Iterator[Consumer]:
    """A consumer that commits nothing and sees only what was committed. Kafka's errors become `KafkaUnreachable`."""
    complaints = Complaints(cluster)
    told = {
        **cluster.librdkafka(complaints),
        "group.id": "sales-ledger-checks",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 20,
        "queued.max.messages.kbytes": 16_384,
    }
    consumer = Consumer(told)
    try:
        yield consumer
    except KafkaException as error:
        raise complaints.unreachable(error) from error
    finally:
        consumer.close()


def at_the_end(consumer: Consumer, topic: str, key: bytes) -> Checkpoint | None:
    """The last record with the key, looked for from the end in strides that double."""
    first, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=ANSWER_WITHIN_S)
    stride = TAIL
    while True:
        start = max(first, end - stride)
        found = None
        for message in read_to_end(consumer, [TopicPartition(topic, 0, start)]):
            if message.key() == key:
                found = Checkpoint.from_bytes(message.value() or b"")
        if found or start == first:
            return found
        stride *= 8


def holds_events(consumer: Consumer, topic: str, source: bytes) -> bool:
    """Whether any event of the source was ever committed to the topic and is still there."""
    partitions = consumer.list_topics(topic, timeout=ANSWER_WITHIN_S).topics[topic].partitions
    starts = [TopicPartition(topic, each, 0) for each in partitions]
    for start in starts:
        start.offset = consumer.get_watermark_offsets(start, timeout=ANSWER_WITHIN_S)[0]
    return any(dict(each.headers() or []).get("ce_source") == source for each in read_to_end(consumer, starts))


def read_to_end(consumer: Consumer, starts: list[TopicPartition]) -> Iterator[Message]:
    """What is committed from these offsets up to the end of each partition."""
    consumer.assign(starts)
    unfinished = len(starts)
    while unfinished:
        message = consumer.poll(ANSWER_WITHIN_S)
        if message is None:
            raise KafkaException(KafkaError(TIMED_OUT, "reading took too long"))
        error = message.error()
        if error is None:
            yield message
        elif error.code() == END:
            unfinished -= 1
        else:
            raise KafkaException(error)
    consumer.unassign()
