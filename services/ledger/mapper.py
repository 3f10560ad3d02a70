"""Between facts and the text that is stored of them: the envelope, and how each stored kind is read."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, Notification, StoredEvent
from pydantic_core import from_json

from domain.facts import FACT, UPCASTERS, AnyFact
from domain.personal import Seal, Unseal, keep_sealed
from domain.record import Recorded

EVENT_IDS: Final = UUID("6d0f2bde-1c1c-5d0a-9a6b-2f4b0a1c7e55")
"""The namespace of event ids: an event's id follows from its command's id and its place among that command's events."""


NAMESPACE: Final = EVENT_IDS.bytes


class Envelope(NamedTuple):
    """What the ledger puts around the facts of one command. `recorded_at` is written as `stamp` writes it."""

    recorded_at: str
    actor: str
    command_id: str
    causation: str | None
    reason: str | None


def event_id(command_id: str, index: int) -> str:
    """The id of a command's `index`-th event, from 0, as a UUID of version 5. The same command gives the same ids."""
    found = hashlib.sha1(NAMESPACE + f"{command_id}#{index}".encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(found[16], 16) & 3]
    return f"{found[:8]}-{found[8:12]}-5{found[13:16]}-{variant}{found[17:20]}-{found[20:32]}"


def record_text(envelope: Envelope, fact: AnyFact, identity: str, version: int, seal: Seal | None) -> str:
    """The exact text that is stored and hashed: compact JSON in one line, personal fields sealed.

    Ids and names need no escaping by their patterns; free text gets it.
    """
    return (
        f'{{"event_id":"{identity}","stream":"{fact.stream}","version":{version},'
        f'"recorded_at":"{envelope.recorded_at}","actor":"{envelope.actor}",'
        f'"command_id":"{envelope.command_id}","causation":{_text(envelope.causation)},'
        f'"reason":{_text(envelope.reason)},"fact":{fact.model_dump_json(context={"seal": seal})}}}'
    )


def stamp(at: datetime) -> str:
    """A time as the envelope writes it: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_record(position: int, state: bytes | str, unseal: Unseal) -> Recorded:
    """Read a stored text back. Personal fields are opened by `unseal`; give `keep_sealed` to leave them as they are.

    Raises `pydantic.ValidationError` for a text that is none of the known kinds.
    """
    told: dict[str, Any] = from_json(state)
    return Recorded(
        position=position,
        event_id=UUID(told["event_id"]),
        stream=told["stream"],
        version=told["version"],
        recorded_at=datetime.fromisoformat(told["recorded_at"]),
        actor=told["actor"],
        command_id=told["command_id"],
        causation=told["causation"],
        reason=told["reason"],
        fact=read_fact(told["fact"], unseal),
    )


def read_fact(told: Mapping[str, Any], unseal: Unseal) -> AnyFact:
    fact = dict(told)
    while upcast := UPCASTERS.get(fact["kind"]):
        fact = upcast(fact)
    return FACT.validate_python(fact, context={"unseal": unseal})


class FactMapper(Mapper[str]):
    """The library's mapper for recorded facts: `Recorded` on one side, the stored text on the other.

    A stored event that knows its position gives a `Recorded` with it; without one the position is 0.
    """

    def __init__(self, seal: Seal | None = None, unseal: Unseal = keep_sealed) -> None:
        super().__init__(transcoder=JSONTranscoder())
        self._seal = seal
        self._unseal = unseal

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Write a `Recorded` as it is stored. Raises `TypeError` for anything else."""
        if not isinstance(domain_event, Recorded):
            raise TypeError(f"the ledger stores recorded facts, not {type(domain_event).__name__}")
        envelope = Envelope(
            stamp(domain_event.recorded_at),
            domain_event.actor,
            domain_event.command_id,
            domain_event.causation,
            domain_event.reason,
        )
        text = record_text(envelope, domain_event.fact, str(domain_event.event_id), domain_event.version, self._seal)
        return StoredEvent(domain_event.stream, domain_event.version, domain_event.fact.kind, text.encode())

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        """Read a stored event."""
        position = stored_event.id if isinstance(stored_event, Notification) else 0
        return read_record(position, stored_event.state, self._unseal)


def _text(value: str | None) -> str:
    return "null" if value is None else json.dumps(value, ensure_ascii=False)
