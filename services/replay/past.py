"""A ledger as it was: its log up to a position, and the shared facts as they stood there, for a rule to look at.

The writer's own sights look at it. They see the log through a view that ends at the position, and the shared facts in
temporary tables that are folded on from the beginning. Nothing of the ledger itself is touched.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from psycopg import Connection, sql
from pydantic_core import from_json

from domain.commands import AnyCommand
from domain.effects import effects
from domain.fact import Sight
from domain.facts import AnyFact
from domain.judgement import sight
from domain.personal import SEALED_PREFIX, Seal, Unseal, keep_sealed
from domain.world import World
from services import vault
from services.database import connect
from services.ledger.application import MOST_STREAMS, Ledger
from services.ledger.changes import Changes
from services.ledger.head import Head
from services.ledger.keys import Keys, ask_keys
from services.ledger.mapper import read_fact
from services.ledger.sights import EPOCH, Sights, Wanted

PAGE: Final = 2_000

SHARED: Final = ("held_key", "tally", "alarm")

AS_KEPT: Final = sql.SQL("create temp table {} (like {} including all)")

LOG_UNTIL: Final = sql.SQL(
    "create temp view event as select * from {} where position <= current_setting('salesledger.until')::bigint"
)

LOOK: Final = "select set_config('salesledger.until', %s, false)"

EVENTS: Final = sql.SQL(
    "select position, stream, record::text from {} where position > %s and position <= %s order by position limit %s"
)

SEALED: Final = re.compile(re.escape(SEALED_PREFIX) + r"[\w.-]+")

SEALED_OTHERWISE: Final = f"{SEALED_PREFIX}otherwise"
"""What stands for a personal value that the stored texts do not have."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A fact as the log keeps it."""

    position: int
    stream: str
    text: str


class Past:
    """Not safe for threads. Moves forward only: `read_on` fact by fact, or `leap` over what lies between.

    `head` is where the log ended when this was opened; what is written later is not seen.
    """

    def __init__(self, ledger: Ledger, connection: Connection[Any]) -> None:
        self._connection = connection
        self._log = sql.Identifier(ledger.schema, "event")
        key = ledger.keyring.reserved("fingerprints")
        self.keys = Keys(ledger.keyring.safe, lambda _subject: None)
        self.keys.load = lambda subjects: ask_keys(connection, subjects)
        self._sights = Sights(lambda kind, value: vault.fingerprint(key, kind, value), self.keys, MOST_STREAMS)
        self._changes = Changes()
        self._shared_until = 0
        self.position = 0
        self.head = int(cast(Any, connection.execute("select position from ledger_head").fetchone())[0])
        for table in SHARED:
            connection.execute(AS_KEPT.format(sql.Identifier(table), sql.Identifier(ledger.schema, table)))
        connection.execute(LOOK, ("0",))
        connection.execute(LOG_UNTIL.format(self._log))

    @property
    def world(self) -> World:
        """What is in sight of the position at hand."""
        return self._sights.world

    def events(self, after: int, until: int) -> Iterator[Stored]:
        """The facts beyond `after` and up to `until`, in order, a page at a time."""
        while after < until:
            page = self._connection.execute(EVENTS.format(self._log), (after, until, PAGE)).fetchall()
            if not page:
                return
            for row in page:
                yield Stored(*cast(tuple[int, str, str], row))
            after = cast(int, page[-1][0])

    def read_on(self, stored: Stored) -> None:
        """Take in the next fact of the log."""
        in_sight = self._sights.is_in_sight(stored.stream)
        fact = read_fact(from_json(stored.text)["fact"], self.keys.unseal if in_sight else keep_sealed)
        found = self._sights.apply(fact, stored.position)
        if not in_sight:
            self.world.streams.pop(stored.stream, None)
        self._changes.add(fact.stream, stored.position, found)
        self.position = self._shared_until = stored.position
        if stored.position % PAGE == 0:
            self._put_down()

    def leap(self, position: int) -> None:
        """Stand at a later position. Shared facts are folded up to it only when a command wants to see some."""
        if position == self.position:
            return
        self.position = position
        self._look()
        self._sights.follow(self._connection, Head(position, EPOCH, b""))

    def see(self, command: AnyCommand, now: datetime) -> Sight:
        """Bring into sight what the command wants to see, as it was at the position; `now` is the time of recording."""
        self._sights.look_at(now)
        seen = sight(command, self.world)
        while not self._sights.holds(seen):
            wanted = Wanted()
            self._sights.lacks(wanted, seen)
            self._load(wanted)
            seen = sight(command, self.world)
        return seen

    def bring_into_sight(self, wanted_too: Sight) -> None:
        """Load what is wanted beside what a command sees, as it was at the position."""
        while not self._sights.holds(wanted_too):
            wanted = Wanted()
            self._sights.lacks(wanted, wanted_too)
            self._load(wanted)

    def foresee(self, commands: Sequence[AnyCommand], now: datetime) -> None:
        """Bring into sight at once what commands soon to be judged want to see; what they lack by then is loaded then."""
        self._sights.look_at(now)
        lacking = list(commands)
        while lacking:
            wanted, still = Wanted(), []
            for command in lacking:
                seen = sight(command, self.world)
                if not self._sights.holds(seen):
                    still.append(command)
                    self._sights.lacks(wanted, seen)
            if still:
                self._load(wanted)
            lacking = still

    def open_keys(self, texts: Iterable[str]) -> None:
        """Load at once the keys of all whose personal data stands in stored texts."""
        subjects = {vault.subject_of(sealed) for text in texts for sealed in SEALED.findall(text)}
        if unknown := self.keys.unknown(sorted(subjects)):
            self.keys.learn(unknown, ask_keys(self._connection, unknown))

    def versions(self, facts: Sequence[AnyFact]) -> list[int]:
        """The versions that facts would get if they were recorded at the position."""
        unseen = Wanted(streams={f.stream: None for f in facts if not self._sights.is_in_sight(f.stream)})
        if unseen.streams:
            self._load(unseen)
        last: dict[str, int] = {}
        found = []
        for fact in facts:
            last[fact.stream] = last.get(fact.stream, self._sights.version(fact.stream)) + 1
            found.append(last[fact.stream])
        return found

    def _load(self, wanted: Wanted) -> None:
        self._look()
        if wanted.keys or wanted.tallies or wanted.lapsing or wanted.holdings:
            self._fold_shared()
        self._sights.load(self._connection, wanted, self._changes)

    def _look(self) -> None:
        self._connection.execute(LOOK, (str(self.position),))

    def _fold_shared(self) -> None:
        """Fold the shared facts up to the position, from where they stand."""
        for stored in self.events(self._shared_until, self.position):
            fact = read_fact(from_json(stored.text)["fact"], keep_sealed)
            self._changes.add(fact.stream, stored.position, effects(fact))
            self._shared_until = stored.position
            if stored.position % PAGE == 0:
                self._put_down()
        self._put_down()

    def _put_down(self) -> None:
        """Write what has changed into the temporary tables, and let go of what is too much to keep in memory."""
        for statement, parameters in self._changes.statements():
            self._connection.execute(statement, parameters)
        self._changes = Changes()
        self._sights.sent(Head(self.position, EPOCH, b""))


class Seals:
    """Opens sealed texts, and seals a value again under the text that it had. `opened` says whether all could be opened."""

    def __init__(self, unseal: Unseal) -> None:
        self._unseal = unseal
        self._known: dict[tuple[str, str], str] = {}
        self.opened = True

    def unseal(self, sealed: str, /) -> str | None:
        clear = self._unseal(sealed)
        if clear is None:
            self.opened = False
        else:
            self._known[vault.subject_of(sealed), clear] = sealed
        return clear

    def seal(self, subject: str) -> Seal:
        return lambda clear: self._known.get((subject, clear), SEALED_OTHERWISE)


@contextmanager
def open_past(ledger: Ledger) -> Iterator[Past]:
    """The ledger's past, in one snapshot: the log stands still while it is read. Leaves nothing behind."""
    with connect(ledger.dsn, ledger.schema, timeouts=False) as connection:
        connection.execute("begin isolation level repeatable read")
        try:
            yield Past(ledger, connection)
        finally:
            connection.execute("rollback")
