"""A recorded fact: the fact, and the envelope that the ledger put around it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.facts import AnyFact


@dataclass(frozen=True, slots=True)
class Recorded:
    """`position` counts all facts of the ledger from 1 without a gap; `version` counts those of the stream from 1.

    Two times, always both: the fact's `at` is when it happened, `recorded_at` when the ledger came to know it.
    """

    position: int
    event_id: UUID
    stream: str
    version: int
    recorded_at: datetime
    actor: str
    command_id: str
    causation: str | None
    reason: str | None
    fact: AnyFact

    @property
    def occurred_at(self) -> datetime:
        return self.fact.at

    @property
    def originator_id(self) -> str:
        """The stream, by the name that the event sourcing library's protocol gives it."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The version, by the name that the event sourcing library's protocol gives it."""
        return self.version
