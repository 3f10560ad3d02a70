"""Signed heads as C2SP writes them: a checkpoint (tlog-checkpoint) in a note signed with Ed25519 (signed-note)."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519: Final = b"\x01"
"""The type of signature, as key ids and public keys name it."""

MARK: Final = "— "
NAME: Final = re.compile(r"[^\s+]+")
SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteInvalid(ValueError):
    """A text is no signed note, no checkpoint, or not signed by the key. The message says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: whose, over how many events, and its root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SealKey:
    """The key that signs heads, with the name that it signs under. The repr shows no secret."""

    name: str
    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"SealKey({self.name})"

    @property
    def public(self) -> "PublicKey":
        return PublicKey(self.name, self.private.public_key().public_bytes_raw())

    def signed(self, text: str) -> str:
        """The text as a signed note. The same text always gives the same note."""
        signature = base64.b64encode(self.public.id + self.private.sign(text.encode())).decode()
        return f"{text}\n{MARK}{self.name} {signature}\n"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What checks a signature: written `name+id+key`, as C2SP writes verifier keys."""

    name: str
    key: bytes

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @property
    def id(self) -> bytes:
        """Four bytes that say which key signed."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    def opened(self, note: str) -> str:
        """The text of a note that this key signed. Raises `NoteInvalid`."""
        text, blank, signatures = note.rpartition("\n\n")
        lines = signatures.split("\n")
        signed = [SIGNATURE.fullmatch(line) for line in lines[:-1]]
        if not blank or not text or not signed or not all(signed) or lines[-1]:
            raise NoteInvalid("it is no signed note")
        for each in filter(None, signed):
            if each["name"] == self.name and (raw := decoded(each["signature"]))[:4] == self.id:
                self._check(raw[4:], f"{text}\n")
                return f"{text}\n"
        raise NoteInvalid(f"it is not signed by {self.name}+{self.id.hex()}")

    def _check(self, signature: bytes, text: str) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            raise NoteInvalid(f"its signature is not one of {self.name}+{self.id.hex()}") from None


SIGNATURE: Final = re.compile(rf"{MARK}(?P<name>{NAME.pattern}) (?P<signature>[A-Za-z0-9+/]+=*)")


def public_key(text: str) -> PublicKey:
    """Read a key as `str(PublicKey)` writes it. Raises `NoteInvalid`.

    >>> public_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").name
    'PeterNeumann'
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = decoded(encoded)
    found = PublicKey(name, raw[1:])
    if not NAME.fullmatch(name) or raw[:1] != ED25519 or len(raw) != 33 or found.id.hex() != key_id:
        raise NoteInvalid("it is no Ed25519 key in the form name+id+key")
    return found


def checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint. Extension lines are allowed and not read. Raises `NoteInvalid`."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not SIZE.fullmatch(lines[1]) or len(root := decoded(lines[2])) != 32:
        raise NoteInvalid("it is no checkpoint: origin, size and root")
    return Checkpoint(lines[0], int(lines[1]), root)


def decoded(text: str) -> bytes:
    """Base64 in its one canonical form. Raises `NoteInvalid`."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("it holds something that is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise NoteInvalid("it holds base64 that is not canonical")
    return raw
