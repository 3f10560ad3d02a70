"""An event as a subscriber gets it, read from what Kafka or the feed delivered; or why it cannot be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import from_json

from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds import KINDS

F_co = TypeVar("F_co", bound=Fact, covariant=True)

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the largest event that is read; the ledger's own are far smaller."""

NEEDED: Final = frozenset({"ce_id", "ce_source", "ce_type", "ce_subject", "ce_ledgerposition", "ce_streamversion"})

APART: Final = "\x1f"
"""Stands between texts that travel together; no text of a delivery has it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record as it came: where from, its key, its headers as text, and its bytes. `offset` counts within `part`.

    Events of the HTTP feed come as the part 0 of a topic named `feed`, their positions for offsets.
    """

    topic: str
    part: int
    offset: int
    key: str
    headers: Mapping[str, str]
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Event(Generic[F_co]):
    """One event. `data` is typed by its kind; None for a kind that this version of the library does not know.

    `position` counts all events of the ledger from 1 without a gap, `version` those of the `stream`. `occurred_at` is when it
    happened, `recorded_at` when the ledger came to know it. `data` of unknown kinds can be read from `delivery.value`.
    """

    id: str
    source: str
    kind: str
    stream: str
    version: int
    position: int
    data: F_co
    delivery: Delivery

    @property
    def occurred_at(self) -> datetime:
        return datetime.fromisoformat(self.delivery.headers["ce_time"])

    @property
    def recorded_at(self) -> datetime:
        return datetime.fromisoformat(self.delivery.headers["ce_recordedtime"])

    @property
    def actor(self) -> str:
        return self.delivery.headers["ce_actor"]

    @property
    def reason(self) -> str | None:
        return self.delivery.headers.get("ce_reason")

    @property
    def is_known(self) -> bool:
        """Whether this version of the library knows the kind."""
        return self.data is not None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no event. `reason` is a stable code, `detail` says more, and never a value."""

    delivery: Delivery
    reason: str
    detail: str = ""


def read(delivery: Delivery) -> Event[Fact] | Unreadable:
    """Read a record. What is wrong with it is its answer: nothing is raised."""
    headers, value = delivery.headers, delivery.value
    if value is None:
        return Unreadable(delivery, "no-value", "A tombstone: events are never deleted.")
    if len(value) > LARGEST:
        return Unreadable(delivery, "too-large", f"{len(value)} bytes, at most {LARGEST}.")
    if not headers.keys() >= NEEDED:
        return Unreadable(delivery, "not-a-cloudevent", f"Without {', '.join(sorted(NEEDED - headers.keys()))}.")
    if not (headers["ce_id"] and headers["ce_source"] and headers["ce_subject"]):
        return Unreadable(delivery, "not-a-cloudevent", "With an empty id, source or subject.")
    if headers.get("ce_specversion", "1.0") != "1.0":
        return Unreadable(delivery, "not-a-cloudevent", "Of another version than 1.0.")
    if headers["ce_subject"] != delivery.key:
        return Unreadable(delivery, "key-not-subject", "The record's key is not the event's subject.")
    kind = headers["ce_type"]
    model = KINDS.get(kind)
    try:
        version, position = int(headers["ce_streamversion"]), int(headers["ce_ledgerposition"])
        data = model.model_validate_json(value) if model else from_json(value) and None
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
        return Unreadable(delivery, "not-json" if found[0]["type"] == "json_invalid" else "not-the-kind", told)
    except ValueError:
        return Unreadable(delivery, "not-a-cloudevent", "A number or the JSON in it cannot be read.")
    return Event(
        headers["ce_id"],
        headers["ce_source"],
        kind,
        delivery.key,
        version,
        position,
        cast(Fact, data),
        delivery,
    )


def from_feed(told: Mapping[str, Any], value: bytes) -> Delivery:
    """An event of the HTTP feed, in CloudEvents' JSON format, as a delivery; `value` is its data's own text."""
    headers = {f"ce_{name}": str(text) for name, text in told.items() if name != "data"}
    return Delivery("feed", 0, int(told["ledgerposition"]), str(told["subject"]), headers, value)


def legible(text: bytes | None) -> str:
    r"""Bytes as text that any database keeps; what is no UTF-8, NUL and the unit separator as escapes.

    >>> legible(b"deal/D-1"), legible(b"\xff"), legible(None)
    ('deal/D-1', '\\xff', '')
    """
    found = (text or b"").decode("utf-8", "backslashreplace")
    return found.replace("\x00", "\\x00").replace(APART, "\\x1f")


def legible_headers(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    """Headers as text, all of them at once where nothing is wrong with any."""
    try:
        together = APART.encode().join([value for _, value in headers]).decode()  # type: ignore[misc] # None raises
    except (TypeError, UnicodeDecodeError):
        return {name: legible(value) for name, value in headers}
    values = together.split(APART)
    if len(values) != len(headers) or "\x00" in together:
        return {name: legible(value) for name, value in headers}
    return dict(zip([name for name, _ in headers], values, strict=True))
