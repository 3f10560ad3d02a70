"""Many statements in one round trip, each prepared once, at the price of a few microseconds.

Speaks libpq's pipeline mode directly: psycopg's own costs ten times as much a statement, which is most of a small batch.
"""

from collections.abc import Sequence
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, Final, LiteralString

import psycopg
from psycopg import Connection
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

LONGEST_WAIT: Final = 60.0
"""Seconds without a sign of life from the server after which its connection counts as lost: more than any timeout it has."""

Statement = tuple[LiteralString, Sequence[str | int | bytes]]
"""A statement with `%s` where its parameters go, and the parameters."""


class Wire:
    """One connection's statements. Not safe for threads: one sends, and the same receives before anything else is sent.

    A statement prepared in a pipeline that failed may never have reached the server, so its name is never used again.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self._pg = connection.pgconn
        self._names: dict[str, bytes] = {}
        self._fresh: list[str] = []
        self._prepared = 0
        self._selector = DefaultSelector()
        self._selector.register(self._pg.socket, EVENT_READ | EVENT_WRITE)
        self._reading = DefaultSelector()
        self._reading.register(self._pg.socket, EVENT_READ)

    def close(self) -> None:
        self._selector.close()
        self._reading.close()

    def send(self, statements: Sequence[Statement]) -> None:
        """Send all of them, without waiting for what they bring. Raises `psycopg.OperationalError`."""
        pg = self._pg
        pg.enter_pipeline_mode()
        for text, parameters in statements:
            pg.send_query_prepared(self._name(text), [as_text(each) for each in parameters])
        pg.pipeline_sync()
        while pg.flush():
            self._wait(self._selector)

    def receive(self) -> list[PGresult]:
        """Wait for the results, one a statement. Raises the first error; then nothing of the transaction was done."""
        pg, results, error = self._pg, list[PGresult](), None
        while True:
            while pg.is_busy():
                self._wait(self._reading)
            result = pg.get_result()
            if result is None:
                if pg.status == ConnStatus.BAD:
                    raise psycopg.OperationalError("the connection was lost")
            elif result.status == ExecStatus.PIPELINE_SYNC:
                break
            elif result.status == ExecStatus.FATAL_ERROR:
                error = error or error_of(result)
            else:
                results.append(result)
        pg.exit_pipeline_mode()
        fresh, self._fresh = self._fresh, []
        if error:
            for text in fresh:
                del self._names[text]
            raise error
        return [each for each in results if each.status != ExecStatus.COMMAND_OK or each.command_status]

    def _name(self, text: str) -> bytes:
        name = self._names.get(text)
        if name is None:
            self._prepared += 1
            name = self._names[text] = f"ledger_{self._prepared}".encode()
            self._fresh.append(text)
            self._pg.send_prepare(name, numbered(text).encode())
        return name

    def _wait(self, selector: DefaultSelector) -> None:
        ready = selector.select(LONGEST_WAIT)
        if not ready:
            raise psycopg.OperationalError("the server gave no sign of life")
        if ready[0][1] & EVENT_READ:
            self._pg.consume_input()


def numbered(text: str) -> str:
    """The statement with its parameters numbered, as the server wants them."""
    first, *rest = text.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


def as_text(value: str | int | bytes) -> bytes:
    return b"\\x" + value.hex().encode() if isinstance(value, bytes) else str(value).encode()


def error_of(result: PGresult) -> psycopg.Error:
    state = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE)
    message = result.error_message.decode(errors="replace").strip()
    kind = known_error(state.decode()) if state else psycopg.OperationalError
    return kind(message)


def known_error(state: str) -> type[psycopg.Error]:
    try:
        return psycopg.errors.lookup(state)
    except KeyError:
        return psycopg.DatabaseError
