"""The master keys: where they are given, and the file that holds them. The first wraps new data keys, those after it are former ones."""

import base64
import binascii
import os
import re
import stat
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from services.settings import Settings

KEY_BYTES: Final = 32

SETTING: Final = "LEDGER_MASTER_KEY"
WHERE: Final = "LEDGER_MASTER_KEY or LEDGER_MASTER_KEY_FILE"


class MasterKeyUnusable(RuntimeError):
    """The master key is missing, malformed, readable by others, or not the one this ledger was sealed with."""


def name_of(master_key: bytes) -> str:
    """The name of a master key, 16 hex digits of a hash: it says which key wrapped what, and nothing of the key.

    Raises `MasterKeyUnusable` for a key of another length.
    """
    if len(master_key) != KEY_BYTES:
        raise MasterKeyUnusable(f"The master key has {len(master_key)} bytes; it must have {KEY_BYTES}.")
    return sha256(b"sales-ledger master key\0" + master_key).hexdigest()[:16]


def fresh() -> bytes:
    return os.urandom(KEY_BYTES)


def given_keys(settings: Settings) -> tuple[bytes, ...]:
    """The master keys of these settings, the newest first, at least one.

    Generates the key file when neither key nor file is given and none is there. Raises `MasterKeyUnusable`, saying what to do.
    """
    if settings.master_key:
        return decoded(settings.master_key, SETTING)
    path = settings.key_file
    if settings.master_key_file is None and not path.exists():
        generate_key_file(path)
    return keys_in(path)


def keys_in(path: Path) -> tuple[bytes, ...]:
    """The keys of a file, the newest first. Raises `MasterKeyUnusable` for one that is absent, malformed or open to others."""
    return decoded(_read(path), str(path))


def decoded(text: str, where: str) -> tuple[bytes, ...]:
    """The keys of a text, with commas or line ends between. Raises `MasterKeyUnusable`, which says `where` and shows no key."""
    keys = tuple(_decoded(each, where) for each in re.split(r"[,\s]+", text.strip()) if each)
    if not keys:
        raise MasterKeyUnusable(f"{where} is empty; a master key has {KEY_BYTES} bytes in base64.")
    return keys


def generate_key_file(path: Path) -> None:
    """Create a file with a fresh key whole or not at all; whoever comes second finds the first one's."""
    draft = _drafted(path, (fresh(),))
    try:
        if not path.exists():
            _link(draft, path)
    finally:
        draft.unlink()


def replace_key_file(path: Path, keys: Sequence[bytes]) -> None:
    """Put these keys in the place of those that the file holds, at one instant and for good; only its owner may read it."""
    _drafted(path, keys).replace(path)
    _settle(path.parent)


def _drafted(path: Path, keys: Sequence[bytes]) -> Path:
    """A file beside the one of this path that is on the disk as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(base64.b64encode(each) + b"\n" for each in keys)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft


def _settle(directory: Path) -> None:
    """Have the directory's entries on the disk, where a directory can be asked for that."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
        raise MasterKeyUnusable(f"{path} does not hold {KEY_BYTES} bytes in base64.") from None


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyUnusable(f"{where} is not base64.") from None
    if len(key) != KEY_BYTES:
        raise MasterKeyUnusable(f"{where} has {len(key)} bytes; a master key has {KEY_BYTES}.")
    return key
