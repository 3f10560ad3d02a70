"""Following the log: woken by PostgreSQL when something is recorded, and looking every second all the same."""

from collections.abc import Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription
from psycopg import sql

from services.database import connect

if TYPE_CHECKING:
    from services.ledger.recorder import LedgerRecorder

LOOK_EVERY: Final = 1.0
"""Seconds between two looks when nobody wakes us."""

NOTICE_STOP: Final = 0.1
"""Seconds until a listening thread notices that it is to stop."""

log = structlog.get_logger()


class LedgerSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """The library's subscription, but one that outlives its connections: it reads on from where it was."""

    def __init__(self, recorder: "LedgerRecorder", gt: int | None = None, topics: Sequence[str] = ()) -> None:
        self._where = (recorder.dsn, recorder.schema, recorder.channel)
        self._stopping = Event()
        super().__init__(recorder, gt, topics)
        self._listen_thread = Thread(target=self._listen, name="ledger-listener", daemon=True)
        self._listen_thread.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listen_thread.join()

    def stop(self) -> None:
        self._stopping.set()
        super().stop()

    def _pull(self) -> None:
        try:
            super()._pull()
        except psycopg.OperationalError as lost:
            log.warning("subscription_reading_again", error=type(lost).__name__)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen_until_lost()
            except psycopg.OperationalError as lost:
                log.warning("subscription_listening_again", error=type(lost).__name__)
                self._has_been_notified.set()
                self._stopping.wait(LOOK_EVERY)

    def _listen_until_lost(self) -> None:
        dsn, schema, channel = self._where
        with connect(dsn, schema) as connection:
            connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            self._has_been_notified.set()
            quiet = 0.0
            while not self._stopping.is_set():
                told = list(connection.notifies(timeout=NOTICE_STOP, stop_after=1))
                quiet = 0.0 if told else quiet + NOTICE_STOP
                if told or quiet >= LOOK_EVERY:
                    self._has_been_notified.set()
                    quiet = 0.0
