"""Dead letters: read, and sent again once what was wrong is mended."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as Record

from consumers.cluster import ANSWER_WITHIN_S, Cluster, Complaints
from consumers.inbound.inbox import PRODUCING, as_bytes, consuming
from consumers.inbound.replies import MARK
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
    """The dead letters of an inbox. Raises `KafkaUnreachable` wherever Kafka is asked."""

    def __init__(self, cluster: Cluster, topics: InboundTopics) -> None:
        self.topics = topics
        self.complaints = Complaints(cluster)
        self.settings = cluster.librdkafka(self.complaints)

    def all(self, first: int = 0, limit: int | None = None) -> Iterator[Letter]:
        """The letters from a number on, at most so many."""
        consumer = Consumer({**self.settings, **consuming("none")})
        try:
            here = TopicPartition(self.topics.dead_letters, 0)
            low, high = consumer.get_watermark_offsets(here, timeout=ANSWER_WITHIN_S)
            number = max(first, low)
            end = high if limit is None else min(high, number + limit)
            consumer.assign([TopicPartition(self.topics.dead_letters, 0, number)])
            while number < end:
                found = letter(sound(consumer.poll(NEXT_WITHIN_S)))
                number = found.number + 1
                yield found
        except KafkaException as error:
            raise self.complaints.unreachable(error) from error
        finally:
            consumer.close()

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
        producer = Producer({**self.settings, **PRODUCING})
        failed: list[Any] = []
        producer.produce(
            found.topic,
            found.value if value is None else value,
            key,
            headers=cast(Any, list(mended.items())),
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
        if producer.flush(NEXT_WITHIN_S) or failed:
            raise self.complaints.unreachable(KafkaException(*failed))
        return found


def sound(record: Record | None) -> Record:
    """The record, if there is one. Raises `KafkaException`."""
    if record is None:
        raise KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT))
    if (error := record.error()) is not None:
        raise KafkaException(error)
    return record


def letter(record: Any) -> Letter:
    """A dead letter as it was put aside."""
    headers = tuple((name, as_bytes(value)) for name, value in record.headers() or ())
    marks = {name.removeprefix(MARK): (value or b"").decode() for name, value in headers if name.startswith(MARK)}
    return Letter(
        number=record.offset(),
        reason=marks["reason"],
        detail=marks["detail"],
        topic=marks["topic"],
        partition=int(marks["partition"]),
        offset=int(marks["offset"]),
        key=as_bytes(record.key()),
        headers=tuple((name, value) for name, value in headers if not name.startswith(MARK)),
        value=as_bytes(record.value()),
    )
