"""Where heads are published: an append-only file of signed notes for each ledger, and the latest one by itself."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.evidence.checkpoint import MARK, Checkpoint, NoteInvalid, PublicKey, checkpoint
from services.evidence.tiles import LogRewritten

TAIL: Final = 4_096
"""Bytes that surely hold the last head of a file; a head has about 250."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with the note that was signed and published."""

    head: Checkpoint
    note: str

    @property
    def size(self) -> int:
        return self.head.size


def opened(note: str, key: PublicKey) -> SignedHead:
    """Read a published head. Raises `NoteInvalid` unless the key signed it for its own log."""
    head = checkpoint(key.opened(note))
    if head.origin != key.name:
        raise NoteInvalid(f"it is a head of {head.origin}, not of {key.name}")
    return SignedHead(head, note)


@dataclass(frozen=True, slots=True)
class Place:
    """One directory that heads of a ledger are published to."""

    directory: Path
    key: PublicKey

    @property
    def heads_file(self) -> Path:
        """All heads, the oldest first, as signed notes one after another."""
        return self.directory / f"{self.key.name.replace('/', '-')}.heads"

    @property
    def latest_file(self) -> Path:
        """The last head alone."""
        return self.directory / f"{self.key.name.replace('/', '-')}.checkpoint"

    def last(self) -> tuple[SignedHead | None, bytes]:
        """The last whole head, and what stands after it: the beginning of a head whose writing was cut off.

        Raises `LogRewritten` if the last head is none of ours.
        """
        if not self.heads_file.exists():
            return None, b""
        with self.heads_file.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            tail = file.read()
        *lines, torn = tail.split(b"\n")
        ends = [i for i in range(4, len(lines)) if lines[i].startswith(MARK.encode()) and lines[i - 1] == b""]
        if not ends:
            return None, tail
        note = b"\n".join(lines[ends[-1] - 4 : ends[-1] + 1]) + b"\n"
        rest = b"\n".join([*lines[ends[-1] + 1 :], torn])
        return self._opened(note), rest

    def heads(self) -> Iterator[SignedHead]:
        """All whole heads, the oldest first. Raises `LogRewritten` at the first that is none of ours."""
        if not self.heads_file.exists():
            return
        lines: list[bytes] = []
        with self.heads_file.open("rb") as file:
            for line in file:
                lines.append(line)
                if line.startswith(MARK.encode()) and line.endswith(b"\n"):
                    yield self._opened(b"".join(lines))
                    lines.clear()

    def append(self, text: bytes) -> None:
        """Add to the file, durably. What is there is never changed."""
        self.directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.heads_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            while text:
                text = text[os.write(handle, text) :]
            os.fsync(handle)
        finally:
            os.close(handle)

    def show(self, latest: SignedHead) -> None:
        """Put the last head into its own file, whole or not at all."""
        draft = self.latest_file.with_name(f"{self.latest_file.name}.{os.getpid()}")
        with draft.open("wb") as file:
            file.write(latest.note.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.latest_file)

    def _opened(self, note: bytes) -> SignedHead:
        try:
            return opened(note.decode(), self.key)
        except (NoteInvalid, UnicodeDecodeError) as error:
            told = "it is no text" if isinstance(error, UnicodeDecodeError) else error
            raise LogRewritten(f"{self.heads_file} holds a head that is none of this ledger's: {told}.") from None
