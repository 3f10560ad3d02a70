"""A recorded fact as others get it: a CloudEvents 1.0 event, the same over Kafka and over HTTP.

The data is the fact's exact stored text, personal fields still sealed; the ledger's envelope becomes attributes.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_core import from_json, to_json

CONTENT_TYPE: Final = "application/json"
SPEC_VERSION: Final = "1.0"
HEADERS: Final = {
    name: f"ce_{name}"
    for name in (
        "specversion", "id", "source", "type", "subject", "time", "recordedtime", "ledgerposition", "streamversion", "actor",
        "commandid", "causation", "reason",
    )
}  # fmt: skip
CONTENT: Final = ("content-type", CONTENT_TYPE.encode())
FACT: Final = ',"fact":'
"""What stands before the fact in a stored text. Quotes in free text are escaped, so its first place is the only one."""

TRACE: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""A `traceparent` of the W3C's trace context, as OpenTelemetry passes it on."""

BEGINNING: Final = re.compile(r'\{"kind":"([^"\\]+)","at":"([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class Published:
    """One event. `key` is its stream, in whose order it is published; `at` is when it was recorded.

    `attributes` are CloudEvents' by their bare names, every value as text, `datacontenttype` left out.
    """

    position: int
    key: str
    at: datetime
    attributes: dict[str, str]
    data: str

    def headers(self) -> list[tuple[str, bytes]]:
        """The attributes as the Kafka binding's binary mode has them."""
        told = [(HEADERS[name], value.encode()) for name, value in self.attributes.items()]
        return [*told, *trace_of(self.attributes.get("causation")), CONTENT]

    def structured(self) -> str:
        """The event in CloudEvents' JSON format, compact and in one line, the data as it is stored."""
        told = {**self.attributes, "datacontenttype": CONTENT_TYPE}
        return f'{to_json(told).decode()[:-1]},"data":{self.data}}}'


def trace_of(causation: str | None) -> list[tuple[str, bytes]]:
    """The header by which tracers go on with the trace in which an event was caused; none where there was none."""
    return [("traceparent", causation.encode())] if causation and TRACE.fullmatch(causation) else []


def source_of(schema: str) -> str:
    """The `source` of a ledger's events."""
    return f"/sales-ledger/{schema}"


def published(position: int, record: str, source: str) -> Published:
    """Make a stored text into the event that others get.

    `time` is when it happened, `recordedtime` when the ledger came to know it; `ledgerposition` counts all events of the
    source from 1 without a gap, `streamversion` those of the subject.
    """
    cut = record.index(FACT)
    told: dict[str, Any] = from_json(f"{record[:cut]}}}")
    data = record[cut + len(FACT) : -1]
    kind, at = beginning(data)
    attributes = {
        "specversion": SPEC_VERSION,
        "id": told["event_id"],
        "source": source,
        "type": kind,
        "subject": told["stream"],
        "time": in_utc(at),
        "recordedtime": told["recorded_at"],
        "ledgerposition": str(position),
        "streamversion": str(told["version"]),
        "actor": told["actor"],
        "commandid": told["command_id"],
    }
    for name in ("causation", "reason"):
        if told[name]:
            attributes[name] = told[name]
    return Published(position, told["stream"], datetime.fromisoformat(told["recorded_at"]), attributes, data)


def beginning(data: str) -> tuple[str, str]:
    """Kind and time of a stored fact, which begins with them; read in full if it does not."""
    if found := BEGINNING.match(data):
        return found[1], found[2]
    fact = from_json(data)
    return fact["kind"], fact["at"]


def in_utc(text: str) -> str:
    """A time in RFC 3339, in UTC.

    >>> in_utc("2024-03-25T11:05:00+08:00")
    '2024-03-25T03:05:00Z'
    """
    if text.endswith("Z"):
        return text
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")
