"""Knowing when the log has grown: one listening thread for all who follow, and a look every second all the same."""

import asyncio
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Final, Self

import psycopg
import structlog
from psycopg import sql

from services.database import connect
from services.ledger.recorder import LedgerRecorder

LOOK_EVERY_S: Final = 1.0
NOTICE_STOP_S: Final = 0.1

logger: Final = structlog.get_logger("feed")

Waiting = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Pulse:
    """Wakes tasks of any event loop when the ledger's head has moved. Listens from the first wait until it is closed."""

    def __init__(self, recorder: LedgerRecorder) -> None:
        self._recorder = recorder
        self._lock = Lock()
        self._waiting: set[Waiting] = set()
        self._position = 0
        self._stopping = Event()
        self._thread: Thread | None = None

    @property
    def is_closed(self) -> bool:
        return self._stopping.is_set()

    async def beyond(self, position: int, within_s: float) -> bool:
        """Wait until the log goes beyond a position. False if it did not within so many seconds, or the pulse was closed."""
        loop = asyncio.get_running_loop()
        mine: Waiting = (loop, loop.create_future())
        with self._lock:
            if self._position > position or self.is_closed:
                return not self.is_closed
            self._waiting.add(mine)
            self._listen_from_now_on()
        try:
            await asyncio.wait_for(mine[1], within_s)
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiting.discard(mine)
        return not self.is_closed

    def close(self) -> None:
        """Let everyone go who waits, and listen no more."""
        self._stopping.set()
        self._wake()
        if self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _listen_from_now_on(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._listen, name="feed-pulse", daemon=True)
            self._thread.start()

    def _listen(self) -> None:
        while not self.is_closed:
            try:
                self._listen_until_lost()
            except psycopg.OperationalError as lost:
                logger.warning("listening again", error=type(lost).__name__)
                self._stopping.wait(LOOK_EVERY_S)

    def _listen_until_lost(self) -> None:
        recorder = self._recorder
        with connect(recorder.dsn, recorder.schema) as connection:
            connection.execute(sql.SQL("listen {}").format(sql.Identifier(recorder.channel)))
            quiet = LOOK_EVERY_S
            while not self.is_closed:
                told = list(connection.notifies(timeout=NOTICE_STOP_S, stop_after=1)) if quiet < LOOK_EVERY_S else []
                quiet += NOTICE_STOP_S
                if told or quiet >= LOOK_EVERY_S:
                    head = connection.execute("select position from ledger_head").fetchone()
                    self._look(int(str(head[0])) if head else 0)
                    quiet = 0.0

    def _look(self, position: int) -> None:
        with self._lock:
            grown, self._position = position > self._position, position
        if grown:
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            woken, self._waiting = self._waiting, set()
        for loop, future in woken:
            with suppress(RuntimeError):  # the loop was closed: nobody waits there any more
                loop.call_soon_threadsafe(let_go, future)


def let_go(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
