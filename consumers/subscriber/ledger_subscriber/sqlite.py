"""An inbox in SQLite, for subscribers that need no server."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic_core import from_json, to_json

from ledger_subscriber.event import Delivery
from ledger_subscriber.store import Identity, Parked, Part, Reached

BUSY_S: Final = 30.0
TABLES: Final = """
create table if not exists inbox_event (source text, id text, primary key (source, id)) without rowid;
create table if not exists inbox_stream (source text, stream text, version integer not null, primary key (source, stream))
    without rowid;
create table if not exists inbox_reached (topic text, part integer, next integer not null, position integer not null,
    primary key (topic, part));
create table if not exists inbox_parked (number integer primary key autoincrement, key text not null, topic text not null,
    part integer not null, next integer not null, headers text not null, value blob, reason text, detail text not null,
    attempts integer not null, parked_at text not null);
create index if not exists inbox_parked_key on inbox_parked (key, number);
create table if not exists inbox_note (name text primary key, value text not null);
"""


class SqliteInbox:
    """An inbox in a file, beside the subscriber's own tables. For one thread at a time; other processes wait for one another."""

    def __init__(self, path: str | Path) -> None:
        self.connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        self.connection.execute("pragma journal_mode = wal")
        self.connection.executescript(TABLES)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        self.connection.execute("begin immediate")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def reached(self, connection: sqlite3.Connection, parts: Iterable[Part]) -> dict[Part, Reached]:
        wanted = set(parts)
        rows = connection.execute("select topic, part, next, position from inbox_reached")
        return {(topic, part): Reached(*done) for topic, part, *done in rows if (topic, part) in wanted}

    def reach(self, connection: sqlite3.Connection, parts: Mapping[Part, Reached]) -> None:
        rows = [(*part, done.offset, done.position) for part, done in parts.items()]
        connection.executemany("insert or replace into inbox_reached values (?, ?, ?, ?)", rows)

    def enter(self, connection: sqlite3.Connection, events: Sequence[Identity]) -> set[Identity]:
        entered = set()
        for each in dict.fromkeys(events):
            if connection.execute("insert or ignore into inbox_event values (?, ?)", each).rowcount:
                entered.add(each)
        return entered

    def versions(self, connection: sqlite3.Connection, streams: Collection[Identity]) -> dict[Identity, int]:
        found = {}
        for each in streams:
            row = connection.execute(
                "select version from inbox_stream where source = ? and stream = ?", each
            ).fetchone()
            if row:
                found[each] = int(row[0])
        return found

    def handled(self, connection: sqlite3.Connection, versions: Mapping[Identity, int]) -> None:
        rows = [(*stream, version) for stream, version in versions.items()]
        connection.executemany("insert or replace into inbox_stream values (?, ?, ?)", rows)

    def parked_keys(self, connection: sqlite3.Connection, keys: Collection[str]) -> set[str]:
        return {key for (key,) in connection.execute("select distinct key from inbox_parked") if key in keys}

    def park(
        self, connection: sqlite3.Connection, delivery: Delivery, reason: str | None, detail: str, attempts: int
    ) -> None:
        where = (delivery.key, delivery.topic, delivery.part, delivery.offset)
        headers, now = to_json(dict(delivery.headers)).decode(), datetime.now(UTC).isoformat()
        connection.execute(
            "insert into inbox_parked (key, topic, part, next, headers, value, reason, detail, attempts, parked_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*where, headers, delivery.value, reason, detail, attempts, now),
        )

    def parked(self, connection: sqlite3.Connection, key: str | None = None) -> list[Parked]:
        rows = connection.execute(
            "select number, key, topic, part, next, headers, value, reason, detail, attempts, parked_at"
            " from inbox_parked where ? is null or key = ? order by number",
            (key, key),
        )
        return [
            Parked(
                number,
                key,
                Delivery(topic, part, offset, key, from_json(headers), value),
                reason,
                detail,
                attempts,
                datetime.fromisoformat(parked_at),
            )
            for number, key, topic, part, offset, headers, value, reason, detail, attempts, parked_at in rows
        ]

    def tried(self, connection: sqlite3.Connection, number: int, reason: str, detail: str) -> None:
        connection.execute(
            "update inbox_parked set reason = ?, detail = ?, attempts = attempts + 1 where number = ?",
            (reason, detail, number),
        )

    def unpark(self, connection: sqlite3.Connection, number: int) -> None:
        connection.execute("delete from inbox_parked where number = ?", (number,))

    def note(self, connection: sqlite3.Connection, name: str, value: str) -> None:
        connection.execute("insert or replace into inbox_note values (?, ?)", (name, value))

    def noted(self, connection: sqlite3.Connection, name: str) -> str | None:
        row = connection.execute("select value from inbox_note where name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def is_lost(self, error: BaseException) -> bool:
        return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)

    def close(self) -> None:
        self.connection.close()
