"""The key that signs heads: a file of its own, generated once, that only its owner may read."""

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.evidence.checkpoint import SealKey
from services.master_keys import KEY_BYTES, generate_key_file
from services.settings import Settings


class SealKeyUnusable(RuntimeError):
    """The key that signs heads is missing, malformed or readable by others. The message says what to do."""


def seal_key(settings: Settings) -> SealKey:
    """The key of these settings; generated when no file is named and none is there. Raises `SealKeyUnusable`."""
    path = settings.seal_key_file
    if settings.seal_key_file_given is None and not path.exists():
        generate_key_file(path)
    return SealKey(settings.seal_origin, Ed25519PrivateKey.from_private_bytes(seed(path)))


def known_seal_key(settings: Settings) -> SealKey | None:
    """The key of these settings, if there is one yet. Raises `SealKeyUnusable`."""
    return seal_key(settings) if settings.seal_key_file.exists() else None


def seed(path: Path) -> bytes:
    try:
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SealKeyUnusable(
                f"{path} holds the key that signs heads and others may read it. Run: chmod 600 {path}"
            )
        found = base64.b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError:
        raise SealKeyUnusable(
            f"There is no key to sign heads with at {path}. Put it there or unset LEDGER_SEAL_KEY_FILE."
        ) from None
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != KEY_BYTES:
        raise SealKeyUnusable(f"{path} does not hold {KEY_BYTES} bytes in base64.")
    return found
