"""An inbox in PostgreSQL, beside the subscriber's own tables. Needs psycopg: the extra `postgresql`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import Connection
from pydantic_core import to_json

from ledger_subscriber.event import APART, Delivery
from ledger_subscriber.store import Identity, Parked, Part, Reached

TABLES: Final = """
create table if not exists inbox_event (source text, id text, primary key (source, id));
create table if not exists inbox_stream (source text, stream text, version integer not null, primary key (source, stream))
    with (fillfactor = 70);
create table if not exists inbox_reached (topic text, part integer, next bigint not null, position bigint not null,
    primary key (topic, part)) with (fillfactor = 10);
create table if not exists inbox_parked (number bigint generated always as identity primary key, key text not null,
    topic text not null, part integer not null, next bigint not null, headers jsonb not null, value bytea, reason text,
    detail text not null, attempts integer not null, parked_at timestamptz not null default clock_timestamp());
create index if not exists inbox_parked_key on inbox_parked (key, number);
create table if not exists inbox_note (name text primary key, value text not null);
"""
PASSING: Final = ("08", "40", "53", "57P")
"""Errors that are no event's fault: the connection, a deadlock, want of resources, a server that goes down."""

ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtext('ledger_subscriber'))"


class PostgresInbox:
    """An inbox in the schema that the address's search path begins with. For one thread; any number of processes."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection: Connection[Any] | None = None
        with self.transaction() as connection:
            connection.execute(ONE_AT_A_TIME)
            connection.execute(TABLES)

    @contextmanager
    def transaction(self) -> Iterator[Connection[Any]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.dsn, autocommit=True, connect_timeout=10)
        with self._connection.transaction():
            yield self._connection

    def reached(self, connection: Connection[Any], parts: Iterable[Part]) -> dict[Part, Reached]:
        topics, numbers = columns(sorted(parts), 2)
        wanted = "unnest(%s::text[], %s::integer[]) w (topic, part)"
        connection.execute(
            f"insert into inbox_reached select topic, part, 0, 0 from {wanted} on conflict do nothing".encode(),  # noqa: S608 (our own words)
            (topics, numbers),
        )
        rows = connection.execute(
            "select topic, part, next, position from inbox_reached"  # noqa: S608 (our own words)
            f" where (topic, part) in (select * from {wanted}) order by topic, part for update".encode(),
            (topics, numbers),
        )
        return {(topic, part): Reached(*done) for topic, part, *done in rows}

    def reach(self, connection: Connection[Any], parts: Mapping[Part, Reached]) -> None:
        rows = [(*part, done.offset, done.position) for part, done in parts.items()]
        connection.execute(
            "insert into inbox_reached select * from unnest(%s::text[], %s::integer[], %s::bigint[], %s::bigint[])"
            " on conflict (topic, part) do update set next = excluded.next, position = excluded.position",
            columns(rows, 4),
        )

    def enter(self, connection: Connection[Any], events: Sequence[Identity]) -> set[Identity]:
        rows = connection.execute(
            "insert into inbox_event select * from unnest(string_to_array(%s, %s), string_to_array(%s, %s))"
            " on conflict do nothing returning source, id",
            joined(sorted(set(events))),
        )
        return set(rows.fetchall())

    def versions(self, connection: Connection[Any], streams: Collection[Identity]) -> dict[Identity, int]:
        rows = connection.execute(
            "select source, stream, version from inbox_stream"
            " join unnest(string_to_array(%s, %s), string_to_array(%s, %s)) w (source, stream) using (source, stream)",
            joined(list(streams)),
        )
        return {(source, stream): version for source, stream, version in rows.fetchall()}

    def handled(self, connection: Connection[Any], versions: Mapping[Identity, int]) -> None:
        rows = sorted(versions.items())
        connection.execute(
            "insert into inbox_stream"
            " select * from unnest(string_to_array(%s, %s), string_to_array(%s, %s), %s::text::integer[])"
            " on conflict (source, stream) do update set version = excluded.version",
            (*joined([stream for stream, _ in rows]), f"{{{','.join(str(version) for _, version in rows)}}}"),
        )

    def parked_keys(self, connection: Connection[Any], keys: Collection[str]) -> set[str]:
        rows = connection.execute(
            "select key from inbox_parked where key = any(%s) order by number for update", (list(keys),)
        )
        return {key for (key,) in rows}

    def park(
        self, connection: Connection[Any], delivery: Delivery, reason: str | None, detail: str, attempts: int
    ) -> None:
        headers = to_json(dict(delivery.headers)).decode()
        where = (delivery.key, delivery.topic, delivery.part, delivery.offset)
        connection.execute(
            "insert into inbox_parked (key, topic, part, next, headers, value, reason, detail, attempts)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (*where, headers, delivery.value, reason, detail, attempts),
        )

    def parked(self, connection: Connection[Any], key: str | None = None) -> list[Parked]:
        rows = connection.execute(
            "select number, key, topic, part, next, headers, value, reason, detail, attempts, parked_at"
            " from inbox_parked where %s::text is null or key = %s order by number for update",
            (key, key),
        )
        return [
            Parked(number, key, Delivery(topic, part, offset, key, headers, value), reason, detail, attempts, parked_at)
            for number, key, topic, part, offset, headers, value, reason, detail, attempts, parked_at in rows
        ]

    def tried(self, connection: Connection[Any], number: int, reason: str, detail: str) -> None:
        connection.execute(
            "update inbox_parked set reason = %s, detail = %s, attempts = attempts + 1 where number = %s",
            (reason, detail, number),
        )

    def unpark(self, connection: Connection[Any], number: int) -> None:
        connection.execute("delete from inbox_parked where number = %s", (number,))

    def note(self, connection: Connection[Any], name: str, value: str) -> None:
        connection.execute(
            "insert into inbox_note values (%s, %s) on conflict (name) do update set value = excluded.value",
            (name, value),
        )

    def noted(self, connection: Connection[Any], name: str) -> str | None:
        row = connection.execute("select value from inbox_note where name = %s", (name,)).fetchone()
        return str(row[0]) if row else None

    def is_lost(self, error: BaseException) -> bool:
        if not isinstance(error, psycopg.OperationalError):
            return False
        return error.sqlstate is None or error.sqlstate.startswith(PASSING)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def joined(identities: Sequence[Identity]) -> tuple[str, str, str, str]:
    """Identities as two texts, each with what stands between its parts: far cheaper to send than arrays."""
    sources = APART.join(source for source, _ in identities)
    return sources, APART, APART.join(each for _, each in identities), APART


def columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """Rows turned into so many columns."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
