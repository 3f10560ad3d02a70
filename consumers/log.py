"""The log as the relay and the auditor read it: events in the form in which Kafka holds them, by position without a gap."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import compress
from typing import Any, Final, LiteralString, NamedTuple

from psycopg import Connection
from pydantic_core import from_json

from consumers.cloudevent import CONTENT, FACT, HEADERS, SPEC_VERSION, beginning, in_utc, trace_of

EVENTS: Final[LiteralString] = (
    "SELECT position, record::text, chain FROM event WHERE position > %s ORDER BY position LIMIT %s"
)
HELD: Final[LiteralString] = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) FROM ledger_head"

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Log:
    """`connect` opens a connection in autocommit whose search path is the ledger's; `channel` is where it tells of news."""

    connect: Callable[[], Connection[Any]]
    channel: str
    source: str


class Outgoing(NamedTuple):
    """One event as a Kafka record. `names` and `told` are its headers; a pair for each would keep the garbage collector busy.

    `at_ms` is when it was recorded, `chain` the hash of the log up to here.
    """

    position: int
    key: bytes
    value: bytes
    names: tuple[str, ...]
    told: list[bytes]
    at_ms: int
    chain: bytes

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        return list(zip(self.names, self.told, strict=True))

    @property
    def event_id(self) -> str:
        return dict(self.headers)["ce_id"].decode()

    @property
    def size(self) -> int:
        """Bytes of the record alone in a batch, as Kafka weighs it against `max.message.bytes`."""
        parts = [self.key, self.value, *(part for name, value in self.headers for part in (name.encode(), value))]
        body = 3 + sum(len(part) + varint(len(part)) for part in parts) + varint(len(self.headers))
        return BATCH_OVERHEAD + varint(body) + body


BATCH_OVERHEAD: Final = 61


def varint(number: int) -> int:
    """Bytes of a length as Kafka writes it: zigzag, seven bits a byte.

    >>> [varint(each) for each in (0, 63, 64, 8191, 8192)]
    [1, 1, 2, 2, 3]
    """
    return max(1, -(-(2 * number).bit_length() // 7))


SPEC: Final = SPEC_VERSION.encode()
SOMETIMES: Final = ("ce_causation", "ce_reason", "traceparent")
ALWAYS: Final = tuple(name for name in HEADERS.values() if name not in SOMETIMES)


@lru_cache(8)
def names(causation: bool, reason: bool, trace: bool) -> tuple[str, ...]:
    """The headers of an event, given which of those it has that not all have."""
    return (*ALWAYS, *compress(SOMETIMES, (causation, reason, trace)), CONTENT[0])


def outgoing(position: int, record: str, chain: bytes, source: bytes) -> Outgoing:
    """A stored text as a record: what `published` gives with its headers, made at once, for a back-fill makes millions."""
    cut = record.index(FACT)
    envelope: dict[str, Any] = from_json(f"{record[:cut]}}}")
    data = record[cut + len(FACT) : -1]
    kind, at = beginning(data)
    key, recorded = envelope["stream"].encode(), envelope["recorded_at"]
    causation, reason = envelope["causation"], envelope["reason"]
    told = [
        SPEC,
        envelope["event_id"].encode(),
        source,
        kind.encode(),
        key,
        in_utc(at).encode(),
        recorded.encode(),
        b"%d" % position,
        b"%d" % envelope["version"],
        envelope["actor"].encode(),
        envelope["command_id"].encode(),
    ]
    if causation:
        told.append(causation.encode())
    if reason:
        told.append(reason.encode())
    trace = trace_of(causation)
    told += [value for _, value in trace]
    told.append(CONTENT[1])
    found = names(bool(causation), bool(reason), bool(trace))
    return Outgoing(position, key, data.encode(), found, told, milliseconds(recorded), chain)


@lru_cache(1_024)
def milliseconds(recorded: str) -> int:
    """What a batch recorded together has in common."""
    return int(datetime.fromisoformat(recorded).timestamp() * 1_000)


def read(connection: Connection[Any], source: str, after: int, limit: int) -> list[Outgoing]:
    """At most `limit` events beyond the position."""
    rows = connection.execute(EVENTS, (after, limit)).fetchall()
    told = source.encode()
    return [outgoing(position, record, chain, told) for position, record, chain in rows]


def head(connection: Connection[Any]) -> int:
    """The position of the last event."""
    row = connection.execute("SELECT position FROM ledger_head").fetchone()
    return int(row[0]) if row else 0


def chain_at(connection: Connection[Any], position: int) -> bytes | None:
    """The hash of the log up to a position; None where the log has none."""
    row = connection.execute("SELECT chain FROM event WHERE position = %s", (position,)).fetchone()
    return bytes(row[0]) if row else None


def content_hash(key: bytes, value: bytes, headers: Headers) -> str:
    """SHA-256 over all that a record says, whatever the order of its headers."""
    parts = [key, value, *(part for name, told in sorted(headers) for part in (name.encode(), told))]
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()
