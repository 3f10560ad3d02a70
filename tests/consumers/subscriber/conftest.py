"""An inbox in SQLite and one in PostgreSQL, each with a table of what was handled beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from ledger_subscriber.event import Delivery, Event
from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds.payment import PaymentReceived
from ledger_subscriber.mending import Mending, Missing
from ledger_subscriber.postgresql import PostgresInbox
from ledger_subscriber.sqlite import SqliteInbox
from ledger_subscriber.start import Start
from ledger_subscriber.taking import Taking, Unknown

EFFECTS = (
    "create table effect (number {} primary key, stream text not null, version integer not null, id text not null)"
)


class Refused(RuntimeError):
    """What a handler raises for an event that it was told not to like."""


@dataclass
class Subject:
    """A subscriber without Kafka: what it dislikes fails, all else is written down in the order of handling."""

    inbox: Any
    insert: str
    unknown: Unknown = "park"
    start: Start = field(default_factory=Start)
    disliked: set[str] = field(default_factory=set)
    calls: int = 0
    missing: Missing | None = None

    def handle(self, connection: Any, events: Sequence[Event[Fact]]) -> None:
        self.calls += 1
        for event in events:
            assert isinstance(event.data, PaymentReceived)
            if event.id in self.disliked:
                raise Refused(f"not {event.id}")
            connection.execute(self.insert, (event.stream, event.version, event.id))

    @property
    def taking(self) -> Taking[Any]:
        return Taking(self.inbox, self.handle, self.unknown, self.start, attempts=2)

    @property
    def mending(self) -> Mending[Any]:
        return Mending(self.taking, self.missing)

    def take(self, *deliveries: Delivery) -> dict[str, int]:
        return dict(self.taking.take(deliveries))

    def effects(self) -> list[tuple[str, int]]:
        """What was handled, in order: stream and version."""
        with self.inbox.transaction() as connection:
            return list(connection.execute("select stream, version from effect order by number").fetchall())

    def reasons(self) -> list[tuple[str, str | None]]:
        """What is parked, in order: the event's id or the record's key, and the reason."""
        return [(each.delivery.headers.get("ce_id", each.key), each.reason) for each in self.mending.parked()]


@pytest.fixture
def sqlite_inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    inbox.connection.execute(EFFECTS.format("integer"))
    yield inbox
    inbox.close()


@pytest.fixture
def postgres_dsn(dsn: str) -> Iterator[str]:
    """The address of a schema of the subscriber's own."""
    name = f"subscriber_{uuid4().hex[:12]}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
        yield psycopg.conninfo.make_conninfo(dsn, options=f"-c search_path={name}")
        connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))


@pytest.fixture
def postgres_inbox(postgres_dsn: str) -> Iterator[PostgresInbox]:
    inbox = PostgresInbox(postgres_dsn)
    with inbox.transaction() as connection:
        connection.execute(EFFECTS.format("bigserial").encode())
    yield inbox
    inbox.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def subject(request: pytest.FixtureRequest) -> Subject:
    if request.param == "sqlite":
        insert = "insert into effect (stream, version, id) values (?, ?, ?)"
        return Subject(request.getfixturevalue("sqlite_inbox"), insert)
    insert = "insert into effect (stream, version, id) values (%s, %s, %s)"
    return Subject(request.getfixturevalue("postgres_inbox"), insert)
