"""Up to where everything is published: a record that Kafka holds in the same transactions as the events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from consumers.cluster import ANSWER_WITHIN_MS, TROUBLE, Cluster, KafkaUnreachable
from consumers.topics import Topics

TAIL: Final = 256
"""How many offsets from the end are looked at first. Kafka's own markers of transactions take offsets too."""

POLL_MS: Final = 200


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


def last_checkpoint(cluster: Cluster, topics: Topics, source: str, before: int | None = None) -> Checkpoint:
    """The last one committed; position 0 when nothing was ever published.

    Without `before` it is the last that Kafka lets readers see by now, and a broker that was started again may lag behind
    what it has. With the offset of a record written later, all that was committed before that record is waited for.

    Raises `CheckpointLost` when there is none though events are there, and `KafkaUnreachable`.
    """
    with reader(cluster) as consumer:
        found = at_the_end(consumer, topics.checkpoint, source.encode(), before)
        if found is None and holds_events(consumer, topics.events, source.encode()):
            raise CheckpointLost(
                f"Topic {topics.events} holds events of {source}, and {topics.checkpoint} does not say how far they go. "
                "Bring the checkpoint topic back, or delete both topics and let the relay publish again from the start."
            )
    return found or NOTHING


@contextmanager
def reader(cluster: Cluster) -> Iterator[KafkaConsumer]:
    """A consumer that commits nothing and sees only what was committed. Its troubles become `KafkaUnreachable`."""
    try:
        consumer = KafkaConsumer(
            **cluster.kafka_python(),
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
            max_poll_records=2_000,
            max_partition_fetch_bytes=2 * 2**20,
        )
        try:
            yield consumer
        finally:
            consumer.close()
    except KafkaUnreachable:
        raise
    except TROUBLE as error:
        raise cluster.unreachable(error) from error


def at_the_end(consumer: KafkaConsumer, topic: str, key: bytes, end: int | None = None) -> Checkpoint | None:
    """The last record with the key, looked for from the end in strides that double."""
    part = TopicPartition(topic, 0)
    first = consumer.beginning_offsets([part])[part]
    if end is None:
        end = consumer.end_offsets([part])[part]
    stride = TAIL
    while True:
        start = max(first, end - stride)
        found = None
        for record in read_between(consumer, {part: start}, {part: end}):
            if record.key == key:
                found = Checkpoint.from_bytes(record.value)
        if found or start == first:
            return found
        stride *= 8


def holds_events(consumer: KafkaConsumer, topic: str, source: bytes) -> bool:
    """Whether any event of the source was ever committed to the topic and is still there."""
    parts = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic)]
    found = read_between(consumer, consumer.beginning_offsets(parts), consumer.end_offsets(parts))
    return any(dict(record.headers).get("ce_source") == source for record in found)


def read_between(
    consumer: KafkaConsumer, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> Iterator[Any]:
    """What is committed between these offsets of each partition. Raises `KafkaTimeoutError` when nothing comes."""
    consumer.assign(list(starts))
    for part, offset in starts.items():
        consumer.seek(part, offset)
    deadline = monotonic() + ANSWER_WITHIN_MS / 1_000
    while any(consumer.position(part) < end for part, end in ends.items()):
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            yield from records
            deadline = monotonic() + ANSWER_WITHIN_MS / 1_000
        if monotonic() > deadline:
            raise KafkaTimeoutError("reading took too long")
