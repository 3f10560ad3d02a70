"""The topic as an auditor reads it: every partition in its own order, a bounded stretch of each in memory."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Self, cast

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from consumers.checkpoint import END, TIMED_OUT
from consumers.cluster import ANSWER_WITHIN_S
from consumers.log import content_hash

AT_ONCE: Final = 1_000
MOST_AHEAD: Final = 4_000
"""A partition with so many records in memory waits for the others."""

POSITION: Final = "ce_ledgerposition"


@dataclass(frozen=True, slots=True)
class Held:
    """A record that the topic holds. `position` is 0 when it names none."""

    position: int
    partition: int
    offset: int
    content: str

    @classmethod
    def of(cls, message: Message) -> Self:
        headers = cast(list[tuple[str, bytes]], message.headers() or [])
        told = dict(headers).get(POSITION) or b""
        content = content_hash(message.key() or b"", message.value() or b"", headers)
        position = int(told) if told.isdigit() else 0
        return cls(position, message.partition() or 0, message.offset() or 0, content)


@dataclass(slots=True)
class Partition:
    """`end` is the offset up to which it is read in this round."""

    number: int
    next_offset: int
    end: int = 0
    ahead: deque[Held] = field(default_factory=deque)
    paused: bool = False

    @property
    def is_read(self) -> bool:
        """Whether all of the round was read, if not yet looked at."""
        return self.next_offset >= self.end


@dataclass(slots=True)
class Partitions:
    """All partitions of a topic, read side by side. Give it a consumer of committed records that tells of ends."""

    consumer: Consumer
    topic: str
    parts: dict[int, Partition] = field(default_factory=dict)

    def start(self, at_ms: int | None) -> None:
        """Begin with what was recorded at the time in milliseconds or later; at the start of the topic if None."""
        found = self.consumer.list_topics(self.topic, timeout=ANSWER_WITHIN_S).topics[self.topic]
        if found.error is not None:
            raise KafkaException(found.error)
        starts = [TopicPartition(self.topic, number, at_ms or 0) for number in sorted(found.partitions)]
        if at_ms is not None:
            starts = self.consumer.offsets_for_times(starts, timeout=ANSWER_WITHIN_S)
        for each in starts:
            first, end = self.consumer.get_watermark_offsets(each, timeout=ANSWER_WITHIN_S)
            each.offset = max(first, each.offset) if each.offset >= 0 else end
            self.parts[each.partition] = Partition(each.partition, each.offset)
        self.consumer.assign(starts)

    def begin_round(self) -> None:
        """Read up to what is there now."""
        for part in self.parts.values():
            where = TopicPartition(self.topic, part.number)
            part.end = self.consumer.get_watermark_offsets(where, timeout=ANSWER_WITHIN_S)[1]

    def fill(self) -> None:
        """Read until every partition has a record to look at, or has none left in this round."""
        while any(not part.ahead and not part.is_read for part in self.parts.values()):
            self._read()

    def drained(self) -> bool:
        return all(not part.ahead and part.is_read for part in self.parts.values())

    def _read(self) -> None:
        message = self.consumer.poll(ANSWER_WITHIN_S)
        if message is None:
            raise KafkaException(TIMED_OUT)
        for each in (message, *self.consumer.consume(AT_ONCE, 0)):
            self._take(each)
        for part in self.parts.values():
            wanted = len(part.ahead) > MOST_AHEAD
            if wanted != part.paused:
                part.paused = wanted
                (self.consumer.pause if wanted else self.consumer.resume)([TopicPartition(self.topic, part.number)])

    def _take(self, message: Message) -> None:
        part, error = self.parts[message.partition() or 0], message.error()
        if error is None:
            part.ahead.append(Held.of(message))
            part.next_offset = (message.offset() or 0) + 1
        elif error.code() == END:
            part.next_offset = max(part.next_offset, message.offset() or 0)
        else:
            raise KafkaException(error)
