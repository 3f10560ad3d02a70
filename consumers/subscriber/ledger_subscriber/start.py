"""Where a subscriber begins when it has never run before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ledger_subscriber.event import Event
from ledger_subscriber.fact import Fact


@dataclass(frozen=True, slots=True)
class Start:
    """From the first event on, from a position, or from a time of recording. Kept in the inbox with the first run."""

    position: int = 1
    time: datetime | None = None

    @classmethod
    def beginning(cls) -> Self:
        return cls()

    @classmethod
    def at_position(cls, position: int) -> Self:
        """With the event of this position."""
        return cls(position=position)

    @classmethod
    def at_time(cls, time: datetime) -> Self:
        """With the first event recorded then or later. Raises `ValueError` for a time without a zone."""
        if time.tzinfo is None:
            raise ValueError("a time to start at has a zone")
        return cls(time=time)

    @property
    def sees_all(self) -> bool:
        """Whether every stream is seen from its first event on, so that one missing there is missed."""
        return self.position <= 1 and self.time is None

    def takes(self, event: Event[Fact]) -> bool:
        return event.position >= self.position and (self.time is None or event.recorded_at >= self.time)

    def text(self) -> str:
        return self.time.isoformat() if self.time else str(self.position)

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(position=int(text)) if text.isdigit() else cls(time=datetime.fromisoformat(text))
