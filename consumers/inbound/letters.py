"""Dead letters: read, and sent again once what was wrong is mended."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from consumers.cluster import Cluster, KafkaUnreachable
from consumers.inbound.inbox import CONSUMING, PRODUCING
from consumers.inbound.replies import MARK, SEALED
from consumers.inbound.topics import InboundTopics

NEXT_WITHIN_S: Final = 10.0
REPLAYED_FROM: Final = "replayed_from"


class NoSuchLetter(LookupError):
    """There is no dead letter of that number, or it is not kept any more."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was put aside: its number, why, where it came from, and its own key, headers and bytes."""

    number: int
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None


class Letters:
    """The dead letters of an inbox. Wherever Kafka is asked, `KafkaUnreachable` is raised when it is away."""

    def __init__(self, cluster: Cluster, topics: InboundTopics, unseal: Callable[[bytes], bytes] = bytes) -> None:
        """`unseal` opens what the inbox sealed."""
        self.topics = topics
        self.cluster = cluster
        self.unseal = unseal

    def all(self, first: int = 0, limit: int | None = None) -> Iterator[Letter]:
        """The letters from a number on, at most so many."""
        with reaching(self.cluster):
            yield from self._all(first, limit)

    def _all(self, first: int, limit: int | None) -> Iterator[Letter]:
        here = TopicPartition(self.topics.dead_letters, 0)
        consumer = KafkaConsumer(**{**self.cluster.kafka_python(), **CONSUMING})
        try:
            if not consumer.partitions_for_topic(here.topic):
                raise TimeoutError(f"there is no topic {here.topic}")
            consumer.assign([here])
            number = max(first, consumer.beginning_offsets([here])[here])
            end = consumer.end_offsets([here])[here]
            end = end if limit is None else min(end, number + limit)
            consumer.seek(here, number)
            deadline = monotonic() + NEXT_WITHIN_S
            while number < end:
                for record in consumer.poll(timeout_ms=500, max_records=end - number).get(here, ()):
                    number, deadline = record.offset + 1, monotonic() + NEXT_WITHIN_S
                    if number <= end:
                        yield letter(record, self.unseal)
                if monotonic() > deadline:
                    raise TimeoutError(f"Kafka does not give dead letter {number} of {self.topics.dead_letters}")
        finally:
            consumer.close(autocommit=False)

    def one(self, number: int) -> Letter:
        """Raises `NoSuchLetter`."""
        found = next(self.all(number, 1), None) if number >= 0 else None
        if found is None or found.number != number:
            raise NoSuchLetter(f"There is no dead letter {number}.")
        return found

    def replay(self, number: int, value: bytes | None = None, headers: Mapping[str, str] | None = None) -> Letter:
        """Send a letter again to where it came from, mended where `value` or `headers` are given. Gives it as it was.

        A letter sent twice is harmless: it is the same command. Raises `NoSuchLetter`.
        """
        found = self.one(number)
        mended = {**dict(found.headers), **{name: text.encode() for name, text in (headers or {}).items()}}
        mended[REPLAYED_FROM] = str(number).encode()
        key = mended["ce_subject"] if headers and "ce_subject" in headers else found.key
        with reaching(self.cluster):
            producer = KafkaProducer(**{**self.cluster.kafka_python(), **PRODUCING})
            try:
                text = found.value if value is None else value
                sent = producer.send(found.topic, text, key=key, headers=list(mended.items()))
                sent.get(timeout=NEXT_WITHIN_S)
            finally:
                producer.close(timeout=NEXT_WITHIN_S)
        return found


@contextmanager
def reaching(cluster: Cluster) -> Iterator[None]:
    """Say in words of the settings that Kafka is away. Raises `KafkaUnreachable`."""
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        raise KafkaUnreachable(
            f"Kafka at {cluster.bootstrap} does not give dead letters: {error}. Check LEDGER_KAFKA_BOOTSTRAP, "
            "LEDGER_KAFKA_SECURITY and LEDGER_KAFKA_PREFIX; `run inbox` makes the topic."
        ) from error


def letter(record: Any, unseal: Callable[[bytes], bytes]) -> Letter:
    """A dead letter as it was put aside."""
    headers = tuple(record.headers)
    marks = {name.removeprefix(MARK): (value or b"").decode() for name, value in headers if name.startswith(MARK)}
    return Letter(
        number=record.offset,
        reason=marks["reason"],
        detail=marks["detail"],
        topic=marks["topic"],
        partition=int(marks["partition"]),
        offset=int(marks["offset"]),
        key=record.key,
        headers=tuple((name, value) for name, value in headers if not name.startswith(MARK)),
        value=unseal(record.value) if SEALED in dict(headers) else record.value,
    )
