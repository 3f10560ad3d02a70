"""A period's statements, arranged by the database from the lines booked since the closing before; the sums by the domain.

The same statements come out for a period that is being closed, for one that is folded again, and for a preview of one that is
open: it is always this. They stand in tables that go with the transaction, until `keep` writes them down for good. Every step
works on sets; memory stays flat whatever their size.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import Connection, sql

from domain.policy.terms import ClawbackTerms
from domain.settlement import Movements, reclaim, settle
from projections import closing_sql as asked
from projections.converting import RATE, convert
from projections.desk import names
from projections.statements import (
    CLOSING,
    COMING,
    HELD,
    HOLD,
    LIFTED,
    PERIOD,
    SCHEMA_VERSION,
    STATEMENT,
    STATEMENT_ROW,
)
from projections.table import Table

AT_ONCE: Final = 5_000
"""Statements settled between two looks at the database."""

BLOCK: Final = 1 << 20
"""Bytes of rows that are digested at once."""

Also = Callable[[bytes], object]
"""Told the rows as they are digested: whole lines, a block at a time."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a period's statements take in: lines after the position `since`, up to `until`; `previous` is the month before."""

    period: str
    previous: str | None
    since: int
    until: int
    policy: str
    terms: ClawbackTerms


@dataclass(frozen=True, slots=True)
class Arranged:
    """Statements that stand arranged, and the digest of their rows."""

    cut: Cut
    digest: str


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where statements are read from and written to: the read model's tables by name, and where rows and sums stand."""

    tables: Mapping[str, sql.Composable]
    rows: sql.Composable = field(default_factory=lambda: sql.Identifier(asked.PASSING_ROW))
    sums: sql.Composable = field(default_factory=lambda: sql.Identifier(asked.PASSING_SUMS))

    def fill(self, statement: str) -> sql.Composed:
        return sql.SQL(statement).format(**self.tables, **asked.PARTS, rows=self.rows, sums=self.sums)


def in_generation(line: Table[Any], generation: int) -> Shelves:
    """The tables of one generation of the read model."""
    return Shelves({each.name: each.in_generation(generation) for each in (line, *NEEDED)})


def as_shown(line: Table[Any]) -> Shelves:
    """The tables of the generation that is shown."""
    return Shelves({each.name: sql.Identifier(each.name) for each in (line, *NEEDED)})


NEEDED: Final[tuple[Table[Any], ...]] = (STATEMENT_ROW, STATEMENT, PERIOD, CLOSING, HOLD, LIFTED, HELD, COMING, RATE)


def arrange(connection: Connection[Any], shelves: Shelves, cut: Cut, also: Also | None = None) -> Arranged:
    """Arrange the statements of the cut in passing, inside the caller's transaction, and take their digest."""
    told = told_of(cut)
    for statement in asked.ROOM:
        connection.execute(statement)
    for statement in asked.GATHER:
        connection.execute(shelves.fill(statement), told)
    take_back(connection, shelves, cut)
    settle_all(connection, shelves, cut)
    convert(connection, {**shelves.tables, "sums": shelves.sums}, told)
    return Arranged(cut, digest(connection, shelves.fill(asked.ROWS), told, also))


def keep(connection: Connection[Any], shelves: Shelves, cut: Cut) -> None:
    """Write the statements that stand arranged into the tables of the shelves, for good."""
    for statement in asked.KEEP:
        connection.execute(shelves.fill(statement), told_of(cut))


def clear(connection: Connection[Any]) -> None:
    """Make room for the statements of another period in the same transaction."""
    passing = sql.SQL(", ").join(map(sql.Identifier, asked.PASSING))
    connection.execute(sql.SQL("DROP TABLE {}").format(passing))


def told_of(cut: Cut) -> dict[str, Any]:
    return {
        "period": cut.period,
        "previous": cut.previous,
        "since": cut.since,
        "until": cut.until,
        "policy": cut.policy,
    }


def take_back(connection: Connection[Any], shelves: Shelves, cut: Cut) -> None:
    """Say of everything that was paid and is due no longer what of it the payee owes, and what the company bears."""
    for batch in batches(connection, shelves.fill(asked.DUE_LESS), told_of(cut)):
        found = []
        for *key, less, paid, line, paid_in in batch:
            parts = reclaim(int(less), int(paid), paid_in, cut.period, cut.terms)
            amounts = (("raised", parts.raised), ("borne", parts.borne))
            found += [(*key, cause, amount, line, paid_in) for cause, amount in amounts if amount]
        copy(connection, sql.Identifier("reclaimed"), asked.RECLAIMED_COLUMNS, found)
    connection.execute("ANALYZE reclaimed")


def settle_all(connection: Connection[Any], shelves: Shelves, cut: Cut) -> None:
    """Settle every payee's account, a few thousand at a time."""
    for batch in batches(connection, shelves.fill(asked.MOVEMENTS), told_of(cut)):
        settled = []
        for currency, payee, gone, opening, *moved in batch:
            settled.append(
                (cut.period, currency, payee, gone, *settle(int(opening), Movements(*map(int, moved)), cut.terms), 0)
            )
        copy(connection, shelves.sums, STATEMENT.columns, settled)


def batches(
    connection: Connection[Any], statement: sql.Composed, told: Mapping[str, Any]
) -> Iterator[list[tuple[Any, ...]]]:
    with connection.cursor("arranging") as cursor:
        cursor.execute(statement, told)
        while found := cursor.fetchmany(AT_ONCE):
            yield found


def copy(
    connection: Connection[Any], table: sql.Composable, columns: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> None:
    if rows:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, names(columns))
        with connection.cursor() as cursor, cursor.copy(statement) as writing:
            for row in rows:
                writing.write_row(row)


def digest(connection: Connection[Any], rows: sql.Composable, told: Mapping[str, Any], also: Also | None = None) -> str:
    r"""SHA-256 in hex over the rows that a query gives as `closing_sql.FIELDS`, streamed: a heading, then a line a row.

    Fields are parted by U+001F; times are microseconds since 1970, and `\N` stands for what there is not.
    """
    statement = sql.SQL("COPY ({}) TO STDOUT (DELIMITER E'\\x1f', NULL '\\N')").format(rows)
    heading = "\x1f".join(STATEMENT_ROW.columns)
    found = hashlib.sha256(f"statement rows v{SCHEMA_VERSION}\n{heading}\n".encode())
    with connection.cursor() as cursor, cursor.copy(statement, told) as reading:
        for block in blocks(reading):
            found.update(block)
            if also:
                also(block)
    return found.hexdigest()


def blocks(rows: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Rows put together to blocks of about `BLOCK` bytes."""
    waiting, size = list[bytes | bytearray | memoryview](), 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
