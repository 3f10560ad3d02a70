"""A command as it was asked: with its id, and the keyed hash by which a repetition is told from another command."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from domain.commands import AnyCommand

BLOCK: Final = 64
"""Bytes that SHA-256 takes at a time."""


@dataclass(slots=True)
class Asked:
    """`body` is the command's canonical JSON when it holds nothing personal, else None.

    `asker` is who asks, where that is proven, and must then be permitted to.
    """

    command: AnyCommand
    command_id: str
    digest: bytes
    body: str | None
    asker: str | None = None


def asked(
    command: AnyCommand, command_id: str, key: bytes, asker: str | None = None, trace: str | None = None
) -> Asked:
    """Hash a command for its receipt: equal for equal bodies, though what is stored of them is sealed at random.

    `trace` is the trace context of the request: kept as the command's causation where it names none, but not hashed, since
    another attempt at the same command has another.
    """
    opened: list[str] = []

    def note(clear: str) -> str:
        opened.append(clear)
        return clear

    body = command.model_dump_json(context={"seal": note})
    digest = keyed(key, body.encode())
    if trace and command.causation is None:
        command = command.model_copy(update={"causation": trace})
        body = command.model_dump_json(context={"seal": note})
    return Asked(command, command_id, digest, None if opened else body, asker)


def keyed(key: bytes, body: bytes) -> bytes:
    """The HMAC-SHA256 (RFC 2104) of a body. The library's own lets go of the interpreter at every call, and gets it back
    late where another thread is judging.

    >>> import hmac
    >>> keyed(b"key", b"body") == hmac.digest(b"key", b"body", "sha256")
    True
    """
    begun, ending = begun_with(key)
    inner, outer = begun.copy(), ending.copy()
    inner.update(body)
    outer.update(inner.digest())
    return bytes(outer.digest())


@lru_cache(maxsize=16)
def begun_with(key: bytes) -> tuple[Any, Any]:
    whole = (key if len(key) <= BLOCK else hashlib.sha256(key).digest()).ljust(BLOCK, b"\0")
    return hashlib.sha256(bytes(each ^ 0x36 for each in whole)), hashlib.sha256(bytes(each ^ 0x5C for each in whole))
