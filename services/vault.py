"""Where the keys of personal data are kept: one data key a subject, wrapped by a master key that is never in the database.

Destroying a subject's key erases the person. What was sealed with it stays where it is and opens no more.
"""

import base64
import binascii
import hmac
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.personal import SEALED_PREFIX
from services.settings import Settings

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class MasterKeyUnusable(RuntimeError):
    """The master key is missing, malformed, readable by others, or not the one this ledger was sealed with."""


class Vault:
    """Seals, opens and fingerprints with keys derived from one master key. Holds no state but that key."""

    __slots__ = ("_master",)

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise MasterKeyUnusable(f"The master key has {len(master_key)} bytes; it must have {KEY_BYTES}.")
        self._master = AESGCM(master_key)

    def __repr__(self) -> str:
        return "Vault(‹master key›)"

    def new_key(self, subject: str) -> tuple[bytes, bytes]:
        """A fresh data key for a subject: the key itself, and the key wrapped for keeping."""
        key = AESGCM.generate_key(KEY_BYTES * 8)
        nonce = os.urandom(NONCE_BYTES)
        return key, nonce + self._master.encrypt(nonce, key, subject.encode())

    def unwrap(self, subject: str, wrapped: bytes) -> bytes:
        """The data key that was wrapped for this subject. Raises `MasterKeyUnusable` under another master key."""
        try:
            return self._master.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode())
        except InvalidTag:
            raise MasterKeyUnusable(
                "The master key is not the one with which this ledger's keys were wrapped. "
                "Give the former one as LEDGER_MASTER_KEY or LEDGER_MASTER_KEY_FILE."
            ) from None


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
    """The vault of these settings; generates the master key file when neither key nor file is given and none is there.

    Raises `MasterKeyUnusable`, saying what to do.
    """
    if settings.master_key:
        return Vault(_decoded(settings.master_key, "LEDGER_MASTER_KEY"))
    path = settings.key_file
    if settings.master_key_file is None and not path.exists():
        generate_key_file(path)
    return Vault(_decoded(_read(path), str(path)))


def generate_key_file(path: Path) -> None:
    """Create a file with a fresh key of 32 bytes whole or not at all; whoever comes second finds the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            _link(draft, path)
    finally:
        draft.unlink()


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return


def _read(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise MasterKeyUnusable(f"{path} holds the master key and others may read it. Run: chmod 600 {path}")
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise MasterKeyUnusable(
            f"There is no master key at {path}. Put the key there or unset LEDGER_MASTER_KEY_FILE."
        ) from None
    except UnicodeDecodeError:
        raise MasterKeyUnusable(f"{path} does not hold 32 bytes in base64.") from None


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyUnusable(f"{where} is not base64.") from None
    if len(key) != KEY_BYTES:
        raise MasterKeyUnusable(f"{where} has {len(key)} bytes; a master key has {KEY_BYTES}.")
    return key


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
