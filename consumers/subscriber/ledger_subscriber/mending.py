"""What people do about parked keys: look, try again, or let one record go."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ledger_subscriber.event import Delivery, Event, Unreadable, read
from ledger_subscriber.fact import Fact
from ledger_subscriber.store import Parked
from ledger_subscriber.taking import CannotHandle, Taking, worded

C = TypeVar("C")

Missing = Callable[[str, int, int], Sequence[Delivery]]
"""Fetches the events of a stream after one version and before another, from where nothing is lost: the HTTP feed."""


class Mending(Generic[C]):
    """Works on what a subscriber has parked, while it runs or not. `missing` fills gaps, where there is a feed."""

    def __init__(self, taking: Taking[C], missing: Missing | None = None) -> None:
        self.taking = taking
        self.inbox = taking.inbox
        self.missing = missing

    def parked(self, key: str | None = None) -> list[Parked]:
        """What is parked, of a key or of all, in order."""
        with self.inbox.transaction() as connection:
            return self.inbox.parked(connection, key)

    def replay(self, key: str | None = None, *, accept_gap: bool = False) -> int:
        """Handle parked records in order, of a key or of all, and give how many were.

        A key stays parked from the first record on that cannot be handled still. `accept_gap` takes lost events for granted.
        """
        keys = dict.fromkeys(each.key for each in self.parked(key))
        replayed = 0
        for each in keys:
            while self._replay_first(each, accept_gap=accept_gap):
                replayed += 1
        return replayed

    def discard(self, number: int) -> Parked:
        """Let a parked record go, as if it had been handled. Raises `LookupError` unless it is the first of its key."""
        with self.inbox.transaction() as connection:
            firsts: dict[str, Parked] = {}
            for each in self.inbox.parked(connection):
                firsts.setdefault(each.key, each)
            found = next((each for each in firsts.values() if each.number == number), None)
            if found is None:
                raise LookupError(f"{number} is not the first parked record of a key")
            letter = read(found.delivery)
            if isinstance(letter, Event):
                self._remember(connection, letter)
            self.inbox.unpark(connection, number)
        return found

    def _replay_first(self, key: str, *, accept_gap: bool) -> bool:
        """Handle the first parked record of a key, in a transaction of its own."""
        parked: list[Parked] = []
        try:
            with self.inbox.transaction() as connection:
                parked = self.inbox.parked(connection, key)
                if not parked:
                    return False
                letter = read(parked[0].delivery)
                wrong = self._handle(connection, letter, accept_gap=accept_gap)
                if wrong:
                    self.inbox.tried(connection, parked[0].number, *wrong)
                else:
                    self.inbox.unpark(connection, parked[0].number)
                return not wrong
        except CannotHandle as failed:
            with self.inbox.transaction() as connection:
                self.inbox.tried(connection, parked[0].number, "handler-failed", worded(failed.__cause__))
            return False

    def _handle(self, connection: C, letter: Event[Fact] | Unreadable, *, accept_gap: bool) -> tuple[str, str] | None:
        if isinstance(letter, Unreadable):
            return letter.reason, letter.detail
        stream = (letter.source, letter.stream)
        last = self.inbox.versions(connection, [stream]).get(stream)
        wrong = self.taking.wrong_with(letter, last)
        if wrong and wrong[0] == "gap" and self.missing:
            for each in self.missing(letter.stream, last or 0, letter.version):
                lost = read(each)
                if isinstance(lost, Event) and lost.source == letter.source and not self.taking.wrong_with(lost, last):
                    self._do(connection, lost)
                    last = lost.version
            wrong = self.taking.wrong_with(letter, last)
        if wrong and not (accept_gap and wrong[0] == "gap"):
            return wrong
        self._do(connection, letter)
        return None

    def _do(self, connection: C, event: Event[Fact]) -> None:
        self.inbox.enter(connection, [(event.source, event.id)])
        if event.is_known:
            self.taking.call(connection, [event])
        self._remember(connection, event)

    def _remember(self, connection: C, event: Event[Fact]) -> None:
        stream = (event.source, event.stream)
        last = self.inbox.versions(connection, [stream]).get(stream, 0)
        self.inbox.handled(connection, {stream: max(last, event.version)})
