"""Where the keys of personal data are kept: one data key a subject, wrapped by a master key that is never in the database.

Destroying a subject's key erases the person. What was sealed with it stays where it is and opens no more.
"""

import base64
import hmac
import os
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.personal import SEALED_PREFIX
from services.master_keys import KEY_BYTES, WHERE, MasterKeyUnusable, given_keys, keys_in, name_of
from services.settings import Settings

NONCE_BYTES: Final = 12


class Wrapped(NamedTuple):
    """A data key as it is kept, and the name of the master key that wrapped it; None where that was never written down."""

    data: bytes
    master: str | None


class Vault:
    """Wraps and unwraps data keys by master keys. Safe for threads.

    The first key given is in force until `use` names another. `again` gives the keys anew when one is met that is not known.
    """

    __slots__ = ("_again", "_masters", "in_force")

    def __init__(self, *master_keys: bytes, again: Callable[[], Sequence[bytes]] | None = None) -> None:
        self._masters = {name_of(each): AESGCM(each) for each in master_keys}
        self._again = again
        self.in_force = name_of(master_keys[0])

    def __repr__(self) -> str:
        return "Vault(‹master key›)"

    @property
    def known(self) -> tuple[str, ...]:
        """The names of the master keys at hand."""
        return tuple(self._masters)

    def use(self, master: str) -> None:
        """From now on wrap with the master key of this name. Raises `MasterKeyUnusable` when that is not at hand."""
        if master != self.in_force:
            self._master(master)
            self.in_force = master

    def new_key(self, subject: str) -> tuple[bytes, Wrapped]:
        """A fresh data key for a subject: the key itself, and the key wrapped for keeping.

        Raises `MasterKeyUnusable` when the master key in force is not at hand.
        """
        key = AESGCM.generate_key(KEY_BYTES * 8)
        return key, self.wrap(subject, key)

    def wrap(self, subject: str, key: bytes) -> Wrapped:
        """The data key wrapped by the master key in force. Raises `MasterKeyUnusable` when that is not at hand."""
        master = self.in_force
        nonce = os.urandom(NONCE_BYTES)
        return Wrapped(nonce + self._master(master).encrypt(nonce, key, subject.encode()), master)

    def unwrap(self, subject: str, wrapped: Wrapped) -> bytes:
        """The data key that was wrapped for this subject. Raises `MasterKeyUnusable` when its master key is not at hand."""
        return self.opened(subject, wrapped)[0]

    def opened(self, subject: str, wrapped: Wrapped) -> tuple[bytes, str]:
        """The data key, and the name of the master key that opened it. Raises `MasterKeyUnusable`."""
        masters = [wrapped.master] if wrapped.master else list(self._masters)
        for name in masters:
            if (found := _decrypted(self._master(name), subject, wrapped.data)) is not None:
                return found, name
        raise MasterKeyUnusable(
            "The master key is not the one with which this ledger's keys were wrapped. "
            f"Give the former one as {WHERE}, after the newer one if there is one."
        )

    def _master(self, name: str) -> AESGCM:
        found = self._masters.get(name)
        if found is None and self._again:
            self._masters = {name_of(each): AESGCM(each) for each in self._again()}
            found = self._masters.get(name)
        if found is None:
            raise MasterKeyUnusable(
                f"Keys of this ledger are wrapped by the master key {name}, which is not at hand. "
                f"Give it as {WHERE}; several may stand there, the newest first."
            )
        return found


def _decrypted(master: AESGCM, subject: str, data: bytes) -> bytes | None:
    """The data key, or None if another master key wrapped it."""
    try:
        return master.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], subject.encode())
    except InvalidTag:
        return None


def thrown_away() -> bytes:
    """A key that nobody keeps: what is sealed with it is lost."""
    return AESGCM.generate_key(KEY_BYTES * 8)


def seal(subject: str, key: bytes, clear: str) -> str:
    """The text under which a personal value is stored. It names the subject; without the key it tells nothing else."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, clear.encode(), subject.encode())
    return sealed_prefix(subject) + _text(nonce + sealed)


def sealed_prefix(subject: str) -> str:
    """How every sealed value of the subject begins."""
    return f"{SEALED_PREFIX}{_text(subject.encode())}."


def subject_of(sealed: str) -> str:
    """Whose key opens the sealed text. Raises `ValueError` for a text that is not sealed."""
    prefix, _, rest = sealed.partition(SEALED_PREFIX)
    if prefix or not rest:
        raise ValueError("the text is not sealed")
    return _bytes(rest.partition(".")[0]).decode()


def unseal(key: bytes, sealed: str) -> str:
    """The clear value. Raises `ValueError` if the text was not sealed with this key."""
    subject, _, body = sealed.removeprefix(SEALED_PREFIX).partition(".")
    data = _bytes(body)
    try:
        return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bytes(subject)).decode()
    except InvalidTag:
        raise ValueError("the sealed text was altered, or sealed with another key") from None


def fingerprint(key: bytes, kind: str, value: str) -> str:
    """The keyed hash of a normalised value, 64 hex digits: equal for equal values, telling nothing without the key."""
    return hmac.digest(key, f"{kind}\x00{value}".encode(), "sha256").hex()


def open_vault(settings: Settings) -> Vault:
    """The vault of these settings, which looks into its key file again when it meets a key that it does not know.

    Generates the file when neither key nor file is given and none is there. Raises `MasterKeyUnusable`, saying what to do.
    """
    given = given_keys(settings)
    return Vault(*given) if settings.master_key else Vault(*given, again=lambda: keys_in(settings.key_file))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
