"""Whom we are measured against, on the same server with the same durability: PostgreSQL itself, and the library as it comes."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bench.callers import Task

RECORD = json.dumps({"kind": "customer-claimed.v1", "customer": "C-1", "text": "x" * 420})
"""As long as one of our records of a claim."""


@contextmanager
def raw_table(dsn: str) -> Iterator[str]:
    """A table of the columns, keys and indexes of our log, and nothing of what stands around it."""
    name = f"raw_{uuid4().hex[:12]}"
    table = sql.Identifier(name)
    create = sql.SQL(
        "create table {} (position bigint generated always as identity primary key, event_id uuid not null unique,"
        " stream text not null, version integer not null, kind text not null, occurred_at timestamptz not null,"
        " recorded_at timestamptz not null default clock_timestamp(), record json not null, chain bytea not null,"
        " unique (stream, version))"
    ).format(table)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(create)
        yield name
        connection.execute(sql.SQL("drop table {}").format(table))


def raw_insert(dsn: str, table: str, connections: list[psycopg.Connection]) -> Callable[[], Task]:
    """One row a commit, each caller on a connection of its own."""
    statement = sql.SQL(
        "insert into {} (event_id, stream, version, kind, occurred_at, record, chain)"
        " values (%s, %s, %s, %s, %s, %s, %s)"
    ).format(sql.Identifier(table))

    def prepare() -> Task:
        connection = psycopg.connect(dsn, autocommit=True)
        connections.append(connection)
        text = statement.as_string(connection)

        def insert(number: int) -> None:
            connection.execute(text, row(number))

        return insert

    return prepare


def copied(dsn: str, table: str, rows: int) -> None:
    """All rows in one COPY and one commit."""
    statement = sql.SQL("copy {} (event_id, stream, version, kind, occurred_at, record, chain) from stdin")
    into = statement.format(sql.Identifier(table))
    with psycopg.connect(dsn) as connection, connection.cursor().copy(into) as copy:
        for number in range(rows):
            copy.write_row(row(number))


def row(number: int) -> tuple[UUID, str, int, str, datetime, str, bytes]:
    hashed = hashlib.sha256(RECORD.encode()).digest()
    return uuid4(), f"customer/C-{number}", 1, "customer-claimed.v1", datetime.now(UTC), RECORD, hashed


class Claim(Aggregate):
    """A claim as the library's own aggregate, one event each, with the same text in it."""

    @event("Made")
    def __init__(self, rep: str, text: str) -> None:
        self.rep = rep
        self.text = text


@contextmanager
def stock_application(dsn: str, callers: int) -> Iterator[Application[UUID]]:
    """The library's application on its own PostgreSQL recorder, with a connection for each caller."""
    parts = conninfo_to_dict(dsn)
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts.get("dbname", "postgres")),
        "POSTGRES_HOST": str(parts.get("host", "")),
        "POSTGRES_PORT": str(parts.get("port", "5432")),
        "POSTGRES_USER": str(parts.get("user", "postgres")),
        "POSTGRES_PASSWORD": str(parts.get("password", "")),
        "POSTGRES_POOL_SIZE": str(callers),
        "POSTGRES_MAX_OVERFLOW": "10",
        "POSTGRES_SCHEMA": "public",
    }

    class Stock(Application[UUID]):
        name = f"stock{uuid4().hex[:8]}"

    with Stock(env=environment) as application:
        yield application


def stock_save(application: Application[UUID]) -> Callable[[], Task]:
    def prepare() -> Task:
        def save(number: int) -> None:
            application.save(Claim(rep=f"rep-{number % 200}", text=RECORD))

        return save

    return prepare
