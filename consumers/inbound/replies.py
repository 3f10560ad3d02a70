"""What a message is answered: a result for its sender, or a dead letter for whoever mends it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

from pydantic_core import to_json

from consumers.cloudevent import CONTENT_TYPE, SPEC_VERSION
from consumers.inbound.messages import Bad, Message, Told
from domain.refusals import Code, Refusal

ACCEPTED: Final = "command-accepted.v1"
REFUSED: Final = "command-refused.v1"
MARK: Final = "dead_"
"""What the headers begin with that a dead letter has beside its own."""
SEALED: Final = f"{MARK}sealed"
"""The header of a dead letter whose value opens only with the ledger's key: what was sent may tell of a person."""

Headers = list[tuple[str, bytes | None]]


class Answer(Protocol):
    """What the ledger answers to a command."""

    @property
    def positions(self) -> range: ...

    @property
    def refusal(self) -> Refusal | None: ...

    @property
    def repeated(self) -> bool: ...


def is_alarm(answer: Answer) -> bool:
    """Whether a message came with the id of another that said something else."""
    return answer.refusal is not None and answer.refusal.code == Code.COMMAND_ID_REUSED


def headers_of(told: Told, answer: Answer, source: str, now: datetime) -> Headers:
    """The result's attributes. Its id follows from the message's, so that a repeated result can be told."""
    attributes = {
        "specversion": SPEC_VERSION,
        "id": f"answer:{told.command_id}",
        "source": source,
        "type": REFUSED if answer.refusal else ACCEPTED,
        "subject": told.subject,
        "time": now.isoformat(),
    }
    return [
        *((f"ce_{name}", value.encode()) for name, value in attributes.items()),
        ("content-type", CONTENT_TYPE.encode()),
    ]


def body_of(told: Told, answer: Answer) -> bytes:
    """The result: which message it answers, the positions recorded because of it, and the refusal with its code and rule."""
    refusal = answer.refusal
    said: dict[str, object] = {
        "source": told.source,
        "id": told.id,
        "first": answer.positions[0] if answer.positions else None,
        "last": answer.positions[-1] if answer.positions else None,
        "repeated": answer.repeated,
    }
    if refusal:
        said["refusal"] = {"rule": refusal.rule, **refusal.model_dump(mode="json", exclude_none=True)}
    return to_json(said)


def letter_headers(message: Message, reason: str, detail: str, now: datetime) -> Headers:
    """A dead letter's headers: the message's own, then why and from where."""
    told = {
        "reason": reason,
        "detail": detail,
        "topic": message.topic,
        "partition": str(message.partition),
        "offset": str(message.offset),
        "at": now.isoformat(),
    }
    return [*message.headers, *((f"{MARK}{name}", value.encode()) for name, value in told.items())]


def letter_of(bad: Bad, seal: Callable[[bytes], bytes], now: datetime) -> dict[str, Any]:
    """The dead letter of a message as it is sent: its value sealed, key and headers as they were."""
    headers = letter_headers(bad.message, bad.reason, bad.detail, now)
    value = bad.message.value
    if value is None:
        return {"value": None, "key": bad.message.key, "headers": headers}
    return {"value": seal(value), "key": bad.message.key, "headers": [*headers, (SEALED, b"yes")]}


def bad_of(told: Told, answer: Answer) -> Bad:
    """The dead letter of a message that came under the id of another."""
    return Bad(told.message, str(Code.COMMAND_ID_REUSED), str(answer.refusal))
