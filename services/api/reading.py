"""What every read shares: the position it is true up to, who may see it, its ETag, and a record of whose data was read."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, LifoQueue
from time import monotonic
from typing import Any, Final

import psycopg
from psycopg import Connection
from pydantic_core import to_json

from projections.registry import ReadModel
from services.api.access import AccessRecord, Record
from services.api.call import JSON, Call
from services.api.lengthy import Lengthy, Made, Unchanged, etag, is_held, send
from services.api.looks import Look, Looks
from services.api.problems import Problem
from services.api.seat import Seat, TakesLong, belongs
from services.wiring import Books

READERS: Final = 4
WAIT_FOR_POSITION_S: Final = 5.0
LOOK_AGAIN_S: Final = 0.02
SHOWN_AGAIN_S: Final = 1.0
"""Seconds for which an answer may be given again while nothing was recorded: what is overdue depends on the clock."""
MOST_KEPT: Final = 1_000
LARGEST_KEPT: Final = 300_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: by what right, of which read models, and as of when (None: now).

    An answer that is `written_down` is recorded though nobody's values are shown in it, and is never given again. One that
    takes `lengthy` work waits its turn among the few that are worked on at one time.
    """

    act: str
    models: tuple[type[ReadModel], ...]
    matter: str
    min_position: int = 0
    at: datetime | None = None
    written_down: bool = False
    lengthy: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it was given, with how things stood."""

    look: Look
    since: float
    body: bytes
    etag: bytes
    position: int
    record: AccessRecord | None


Find = Callable[[Seat], Any]
Make = Callable[[Seat], Made | Unchanged]


class Reading:
    """Answers reads for one event loop, from threads with a connection each."""

    def __init__(self, books: Books, looks: Looks, record: Record) -> None:
        self.books = books
        self.looks = looks
        self.record = record
        self.lengthy = Lengthy(books)
        self._threads = ThreadPoolExecutor(READERS, "reading")
        self._idle: LifoQueue[Connection[Any]] = LifoQueue()
        self._shown: dict[tuple[str, str, bytes], Shown] = {}
        self._stood: Look | None = None

    def close(self) -> None:
        self.lengthy.close()
        self._threads.shutdown()
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    async def again(self, call: Call) -> bool:
        """Give an answer once more, if nothing was recorded since, and it is a second old at most."""
        shown = self._shown.get((call.asker, call.path, call.scope["query_string"]))
        if shown is None:
            return False
        look = await self.looks.look()
        if not stands(shown.look, look) or monotonic() - shown.since > SHOWN_AGAIN_S:
            self._shown.clear()
            return False
        await self._give(call, shown)
        return True

    async def answer(self, call: Call, asked: Asked, find: Find) -> None:
        """Find what is asked for, if whoever asks may see it, and answer. Raises `Problem`."""
        look, opened = await self._look_from(call, asked), set[str]()
        document = await self._found(call, asked, look, opened, find)
        body = to_json(document)
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'.encode()
        record = shown_to(call, asked, opened)
        shown = Shown(look, monotonic(), body, etag, document["true_up_to"], record)
        small = len(body) <= LARGEST_KEPT and len(self._shown) < MOST_KEPT
        if small and call.method == "GET" and not asked.written_down:
            self._shown[call.asker, call.path, call.scope["query_string"]] = shown
        await self._give(call, shown)

    async def file(self, call: Call, asked: Asked, make: Make) -> None:
        """Make a file, if whoever asks may have it, and send it; 304 if they have it already. Raises `Problem`."""
        look, opened = await self._look_from(call, asked), set[str]()
        with self.lengthy.sending():
            made = await self._found(call, asked, look, opened, make)
            if record := shown_to(call, asked, opened):
                await self.record.put(record)
            if isinstance(made, Made) and is_held(call, etag(made.digest)):
                made.file.close()
                made = Unchanged(made.digest, made.position)
            if isinstance(made, Unchanged):
                call.position = made.position
                await call.answer(304, b"", JSON, ((b"etag", etag(made.digest)),))
                return
            with made.file:
                await send(call, made)

    async def _found(self, call: Call, asked: Asked, look: Look, opened: set[str], find: Find) -> Any:
        """What is found in the asker's seat. A denial is written down. Raises `Problem`."""
        call.position = look.position([model.name for model in asked.models])
        belongs(look, call.asker)
        at = asked.at or look.at

        def soon(connection: Connection[Any]) -> Any:
            return find(Seat(self.books, connection, look, call.asker, asked.act, at, opened))

        def at_length(connection: Connection[Any]) -> Any:
            return find(Seat(self.books, connection, look, call.asker, asked.act, at, opened, unhurried=True))

        try:
            if not asked.lengthy:
                with suppress(TakesLong):
                    return await asyncio.get_running_loop().run_in_executor(self._threads, self._with_connection, soon)
            return await self.lengthy.run(at_length)
        except Problem as problem:
            if problem.refusal:
                await self.record.put(AccessRecord.of(call, asked.act, asked.matter, problem.code))
            raise

    async def _give(self, call: Call, shown: Shown) -> None:
        if shown.record:
            await self.record.put(shown.record.again(call))
        call.position = shown.position
        headers = ((b"etag", shown.etag), (b"cache-control", b"private, no-cache"))
        if is_held(call, shown.etag):
            await call.answer(304, b"", JSON, headers)
        else:
            await call.answer(200, shown.body, JSON, headers)

    async def _look_from(self, call: Call, asked: Asked) -> Look:
        """A look at which the read models are true up to the position asked for; waited for a while. Raises `Problem`."""
        names = [model.name for model in asked.models]
        look = await self.looks.look()
        until = monotonic() + WAIT_FOR_POSITION_S
        while missing(names, look) or look.position(names) < asked.min_position:
            if monotonic() > until or asked.min_position > look.head:
                call.position = position = 0 if missing(names, look) else look.position(names)
                raise Problem("not-there-yet", f"True up to {position}, asked for {asked.min_position}.", again_in_s=1)
            await asyncio.sleep(LOOK_AGAIN_S)
            look = await self.looks.look()
        return look

    def _with_connection(self, find: Callable[[Connection[Any]], Any]) -> Any:
        """Find with a connection; once more with a new one if the old one was lost."""
        try:
            connection, fresh = self._idle.get_nowait(), False
        except Empty:
            connection, fresh = self.books.connection(), True
        try:
            found = find(connection)
        except psycopg.OperationalError:
            connection.close()
            if fresh:
                raise
            return self._with_connection(find)
        except BaseException:
            self._idle.put(connection)
            raise
        self._idle.put(connection)
        return found


def shown_to(call: Call, asked: Asked, opened: set[str]) -> AccessRecord | None:
    """The record of an answer in which somebody's values are opened, or that is to be written down all the same."""
    if not opened and not asked.written_down:
        return None
    return AccessRecord.of(call, asked.act, asked.matter, "shown", sorted(opened))


def missing(names: Sequence[str], look: Look) -> bool:
    return any(name not in look.models for name in names)


def stands(before: Look, now: Look) -> bool:
    """Whether nothing was recorded or arranged in between."""
    return before.head == now.head and before.models == now.models
