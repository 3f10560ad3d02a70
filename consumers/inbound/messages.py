"""Reading a message of another system: the command that it stands for, or why it is none. Pure; nothing is raised.

A message is a CloudEvent, in binary or in structured mode, whose data are the command's fields. `source` and `id` are the
command's id, `time` is when it happened, `subject` is what it is about, and the record's key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from domain.commands import AnyCommand, parse
from domain.fact import CommandId, CommandOnOrganisation
from domain.refusals import Refusal

LARGEST: Final = 1024 * 1024
"""Bytes of the largest message that is read."""

TOLERANCE: Final = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""

Channel = Literal["payments", "visits", "people", "leads"]
CHANNELS: Final[tuple[Channel, ...]] = ("payments", "visits", "people", "leads")

TYPES: Final[dict[str, tuple[Channel, str]]] = {
    "payment.received.v1": ("payments", "receive-payment"),
    "payment.refunded.v1": ("payments", "refund-payment"),
    "visit.made.v1": ("visits", "record-visit"),
    "person.joined.v1": ("people", "join-rep"),
    "person.moved.v1": ("people", "transfer-rep"),
    "person.left.v1": ("people", "leave-rep"),
    "lead.found.v1": ("leads", "register-lead"),
}
"""What a message may be, the channel it comes by, and the command that it stands for."""

NEEDED: Final = ("specversion", "id", "source", "type", "subject", "time")
OURS: Final = frozenset({"name", "at", "actor", "reason", "causation"})
"""Fields of every command that a message does not say in its data."""

STRUCTURED: Final = "application/cloudevents+json"

OF_A_PERSON: Final = re.compile(
    r"(?<!\w)1[3-9]\d{9}(?!\w)|(?<!\w)\d{17}[\dXx](?!\w)|[\w.+-]+@[\w-]+\.[a-z]{2,}|(?<!\w)\+\d{10,14}(?!\w)"
)
"""A mobile number, an identity card, a mail address, an international number."""

NUMBERS_OF_OTHERS: Final = frozenset({"external_id"})
"""Fields with numbers that others give, as a bank does to its receipts."""

COMMAND_ID: Final[TypeAdapter[str]] = TypeAdapter(CommandId)


@dataclass(frozen=True, slots=True)
class Message:
    """A record as Kafka gave it."""

    topic: str
    channel: Channel
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Told:
    """A message that can be asked of the ledger. `subject` is the record's key."""

    message: Message
    source: str
    id: str
    subject: str
    command_id: str
    command: AnyCommand


@dataclass(frozen=True, slots=True)
class Bad:
    """A message that stands for no command. `reason` is a stable code; `detail` says more, and never a value."""

    message: Message
    reason: str
    detail: str


class Unfit(ValueError):
    """Why a message stands for no command."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read(message: Message, now: datetime) -> Told | Bad:
    """Read a message, at a time by our clock."""
    try:
        return told(message, now)
    except Unfit as unfit:
        return Bad(message, unfit.reason, unfit.detail)


def told(message: Message, now: datetime) -> Told:
    if message.value is None:
        raise Unfit("no-value", "A tombstone: what was told is not untold.")
    if len(message.value) > LARGEST:
        raise Unfit("too-large", f"{len(message.value)} bytes, at most {LARGEST}.")
    attributes, data = parts_of(message)
    if missing := [name for name in NEEDED if not attributes.get(name)]:
        raise Unfit("not-a-cloudevent", f"Without {', '.join(missing)}.")
    if attributes["specversion"] != "1.0":
        raise Unfit("not-a-cloudevent", "Of another version than 1.0.")
    name = command_name(attributes["type"], message.channel)
    command_id = checked_id(f"{attributes['source']}#{attributes['id']}")
    at = when(attributes["time"])
    if at > now + TOLERANCE:
        raise Unfit("time-ahead", f"It says to have happened at {at.isoformat()}; it is {now.isoformat()}.")
    if not isinstance(data, dict) or not all(isinstance(field, str) for field in data):
        raise Unfit("malformed", "The data are no JSON object.")
    if taken := sorted(OURS & data.keys()):
        raise Unfit("malformed", f"The data may not say {', '.join(taken)}.")
    command = parse({**data, "name": name, "at": at})
    if isinstance(command, Refusal):
        raise Unfit(str(command.code), command.detail or command.rule)
    if exposed := sorted(set(in_the_open(command))):
        raise Unfit(
            "personal-in-the-open", f"What looks like a person's number or address stands in {', '.join(exposed)}."
        )
    subject = attributes["subject"]
    if subject != about(command) or message.key != subject.encode():
        raise Unfit("key-not-subject", f"Key and subject are to be {about(command)!r}, which the data are about.")
    return Told(message, attributes["source"], attributes["id"], subject, command_id, command)


def parts_of(message: Message) -> tuple[dict[str, str], Any]:
    """The attributes and the data of a message, from either mode. Raises `Unfit`."""
    assert message.value is not None, "asked before"
    headers = {name: text_of(value) for name, value in message.headers if value is not None}
    body = json_of(message.value)
    if not headers.get("content-type", "").startswith(STRUCTURED):
        return {name.removeprefix("ce_"): value for name, value in headers.items() if name.startswith("ce_")}, body
    if not isinstance(body, dict):
        raise Unfit("not-a-cloudevent", "In structured mode the value is a JSON object.")
    return {name: value for name, value in body.items() if isinstance(value, str) and name != "data"}, body.get("data")


def text_of(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Unfit("not-a-cloudevent", "A header is no UTF-8.") from error


def json_of(value: bytes) -> Any:
    try:
        return from_json(value)
    except ValueError as error:
        raise Unfit("not-json", "The value is no JSON.") from error


def command_name(kind: str, channel: Channel) -> str:
    """The name of the command that a type stands for on a channel. Raises `Unfit`."""
    found = TYPES.get(kind)
    if found is None:
        name = kind.rpartition(".")[0]
        versions = [known for known in TYPES if known.rpartition(".")[0] == name]
        if versions:
            raise Unfit("unknown-version", f"Known: {', '.join(versions)}.")
        raise Unfit("unknown-type", f"Known: {', '.join(TYPES)}.")
    if found[0] != channel:
        raise Unfit("wrong-topic", f"Messages of this type come by the topic of {found[0]}.")
    return found[1]


def checked_id(command_id: str) -> str:
    try:
        return COMMAND_ID.validate_python(command_id)
    except ValidationError as error:
        detail = "source#id has 1 to 200 letters, digits, or any of . : @ / # _ -"
        raise Unfit("id-malformed", detail) from error


def when(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unfit("not-a-cloudevent", "The time is none of RFC 3339.") from error
    if at.tzinfo is None:
        raise Unfit("not-a-cloudevent", "The time has no zone.")
    return at


def about(command: AnyCommand) -> str:
    """What a command is about: the key by which its messages are in order."""
    if isinstance(command, CommandOnOrganisation):
        return f"rep/{getattr(command, 'rep', '')}"
    return command.stream


def in_the_open(command: AnyCommand) -> Iterator[str]:
    """Fields that are not for personal values and look as if they held one."""
    for name in type(command).model_fields:
        value = getattr(command, name)
        if name not in NUMBERS_OF_OTHERS and isinstance(value, str) and OF_A_PERSON.search(value):
            yield name
