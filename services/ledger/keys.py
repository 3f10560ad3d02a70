"""The data keys of subjects while a batch is written: loaded, made where there is none, and kept for the next batch."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from psycopg import Connection, Cursor

from domain.personal import Seal
from services import vault
from services.database import Row
from services.ledger.statements import INSERT_PERSONAL_KEYS, PERSONAL_KEYS, array, plain_array
from services.ledger.wire import Statement
from services.vault import SubjectErased, Vault

KEPT: Final = 20_000
"""How many subjects' keys stay in memory."""


class Keys:
    """Not safe for threads: whoever writes has it. Keys made in a batch are kept by the database with its events."""

    def __init__(self, safe: Vault) -> None:
        self._vault = safe
        self._known: dict[str, bytes | None] = {}
        self._absent: set[str] = set()
        self._fresh: dict[str, bytes] = {}
        self.load: Callable[[list[str]], Iterable[Row]] = lambda _subjects: ()

    def unknown(self, subjects: Iterable[str]) -> list[str]:
        """Those of the subjects whose keys have not been looked up."""
        return [subject for subject in dict.fromkeys(subjects) if not self.knows(subject)]

    def knows(self, subject: str) -> bool:
        """Whether the subject's key, or that it has none, is known."""
        return subject in self._known or subject in self._absent

    def learn(self, asked: Iterable[str], rows: Iterable[Row]) -> None:
        """Take in what the database has for the subjects asked about."""
        self._absent.update(asked)
        for subject, wrapped in cast(Iterable[tuple[str, bytes | None]], rows):
            self._known[subject] = None if wrapped is None else self._vault.unwrap(subject, wrapped)
            self._absent.discard(subject)

    def sealer(self) -> Callable[[str], Seal]:
        """Gives, for a subject, its seal. One command's equal values are sealed once."""
        made: dict[tuple[str, str], str] = {}

        def of(subject: str) -> Seal:
            def seal(clear: str) -> str:
                sealed = made.get((subject, clear))
                if sealed is None:
                    sealed = made[subject, clear] = vault.seal(subject, self._key(subject), clear)
                return sealed

            return seal

        return of

    def unseal(self, sealed: str) -> str | None:
        """The clear value, or None if the subject's key was destroyed."""
        subject = vault.subject_of(sealed)
        self._look_up(subject)
        key = self._known.get(subject)
        return None if key is None else vault.unseal(key, sealed)

    def statements(self) -> Iterator[Statement]:
        """What keeps the keys made since the last batch."""
        if self._fresh:
            wrapped = plain_array(each.hex() for each in self._fresh.values())
            yield INSERT_PERSONAL_KEYS, (array(self._fresh), wrapped)

    def sent(self) -> None:
        """The keys made are on their way with the events that need them."""
        self._fresh.clear()
        self._absent.clear()
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]

    def forget(self) -> None:
        """Forget everything, after a failed transaction."""
        self._fresh.clear()
        self._absent.clear()
        self._known.clear()

    def _key(self, subject: str) -> bytes:
        self._look_up(subject)
        if subject not in self._known:
            self._known[subject], self._fresh[subject] = self._vault.new_key(subject)
            self._absent.discard(subject)
        key = self._known[subject]
        if key is None:
            raise SubjectErased(f"the key of {subject} was destroyed; nothing more is sealed for it")
        return key

    def _look_up(self, subject: str) -> None:
        if unknown := self.unknown((subject,)):
            self.learn(unknown, self.load(unknown))


def ask_keys(connection: Connection[Any], subjects: Iterable[str]) -> Cursor[Row]:
    return connection.execute(PERSONAL_KEYS, (array(subjects),))
