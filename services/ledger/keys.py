"""The data keys of subjects while a batch is written: loaded, made where there is none, and kept for the next batch."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from itertools import islice
from typing import Any, Final, cast

from psycopg import Connection, Cursor

from domain.personal import Seal
from services import vault
from services.database import Row
from services.ledger.statements import DESTROY_PERSONAL_KEYS, INSERT_PERSONAL_KEYS, PERSONAL_KEYS, array, plain_array
from services.ledger.wire import Statement
from services.vault import Vault, Wrapped

KEPT: Final = 20_000
"""How many subjects' keys stay in memory."""


class Keys:
    """Not safe for threads: whoever writes has it. Keys made in a batch are kept by the database with its events."""

    def __init__(self, safe: Vault, destroyed: Callable[[str], None]) -> None:
        self._vault = safe
        self._tell_destroyed = destroyed
        self._known: dict[str, bytes | None] = {}
        self._absent: set[str] = set()
        self._fresh: dict[str, Wrapped] = {}
        self._destroyed: set[str] = set()
        self.load: Callable[[list[str]], Iterable[Row]] = lambda _subjects: ()

    def unknown(self, subjects: Iterable[str]) -> list[str]:
        """Those of the subjects whose keys have not been looked up."""
        return [subject for subject in dict.fromkeys(subjects) if not self.knows(subject)]

    def knows(self, subject: str) -> bool:
        """Whether the subject's key, or that it has none, is known."""
        return subject in self._known or subject in self._absent

    def doubt(self, subject: str) -> None:
        """Look the subject's key up again when it is next needed: somebody else has written of it."""
        self._known.pop(subject, None)

    def learn(self, asked: Iterable[str], rows: Iterable[Row]) -> None:
        """Take in what the database has for the subjects asked about."""
        self._absent.update(asked)
        for subject, data, master in cast(Iterable[tuple[str, bytes | None, str | None]], rows):
            self._known[subject] = None if data is None else self._vault.unwrap(subject, Wrapped(data, master))
            self._absent.discard(subject)

    def wrap_with(self, master: str | None) -> None:
        """This master key is in force; None: nobody has said. Raises `MasterKeyUnusable` when it is not at hand."""
        if master:
            self._vault.use(master)

    def sealer(self) -> Callable[[str], Seal]:
        """Gives, for a subject, its seal. One command's equal values are sealed once.

        What somebody still says of an erased subject is refused by the rules, and stands in the receipt under a key that
        is thrown away: that it was tried is kept, what was said is not.
        """
        made: dict[tuple[str, str], str] = {}

        def of(subject: str) -> Seal:
            def seal(clear: str) -> str:
                sealed = made.get((subject, clear))
                if sealed is None:
                    key = self._key(subject) or vault.thrown_away()
                    sealed = made[subject, clear] = vault.seal(subject, key, clear)
                return sealed

            return seal

        return of

    def unseal(self, sealed: str) -> str | None:
        """The clear value, or None if the subject's key was destroyed."""
        subject = vault.subject_of(sealed)
        self._look_up(subject)
        key = self._known.get(subject)
        return None if key is None else vault.unseal(key, sealed)

    def destroy(self, subject: str) -> None:
        """Destroy a subject's key, with the event that says so: what was sealed with it opens no more."""
        self._fresh.pop(subject, None)
        self._absent.discard(subject)
        self._known[subject] = None
        self._destroyed.add(subject)

    def statements(self) -> Iterator[Statement]:
        """What keeps the keys made since the last batch, and destroys those that were to be."""
        if self._fresh:
            wrapped = plain_array(each.data.hex() for each in self._fresh.values())
            masters = plain_array(str(each.master) for each in self._fresh.values())
            yield INSERT_PERSONAL_KEYS, (array(self._fresh), wrapped, masters)
        if self._destroyed:
            yield DESTROY_PERSONAL_KEYS, (array(self._destroyed),)

    def sent(self) -> None:
        """The keys made are on their way with the events that need them."""
        self._fresh.clear()
        while self._destroyed:
            self._tell_destroyed(self._destroyed.pop())
        self._absent.clear()
        let_go(self._known, KEPT)

    def forget(self) -> None:
        """Forget everything, after a failed transaction."""
        self._fresh.clear()
        self._destroyed.clear()
        self._absent.clear()
        self._known.clear()

    def _key(self, subject: str) -> bytes | None:
        self._look_up(subject)
        if subject not in self._known:
            self._known[subject], self._fresh[subject] = self._vault.new_key(subject)
            self._absent.discard(subject)
        return self._known[subject]

    def _look_up(self, subject: str) -> None:
        if unknown := self.unknown((subject,)):
            self.learn(unknown, self.load(unknown))


def ask_keys(connection: Connection[Any], subjects: Iterable[str]) -> Cursor[Row]:
    return connection.execute(PERSONAL_KEYS, (array(subjects),))


def let_go(kept: MutableMapping[str, Any], most: int) -> None:
    """Let go of the eldest quarter where more than so many are kept: one by one, each would be looked for past all those gone."""
    if len(kept) > most:
        for name in list(islice(kept, len(kept) - most * 3 // 4)):
            del kept[name]
