"""The inbox: messages of other systems become commands, in order by key, in batches that the ledger commits together.

Offsets are committed only once the ledger has recorded and the answers are with Kafka. Whatever happens in between, messages
come again, and their commands are the same commands: nothing is recorded twice, and answers repeat under the same id.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, Final

import structlog
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from consumers.cluster import Cluster
from consumers.inbound.messages import Bad, Message, Told, read
from consumers.inbound.replies import Answer, bad_of, body_of, headers_of, is_alarm, letter_of
from consumers.inbound.topics import LARGEST_LETTER, InboundTopics, ready
from domain.commands import AnyCommand

RecordCommands = Callable[[Iterable[tuple[str, AnyCommand]]], Iterator[Answer]]
"""Records many commands, given with their ids, in durable batches, and answers them in order."""

AT_ONCE: Final = 2_048
POLL_MS: Final = 500
FLUSH_WITHIN_S: Final = 30.0
CLOSE_WITHIN_S: Final = 10.0
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0

LOOK_AT: Final = "LEDGER_KAFKA_BOOTSTRAP, LEDGER_KAFKA_SECURITY, LEDGER_KAFKA_SASL_*, LEDGER_KAFKA_PREFIX"

CONSUMING: Final[dict[str, Any]] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "allow_auto_create_topics": False,
    "max_partition_fetch_bytes": LARGEST_LETTER,
    "session_timeout_ms": 10_000,
    "bootstrap_timeout_ms": 10_000,
    "metrics_enabled": False,
}
PRODUCING: Final[dict[str, Any]] = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 5,
    "batch_size": 262_144,
    "max_request_size": 2 * LARGEST_LETTER,
    "allow_auto_create_topics": False,
    "bootstrap_timeout_ms": 10_000,
    "metrics_enabled": False,
}

logger: Final = structlog.get_logger("inbox")


class AnswersNotDelivered(ConnectionError):
    """Kafka has not taken the answers in time; the messages will come again."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the inbox needs of the ledger. `awaited` are the errors after which the same commands may be asked again.

    `seal` makes of a dead letter's value what only the ledger reads.
    """

    record: RecordCommands
    now: Callable[[], datetime]
    awaited: tuple[type[Exception], ...]
    source: str
    seal: Callable[[bytes], bytes] = bytes


class Inbox:
    """Listens to the channels until told to stop."""

    def __init__(
        self, cluster: Cluster, topics: InboundTopics, doors: Doors, group: str, member: str | None = None
    ) -> None:
        """`member` is a name of this process that lasts: started again under it, it gets its partitions back at once."""
        self.cluster = cluster
        self.topics = topics
        self.doors = doors
        self.membership = {"group_id": group, "group_instance_id": member}

    def run(self, stop: Event) -> None:
        """Take messages in. What is away is waited for, and said with the settings to look at."""
        wait = FIRST_WAIT_S
        while not stop.is_set():
            try:
                self._listen(stop)
                wait = FIRST_WAIT_S
            except (KafkaError, OSError) as away:
                told = {"error": type(away).__name__, "detail": str(away)[:500], "retry_in_s": wait}
                where = {"bootstrap": self.cluster.bootstrap, "hint": LOOK_AT}
                logger.warning("trying again", topics=list(self.topics.by_name), **told, **where)
                stop.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)

    def _listen(self, stop: Event) -> None:
        settings = self.cluster.kafka_python()
        ready(self.cluster, self.topics)
        consumer = KafkaConsumer(*self.topics.by_name, **self.membership, **{**settings, **CONSUMING})
        try:
            producer = KafkaProducer(**{**settings, **PRODUCING})
            try:
                logger.info("listening", topics=list(self.topics.by_name), **self.membership)
                while not stop.is_set():
                    fetched = consumer.poll(timeout_ms=POLL_MS, max_records=AT_ONCE)
                    records = [record for of_partition in fetched.values() for record in of_partition]
                    if records and self._take([self._message(each) for each in records], producer, stop):
                        commit(consumer, fetched)
            finally:
                producer.close(timeout=CLOSE_WITHIN_S)
        finally:
            consumer.close(autocommit=False)

    def _message(self, record: Any) -> Message:
        channel = self.topics.by_name[record.topic]
        headers = tuple(record.headers)
        return Message(record.topic, channel, record.partition, record.offset, record.key, headers, record.value)

    def _take(self, messages: Sequence[Message], producer: KafkaProducer, stop: Event) -> bool:
        """Have messages recorded and answered. False if told to stop before the ledger was there."""
        now = self.doors.now()
        letters = [read(each, now) for each in messages]
        asked = [each for each in letters if isinstance(each, Told)]
        answers = self._recorded(asked, stop)
        if len(answers) < len(asked):
            return False
        sent = []
        for told, answer in zip(asked, answers, strict=True):
            headers = headers_of(told, answer, self.doors.source, now)
            key = told.subject.encode()
            sent.append(producer.send(self.topics.answers, body_of(told, answer), key=key, headers=headers))
        alarms = [bad_of(told, answer) for told, answer in zip(asked, answers, strict=True) if is_alarm(answer)]
        for bad in (*(each for each in letters if isinstance(each, Bad)), *alarms):
            tell(bad)
            letter = letter_of(bad, self.doors.seal, now)
            sent.append(producer.send(self.topics.dead_letters, partition=0, **letter))
        producer.flush(timeout=FLUSH_WITHIN_S)
        for each in sent:
            if not each.succeeded():
                why = each.exception or f"not within {FLUSH_WITHIN_S:.0f} s"
                raise AnswersNotDelivered(f"answers to {self.topics.answers} or {self.topics.dead_letters}: {why}")
        return True

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


def commit(consumer: KafkaConsumer, fetched: Mapping[TopicPartition, Sequence[Any]]) -> None:
    """Commit how far the partitions are done. One that is another's by now will be read again there, harmlessly."""
    done = {each: OffsetAndMetadata(records[-1].offset + 1, "", -1) for each, records in fetched.items() if records}
    try:
        consumer.commit(done)
    except KafkaError as error:
        logger.warning("offsets not committed", error=type(error).__name__)


def tell(bad: Bad) -> None:
    where = {"topic": bad.message.topic, "partition": bad.message.partition, "offset": bad.message.offset}
    logger.error("dead letter", reason=bad.reason, **where)
