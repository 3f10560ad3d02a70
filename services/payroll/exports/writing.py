"""A file that is there whole or not at all: written under a temporary name beside it, made durable, then renamed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


class FileUnwritable(ValueError):
    """The file cannot be written; the message says why."""


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file. It takes the place of the one before when the context ends well, and is gone when it does not.

    A process that dies leaves the file of before, and a hidden `.NAME.partial`, which the next one writes over. Raises
    `FileUnwritable` when it cannot be written, or another process is writing it.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        out = locked(partial)
    except OSError as error:
        raise FileUnwritable(f"{path} cannot be written: {error.strerror or error}.") from None
    with out:
        try:
            out.truncate(0)
            yield out
            out.flush()
            os.fsync(out.fileno())
            partial.replace(path)
        except BaseException as error:
            with suppress(FileNotFoundError):
                partial.unlink()
            if isinstance(error, OSError):
                raise FileUnwritable(f"{path} cannot be written: {error.strerror or error}.") from error
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def locked(partial: Path) -> BinaryIO:
    """Open the temporary file for this process alone. Raises `FileUnwritable` when another one has it."""
    while True:
        out = partial.open("r+b" if partial.exists() else "w+b")
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if partial.exists() and os.path.samestat(partial.stat(), os.fstat(out.fileno())):
                return out
        except BlockingIOError:
            out.close()
            raise FileUnwritable(f"Another process is writing {partial.name}; wait for it to end.") from None
        out.close()
