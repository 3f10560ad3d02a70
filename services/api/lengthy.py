"""Work that takes long: off the event loop, a few pieces at a time; and files, sent from disk and kept by nobody."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Final, TypeVar
from urllib.parse import quote

from psycopg import Connection

from services.api.call import Call
from services.api.problems import Headers, Problem
from services.database import connect
from services.wiring import Books

T = TypeVar("T")

WORKERS: Final = 2
MOST_WAITING: Final = 6
"""Pieces of work that may wait beside those that are done; more are sent away at once."""
MOST_FILES: Final = 16
"""Files that are being sent at one time."""
AGAIN_IN_S: Final = 5
GIVEN_UP_AFTER: Final = "120s"
"""How long one statement of the database may take here."""

CHUNK: Final = 1 << 18
STALLED_AFTER_S: Final = 30.0
"""How long whoever takes a file may leave one chunk of it untaken."""


class Lengthy:
    """Does long work for the callers of one event loop, in threads, each time with a connection that is given time."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._threads = ThreadPoolExecutor(WORKERS, "lengthy")
        self._in_work = self._files = 0

    def close(self) -> None:
        self._threads.shutdown()

    async def run(self, work: Callable[[Connection[Any]], T]) -> T:
        """Do a piece of work. Raises `Problem` at once when too many wait already."""
        if self._in_work >= WORKERS + MOST_WAITING:
            raise Problem("overloaded", again_in_s=AGAIN_IN_S)
        self._in_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._with_connection, work)
        finally:
            self._in_work -= 1

    @contextmanager
    def sending(self) -> Iterator[None]:
        """While a file is made and sent. Raises `Problem` when too many are."""
        if self._files >= MOST_FILES:
            raise Problem("overloaded", again_in_s=AGAIN_IN_S)
        self._files += 1
        try:
            yield
        finally:
            self._files -= 1

    def _with_connection(self, work: Callable[[Connection[Any]], T]) -> T:
        with connect(self._books.ledger.dsn, self._books.ledger.schema, timeouts=False) as connection:
            connection.execute("select set_config('statement_timeout', %s, false)", [GIVEN_UP_AFTER])
            return work(connection)


@dataclass(frozen=True, slots=True)
class Made:
    """A file as it was made, open and without a name on disk: what it is called, its type, size and SHA-256 in hex."""

    file: IO[bytes]
    name: str
    kind: bytes
    size: int
    digest: str
    position: int

    @property
    def headers(self) -> Headers:
        plain = self.name.encode("ascii", "replace").decode().replace("?", "_")
        told = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name)}"
        return ((b"etag", etag(self.digest)), (b"content-disposition", told.encode()))


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A file that need not be made: whoever asks has it already."""

    digest: str
    position: int


def etag(digest: str) -> bytes:
    return f'"{digest}"'.encode()


def is_held(call: Call, tag: bytes) -> bool:
    """Whether the caller has already what has this ETag, by `If-None-Match`: one of several, weak or not, or any."""
    given = call.headers.get(b"if-none-match")
    if given is None or given == tag:
        return given is not None
    held = [each.strip().removeprefix(b"W/") for each in given.split(b",")]
    return tag in held or held == [b"*"]


def kept_open(data: bytes) -> IO[bytes]:
    """Bytes as a file without a name."""
    file = TemporaryFile()  # noqa: SIM115 (whoever sends it closes it)
    file.write(data)
    return file


def measured(file: IO[bytes], name: str, kind: bytes, position: int) -> Made:
    """The file with its size and digest, ready to be read from its beginning."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type] # an unbuffered file is one, too
    size = file.tell()
    file.seek(0)
    return Made(file, name, kind, size, digest, position)


async def send(call: Call, made: Made) -> None:
    """Send a file chunk by chunk, as it is taken. Raises `TimeoutError` when it is taken no further; then it is broken off."""
    call.status, call.position = 200, made.position
    told = [
        (b"content-type", made.kind),
        (b"content-length", str(made.size).encode()),
        (b"x-request-id", call.request_id.encode()),
        (b"ledger-position", str(made.position).encode()),
        (b"cache-control", b"private, no-cache"),
        *made.headers,
    ]
    await call.send({"type": "http.response.start", "status": 200, "headers": told})
    while chunk := await asyncio.to_thread(made.file.read, CHUNK):
        async with asyncio.timeout(STALLED_AFTER_S):
            await call.send({"type": "http.response.body", "body": chunk, "more_body": True})
    await call.send({"type": "http.response.body", "body": b""})
