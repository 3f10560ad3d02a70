"""Where the log ends, and what time it is there."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic


@dataclass(frozen=True, slots=True)
class Head:
    """The last position, when that was recorded, and the chain there."""

    position: int
    recorded_at: datetime
    chain: bytes


@dataclass(slots=True)
class DatabaseTime:
    """The database's clock, read on from when it was last told."""

    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    told_at: float = 0.0

    def told(self, at: datetime) -> None:
        self.at, self.told_at = at, monotonic()

    def now(self) -> datetime:
        return self.at + timedelta(seconds=monotonic() - self.told_at)
