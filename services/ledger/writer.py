"""The writing side of one process: one connection, one batch at a time, and what to do when either fails."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import psycopg
import structlog
from psycopg import Connection
from psycopg.pq import TransactionStatus

from services.database import connect
from services.ledger.answer import Answer, LedgerUnavailable, OutcomeUnknown
from services.ledger.asked import Asked
from services.ledger.batch import Batch
from services.ledger.head import Head
from services.ledger.keys import ask_keys
from services.ledger.mapper import stamp
from services.ledger.sights import Sights
from services.ledger.statements import KEY_IN_FORCE, LOCK, RECEIPTS, array
from services.ledger.wire import Statement, Wire

PAUSES: Final = (0.0, 0.1, 0.3, 1.0, 2.0, 4.0)
"""Seconds to wait before each new attempt after the connection was lost."""

BEGIN: Final[Statement] = ("begin", ())
COMMIT: Final[Statement] = ("commit", ())
ROLLBACK: Final[Statement] = ("rollback", ())
"""Sent over the wire like the others: when psycopg sees a rollback, it has the server forget every prepared statement."""

Clock = Callable[[], datetime]

log = structlog.get_logger()


@dataclass(slots=True)
class Connected:
    """Where the writer writes."""

    dsn: str
    schema: str
    channel: str
    connection: Connection[Any] | None = None
    _wire: Wire | None = None

    def open(self) -> Connection[Any]:
        if self.connection is None or self.connection.closed or self.connection.broken:
            self.close()
            self.connection = connect(self.dsn, self.schema)
            self._wire = Wire(self.connection)
        return self.connection

    def wire(self) -> Wire:
        """For many statements at once."""
        self.open()
        return cast(Wire, self._wire)

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Writer:
    """Not safe for threads: whoever leads the queue has it."""

    def __init__(self, where: Connected, sights: Sights, clock: Clock | None) -> None:
        self.where = where
        self._sights = sights
        self._clock = clock

    def close(self) -> None:
        self.where.close()

    def write(self, commands: Sequence[Asked], *, unknown: bool = False) -> list[Answer | Exception]:
        """Judge and record a batch, durably. A command that breaks the batch is told so; the others are answered.

        `unknown` says that these commands were sent before and may have been committed. An answer is an `OutcomeUnknown`
        or `LedgerUnavailable` when the database was lost and did not come back in time.
        """
        try:
            return list(self._persist(commands, unknown=unknown))
        except (OutcomeUnknown, LedgerUnavailable) as lost:
            return [lost] * len(commands)
        except Exception as broken:  # noqa: BLE001 (each caller is given the error of its own command)
            if len(commands) == 1:
                return [broken]
            log.warning("batch_broken", commands=len(commands), error=type(broken).__name__)
            return [answer for each in commands for answer in self.write((each,), unknown=unknown)]

    def _persist(self, commands: Sequence[Asked], *, unknown: bool) -> list[Answer]:
        """Write, and write again on a new connection if the old one was lost: receipts make repeating safe."""
        for pause in PAUSES:
            if pause:
                time.sleep(pause)
            attempt = Attempt()
            try:
                return self._write(self.where.open(), commands, attempt)
            except psycopg.OperationalError as error:
                unknown = unknown or (attempt.committing and may_have_committed(self.where.connection))
                self._give_up(error)
            except BaseException:
                self._abandon()
                raise
        raise OutcomeUnknown if unknown else LedgerUnavailable("the database does not answer; nothing was recorded")

    def _give_up(self, error: psycopg.OperationalError) -> None:
        """Throw the connection away. Raises `LedgerUnavailable` if it was not the connection that failed."""
        waited = isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled)
        self._abandon()
        if waited:
            raise LedgerUnavailable("another writer has not let go in time; nothing was recorded") from error
        log.warning("connection_lost", error=type(error).__name__)

    def _abandon(self) -> None:
        self._sights.forget()
        self.where.close()

    def _write(self, connection: Connection[Any], commands: Sequence[Asked], attempt: "Attempt") -> list[Answer]:
        batch = self._begin(connection, commands)
        answers = batch.answer(commands)
        wire = self.where.wire()
        if not batch.receipts:
            wire.send([ROLLBACK])
            wire.receive()
            self._sights.sent(batch.head)
            return answers
        sending = batch.send(self.where.channel)
        attempt.committing = True
        wire.send([*sending.statements, COMMIT])
        wire.receive()
        self._sights.sent(sending.head)
        return answers

    def _begin(self, connection: Connection[Any], commands: Sequence[Asked]) -> Batch:
        """Lock the head, look for receipts, and catch up with what others have written."""
        with connection.pipeline():
            connection.execute("begin")
            locked = connection.execute(LOCK)
            found = connection.execute(RECEIPTS, (array(each.command_id for each in commands),))
            own = connection.execute(KEY_IN_FORCE)
        position, before, chain, now = cast(tuple[int, datetime, bytes, datetime], locked.fetchone())
        earlier = {row[0]: (row[1], Answer.read(row[2])) for row in found}
        recorded_at = max(before, self._clock().astimezone(UTC) if self._clock else now)
        head = Head(position, before, chain)
        if head != self._sights.head:
            self._sights.follow(connection, head)
        self._sights.time.told(now)
        self._sights.look_at(recorded_at)
        self._sights.keys.wrap_with(cast(tuple[bytes, str | None], own.fetchone())[1])
        self._sights.keys.load = lambda subjects: ask_keys(connection, subjects)
        return Batch(lambda: connection, self._sights, head, recorded_at, stamp(recorded_at), earlier)


@dataclass(slots=True)
class Attempt:
    """How far one attempt to write came."""

    committing: bool = False


def may_have_committed(connection: Connection[Any] | None) -> bool:
    """Whether a commit that was sent may have happened: what failed was not a statement before it."""
    status = connection.info.transaction_status if connection else TransactionStatus.UNKNOWN
    return status != TransactionStatus.INERROR
