"""Keys for reading: the ledger's own two, and the data keys of subjects whose personal values are to be shown."""

import time
from threading import Lock
from typing import Final, cast

from services import vault
from services.database import Readers
from services.ledger.statements import KEEP_OWN_KEY, KEY_IN_FORCE, NAME_KEY_IN_FORCE, OWN_KEY
from services.vault import Vault, Wrapped

KEPT: Final = 10_000
"""How many subjects' keys stay in memory."""

RECEIPTS: Final = OWN_KEY.removeprefix("ledger/")
"""The first key that a ledger makes. Whichever master key wraps it is in force."""

PERSONAL_KEY: Final = "select wrapped, master from personal_key where subject = %s"

SECONDS: Final = 5.0
"""How long a key is believed to exist without asking again: so long another process may show what was just erased."""


class Keyring:
    """Safe for threads."""

    def __init__(self, readers: Readers, safe: Vault) -> None:
        self._readers = readers
        self.safe = safe
        self._lock = Lock()
        self._known: dict[str, tuple[bytes, float]] = {}

    def take_up(self) -> None:
        """Wrap with the master key that wraps the ledger's own key: that is the one in force, for all who write.

        Raises `MasterKeyUnusable` if none of those at hand opens it.
        """
        self.reserved(RECEIPTS)
        with self._readers.connection() as connection:
            kept = Wrapped(*cast(tuple[bytes, str | None], connection.execute(KEY_IN_FORCE).fetchone()))
            _, name = self.safe.opened(OWN_KEY, kept)
            connection.execute(NAME_KEY_IN_FORCE, (name,))
        self.safe.use(name)

    def reserved(self, name: str) -> bytes:
        """A key of the ledger itself, made once and kept wrapped beside those of the subjects.

        Raises `MasterKeyUnusable` if it was wrapped by another master key.
        """
        subject = f"ledger/{name}"
        key = self._key(subject)
        if key is None:
            _, wrapped = self.safe.new_key(subject)
            with self._readers.connection() as connection:
                connection.execute(KEEP_OWN_KEY, (subject, *wrapped, wrapped.master))
            key = self._key(subject)
        if key is None:
            raise LookupError(f"the ledger's own key {name} was destroyed")
        return key

    def unseal(self, sealed: str) -> str | None:
        """The clear value, or None if the subject's key was destroyed."""
        key = self._key(vault.subject_of(sealed))
        return None if key is None else vault.unseal(key, sealed)

    def forget(self, subject: str) -> None:
        """The subject's key was destroyed."""
        with self._lock:
            self._known.pop(subject, None)

    def _key(self, subject: str) -> bytes | None:
        with self._lock:
            key, until = self._known.get(subject, (None, 0.0))
        if key and time.monotonic() < until:
            return key
        with self._readers.connection() as connection:
            row = connection.execute(PERSONAL_KEY, (subject,)).fetchone()
        if row is None or row[0] is None:
            return None
        key = self.safe.unwrap(subject, Wrapped(*cast(tuple[bytes, str | None], row)))
        with self._lock:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[subject] = (key, time.monotonic() + SECONDS)
        return key
