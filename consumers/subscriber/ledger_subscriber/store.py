"""What an inbox keeps, whatever database it is in."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from ledger_subscriber.event import Delivery

C = TypeVar("C")

Identity = tuple[str, str]
"""An event's `(source, id)`."""

Part = tuple[str, int]
"""A topic and a partition of it."""

FEED: Part = ("feed", 0)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a partition is done: the next offset, and the largest ledger position of what was done."""

    offset: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """A record set aside. The first of a key has a `reason`; those that came after it wait for it, and have none.

    `number` orders the records of a key; `attempts` says how often handling it was tried.
    """

    number: int
    key: str
    delivery: Delivery
    reason: str | None
    detail: str
    attempts: int
    parked_at: datetime


class Inbox(Protocol[C]):
    """The subscriber's own database, in which the effect of an event and the memory of it are one transaction.

    `transaction()` gives the connection that handlers get. All else is called within one.
    """

    def transaction(self) -> AbstractContextManager[C]:
        """A transaction, committed at its end and rolled back by an exception."""
        ...

    def reached(self, connection: C, parts: Iterable[Part]) -> dict[Part, Reached]:
        """How far these partitions are done; locks them until the end of the transaction."""
        ...

    def reach(self, connection: C, parts: Mapping[Part, Reached]) -> None:
        """Remember how far partitions are done."""
        ...

    def enter(self, connection: C, events: Sequence[Identity]) -> set[Identity]:
        """Remember events, and give those that were not known before."""
        ...

    def versions(self, connection: C, streams: Collection[Identity]) -> dict[Identity, int]:
        """The last version handled of each `(source, stream)` that any was handled of."""
        ...

    def handled(self, connection: C, versions: Mapping[Identity, int]) -> None:
        """Remember the last version handled of each `(source, stream)`."""
        ...

    def parked_keys(self, connection: C, keys: Collection[str]) -> set[str]:
        """Which of these keys have parked records; locks those until the end of the transaction."""
        ...

    def park(self, connection: C, delivery: Delivery, reason: str | None, detail: str, attempts: int) -> None:
        """Set a record aside, behind those of its key that already are."""
        ...

    def parked(self, connection: C, key: str | None = None) -> list[Parked]:
        """What is parked, of a key or of all, in order; locks it until the end of the transaction."""
        ...

    def tried(self, connection: C, number: int, reason: str, detail: str) -> None:
        """Remember that handling a parked record was tried once more, in vain."""
        ...

    def unpark(self, connection: C, number: int) -> None:
        """Forget a parked record."""
        ...

    def note(self, connection: C, name: str, value: str) -> None:
        """Keep a value under a name."""
        ...

    def noted(self, connection: C, name: str) -> str | None:
        """The value kept under a name."""
        ...

    def is_lost(self, error: BaseException) -> bool:
        """Whether the database was away or busy, rather than the event being the cause."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...
