"""Events written down as Kafka keeps them: records of one partition, one behind the other."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from kafka.partitioner.default import murmur2

from consumers.log import Outgoing

NO_ATTRIBUTES: Final = b"\0"
MOST_FRAME: Final = 20
"""No record has more bytes before its key: length, attributes, time and offset."""


@dataclass(slots=True)
class Batch:
    """Records of one partition in order, in Kafka's format 2, the one that has headers and transactions.

    `size` is their bytes together, `largest` those of the largest; times are in milliseconds.
    """

    partition: int
    first_ms: int
    last_ms: int
    records: list[bytes] = field(default_factory=list)
    count: int = 0
    size: int = 0
    largest: int = 0

    def add(self, at_ms: int, body: bytes) -> None:
        """Write a record behind the others. Its time and its offset are told from those of the first."""
        told = NO_ATTRIBUTES + varint(at_ms - self.first_ms) + varint(self.count)
        length = len(told) + len(body)
        framed = varint(length)
        self.records += (framed, told, body)
        size = len(framed) + length
        self.count += 1
        self.size += size
        self.largest = max(self.largest, size)
        self.last_ms = max(self.last_ms, at_ms)


def packed(events: Iterable[Outgoing], partitions: int, most: int) -> list[Batch]:
    """Events in batches of at most `most` bytes; one that takes more has a batch of its own. Order is kept by partition."""
    done: list[Batch] = []
    filling: dict[int, Batch] = {}
    for event in events:
        body, partition = body_of(event), partition_of(event.key, partitions)
        batch = filling.get(partition)
        if batch is None or batch.size + len(body) + MOST_FRAME > most:
            batch = filling[partition] = Batch(partition, event.at_ms, event.at_ms)
            done.append(batch)
        batch.add(event.at_ms, body)
    return done


def body_of(event: Outgoing) -> bytes:
    """Key, value and headers, each behind its length."""
    key, value, headers = event.key, event.value, event.headers
    parts = [varint(len(key)), key, varint(len(value)), value, varint(len(headers))]
    for name, told in headers:
        parts += (name_of(name), varint(len(told)), told)
    return b"".join(parts)


@lru_cache(1_024)
def name_of(header: str) -> bytes:
    told = header.encode()
    return varint(len(told)) + told


@lru_cache(65_536)
def varint(number: int) -> bytes:
    """A number as Kafka writes it: zigzag, seven bits a byte, the lowest first.

    >>> [varint(each).hex() for each in (0, -1, 63, 64, 300)]
    ['00', '01', '7e', '8001', 'd804']
    """
    rest = (number << 1) ^ (number >> 63)
    written = bytearray()
    while rest > 0x7F:
        written.append(0x80 | rest & 0x7F)
        rest >>= 7
    written.append(rest)
    return bytes(written)


@lru_cache(65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients would put the key; remembered, for Python takes its time over it."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
