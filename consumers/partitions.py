"""The topic as an auditor reads it: every partition in its own order, a bounded stretch of each in memory."""

from collections import deque
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from consumers.checkpoint import POLL_MS
from consumers.log import content_hash
from consumers.publisher import TRANSACTION_MS

MOST_AHEAD: Final = 4_000
"""A partition with so many records in memory waits for the others."""

READ_WITHIN_S: Final = 2 * TRANSACTION_MS / 1_000
"""A relay that is gone keeps readers from what is written after it until Kafka ends its transaction."""

POSITION: Final = "ce_ledgerposition"


@dataclass(frozen=True, slots=True)
class Held:
    """A record that the topic holds. `position` is 0 when it names none."""

    position: int
    partition: int
    offset: int
    content: str

    @classmethod
    def of(cls, record: Any) -> Self:
        told = dict(record.headers).get(POSITION) or b""
        content = content_hash(record.key or b"", record.value or b"", record.headers)
        return cls(int(told) if told.isdigit() else 0, record.partition, record.offset, content)


@dataclass(slots=True)
class Partition:
    """`end` is the offset up to which it is read in this round."""

    where: TopicPartition
    next_offset: int
    end: int = 0
    ahead: deque[Held] = field(default_factory=deque)

    @property
    def is_read(self) -> bool:
        """Whether all of the round was read, if not yet looked at."""
        return self.next_offset >= self.end


@dataclass(slots=True)
class Partitions:
    """All partitions of a topic, read side by side. Give it a consumer of committed records."""

    consumer: KafkaConsumer
    admin: KafkaAdminClient
    topic: str
    parts: dict[TopicPartition, Partition] = field(default_factory=dict)

    def start(self, at_ms: int | None) -> None:
        """Begin with what was recorded at the time in milliseconds or later; at the start of the topic if None.

        Raises `UnknownTopicOrPartitionError` if there is no such topic.
        """
        wanted = [TopicPartition(self.topic, each) for each in sorted(self.consumer.partitions_for_topic(self.topic))]
        if not wanted:
            raise UnknownTopicOrPartitionError(self.topic)
        starts = self.consumer.beginning_offsets(wanted)
        if at_ms is not None:
            ends = self.consumer.end_offsets(wanted)
            found = self.consumer.offsets_for_times(dict.fromkeys(wanted, at_ms))
            starts = {each: found[each].offset if found[each] else ends[each] for each in wanted}
        self.consumer.assign(wanted)
        for each in wanted:
            self.consumer.seek(each, starts[each])
            self.parts[each] = Partition(each, starts[each])

    def begin_round(self) -> None:
        """Read up to what is written now, committed or not.

        A transaction is committed in one partition a moment before it is in the next: the last offset committed may lie
        before events that a checkpoint already answers for.
        """
        for where, written in self.admin.list_partition_offsets(dict.fromkeys(self.parts, OffsetSpec.LATEST)).items():
            self.parts[where].end = written.offset

    def fill(self) -> None:
        """Read until every partition has a record to look at, or has none left in this round.

        Raises `KafkaTimeoutError` when nothing comes.
        """
        deadline = monotonic() + READ_WITHIN_S
        while any(not part.ahead and not part.is_read for part in self.parts.values()):
            if self._read():
                deadline = monotonic() + READ_WITHIN_S
            elif monotonic() > deadline:
                raise KafkaTimeoutError(f"nothing more can be read of {self.topic} for {READ_WITHIN_S:.0f} s")

    def _read(self) -> bool:
        """Take what has come. Returns whether anything has: a marker of a transaction moves on without a record."""
        self._listen_where_there_is_room()
        moved = False
        for where, records in self.consumer.poll(timeout_ms=POLL_MS).items():
            self.parts[where].ahead.extend(map(Held.of, records))
        for where in self.consumer.assignment():
            position = self.consumer.position(where)
            moved = moved or position != self.parts[where].next_offset
            self.parts[where].next_offset = position
        return moved

    def _listen_where_there_is_room(self) -> None:
        """Let the consumer read those partitions that are not far ahead of the others, each from where it was left.

        They are assigned, not paused and resumed: what the library holds of a paused partition it may never give again.
        """
        wanted = {where for where, part in self.parts.items() if len(part.ahead) <= MOST_AHEAD}
        if wanted != self.consumer.assignment():
            self.consumer.assign(sorted(wanted))
            for where in wanted:
                self.consumer.seek(where, self.parts[where].next_offset)
