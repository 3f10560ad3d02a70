"""The inbox: messages of other systems become commands, in order by key, in batches that the ledger commits together.

Offsets are committed only once the ledger has recorded and the answers are with Kafka. Whatever happens in between, messages
come again, and their commands are the same commands: nothing is recorded twice, and answers repeat under the same id.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, Final, cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as Record
from confluent_kafka.admin import AdminClient

from consumers.cluster import Cluster, Complaints, KafkaUnreachable
from consumers.inbound.messages import Bad, Channel, Message, Told, read
from consumers.inbound.replies import Answer, bad_of, body_of, headers_of, is_alarm, letter_headers
from consumers.inbound.topics import LARGEST_LETTER, InboundTopics, TopicMissing, ready
from domain.commands import AnyCommand

RecordCommands = Callable[[Iterable[tuple[str, AnyCommand]]], Iterator[Answer]]
"""Records many commands, given with their ids, in durable batches, and answers them in order."""

AT_ONCE: Final = 1_024
POLL_S: Final = 0.5
FLUSH_WITHIN_S: Final = 30.0
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0

logger: Final = structlog.get_logger("inbox")


class AnswersNotDelivered(ConnectionError):
    """Kafka has not taken the answers in time; the messages will come again."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the inbox needs of the ledger. `awaited` are the errors after which the same commands may be asked again."""

    record: RecordCommands
    now: Callable[[], datetime]
    awaited: tuple[type[Exception], ...]
    source: str


class Inbox:
    """Listens to the channels until told to stop."""

    def __init__(self, cluster: Cluster, topics: InboundTopics, doors: Doors, group: str) -> None:
        self.cluster = cluster
        self.topics = topics
        self.doors = doors
        self.group = group

    def run(self, stop: Event) -> None:
        """Take messages in. What is away is waited for, and said with the settings to look at."""
        wait = FIRST_WAIT_S
        while not stop.is_set():
            try:
                self._listen(stop)
                wait = FIRST_WAIT_S
            except (KafkaUnreachable, TopicMissing, AnswersNotDelivered) as away:
                logger.warning("trying again", error=type(away).__name__, detail=str(away), retry_in_s=wait)
                stop.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)

    def _listen(self, stop: Event) -> None:
        complaints = Complaints(self.cluster)
        settings = self.cluster.librdkafka(complaints)
        try:
            ready(AdminClient(settings), self.topics)
        except KafkaException as error:
            raise complaints.unreachable(error) from error
        consumer = Consumer({**settings, **consuming(self.group)})
        producer = Producer({**settings, **PRODUCING})
        try:
            consumer.subscribe(list(self.topics.by_name))
            logger.info("listening", topics=list(self.topics.by_name), group=self.group)
            while not stop.is_set():
                if records := taken(consumer):
                    self._take([message(each, self.topics.by_name) for each in records], producer, stop)
                    if not stop.is_set():
                        commit(consumer, records)
        except KafkaException as error:
            raise complaints.unreachable(error) from error
        finally:
            consumer.close()

    def _take(self, messages: Sequence[Message], producer: Producer, stop: Event) -> None:
        now = self.doors.now()
        letters = [read(each, now) for each in messages]
        asked = [each for each in letters if isinstance(each, Told)]
        answers = self._recorded(asked, stop)
        if len(answers) < len(asked):
            return
        failed: list[KafkaError] = []

        def delivered(error: KafkaError | None, _record: Any) -> None:
            if error is not None:
                failed.append(error)

        for told, answer in zip(asked, answers, strict=True):
            headers = cast(Any, headers_of(told, answer, self.doors.source, now))
            body = body_of(told, answer)
            producer.produce(self.topics.answers, body, told.subject.encode(), headers=headers, on_delivery=delivered)
            producer.poll(0)
        alarms = [bad_of(told, answer) for told, answer in zip(asked, answers, strict=True) if is_alarm(answer)]
        for bad in (*(each for each in letters if isinstance(each, Bad)), *alarms):
            tell(bad)
            headers = cast(Any, letter_headers(bad.message, bad.reason, bad.detail, now))
            letter, key = bad.message.value, bad.message.key
            producer.produce(self.topics.dead_letters, letter, key, headers=headers, on_delivery=delivered)
        if producer.flush(FLUSH_WITHIN_S) or failed:
            why = failed[0].str() if failed else f"not within {FLUSH_WITHIN_S:.0f} s"
            raise AnswersNotDelivered(f"answers to {self.topics.answers} or {self.topics.dead_letters}: {why}")

    def _recorded(self, asked: Sequence[Told], stop: Event) -> list[Answer]:
        """The ledger's answers. A ledger that is away is asked again, the same; told to stop meanwhile, there are none."""
        wait = FIRST_WAIT_S
        while asked and not stop.is_set():
            try:
                return list(self.doors.record((each.command_id, each.command) for each in asked))
            except self.doors.awaited as away:
                logger.warning("ledger away", error=type(away).__name__, retry_in_s=wait)
                stop.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
        return []


PRODUCING: Final = {
    "enable.idempotence": True,
    "linger.ms": 5,
    "message.max.bytes": LARGEST_LETTER,
    "compression.type": "lz4",
}


def consuming(group: str) -> dict[str, Any]:
    return {
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": 10_000,
        "max.partition.fetch.bytes": LARGEST_LETTER,
    }


def taken(consumer: Consumer) -> list[Record]:
    """The records that are there, at most so many; waits a little for the first. Raises `KafkaException`."""
    first = consumer.poll(POLL_S)
    if first is None:
        return []
    found = [first, *consumer.consume(AT_ONCE - 1, 0.0)]
    for each in found:
        if (error := each.error()) is not None:
            raise KafkaException(error)
    return found


def message(record: Record, channels: dict[str, Channel]) -> Message:
    topic = str(record.topic())
    given = cast(list[tuple[str, str | bytes | None]], record.headers() or [])
    headers = tuple((name, as_bytes(value)) for name, value in given)
    partition, offset = cast(int, record.partition()), cast(int, record.offset())
    return Message(topic, channels[topic], partition, offset, as_bytes(record.key()), headers, as_bytes(record.value()))


def as_bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def commit(consumer: Consumer, records: Iterable[Record]) -> None:
    """Commit how far the partitions are done. One that is another's by now will be read again there, harmlessly."""
    done: dict[tuple[str, int], int] = {}
    for each in records:
        done[str(each.topic()), cast(int, each.partition())] = cast(int, each.offset()) + 1
    try:
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in done.items()]
        consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException as error:
        logger.warning("offsets not committed", error=error.args[0].name())


def tell(bad: Bad) -> None:
    where = {"topic": bad.message.topic, "partition": bad.message.partition, "offset": bad.message.offset}
    logger.error("dead letter", reason=bad.reason, **where)
