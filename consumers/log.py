"""The log as the relay and the auditor read it: events in the form in which Kafka holds them, by position without a gap."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, LiteralString, NamedTuple

from psycopg import Connection
from pydantic_core import from_json

from consumers.cloudevent import CONTENT, FACT, SPEC_VERSION, beginning, in_utc, trace_of

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
    """One event as a Kafka record. `at_ms` is when it was recorded, `chain` the hash of the log up to here."""

    position: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    at_ms: int
    chain: bytes

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


SPEC: Final = ("ce_specversion", SPEC_VERSION.encode())


def outgoing(position: int, record: str, chain: bytes, source: tuple[str, bytes]) -> Outgoing:
    """A stored text as a record: what `published` gives with its headers, made at once, for a back-fill makes millions."""
    cut = record.index(FACT)
    told: dict[str, Any] = from_json(f"{record[:cut]}}}")
    data = record[cut + len(FACT) : -1]
    kind, at = beginning(data)
    key, recorded = told["stream"].encode(), told["recorded_at"]
    headers = [
        SPEC,
        ("ce_id", told["event_id"].encode()),
        source,
        kind_header(kind),
        ("ce_subject", key),
        ("ce_time", in_utc(at).encode()),
        ("ce_recordedtime", recorded.encode()),
        ("ce_ledgerposition", b"%d" % position),
        ("ce_streamversion", b"%d" % told["version"]),
        ("ce_actor", told["actor"].encode()),
        ("ce_commandid", told["command_id"].encode()),
    ]
    headers += [(f"ce_{name}", told[name].encode()) for name in ("causation", "reason") if told[name]]
    headers += [*trace_of(told["causation"]), CONTENT]
    return Outgoing(position, key, data.encode(), headers, milliseconds(recorded), chain)


@lru_cache(1_024)
def kind_header(kind: str) -> tuple[str, bytes]:
    return "ce_type", kind.encode()


@lru_cache(1_024)
def milliseconds(recorded: str) -> int:
    """What a batch recorded together has in common."""
    return int(datetime.fromisoformat(recorded).timestamp() * 1_000)


def read(connection: Connection[Any], source: str, after: int, limit: int) -> list[Outgoing]:
    """At most `limit` events beyond the position."""
    rows = connection.execute(EVENTS, (after, limit)).fetchall()
    header = ("ce_source", source.encode())
    return [outgoing(position, record, chain, header) for position, record, chain in rows]


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
