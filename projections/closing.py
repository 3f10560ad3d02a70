"""A period's statements, arranged by the database from the lines booked since the closing before; the sums by the domain.

The same statements come out for a period that is being closed, for one that is folded again, and for a preview of one that is
open: it is always this. Every step works on sets; memory stays flat whatever their size.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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

TIMES: Final = (sql.Identifier("occurred_at"), sql.Identifier("recorded_at"))
MICROSECONDS: Final = sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint")


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
class Shelves:
    """Where the statements are read from and written to: the tables by name, and those that take the new rows."""

    tables: Mapping[str, sql.Composable]
    rows: sql.Composable
    sums: sql.Composable
    lasting: bool

    def fill(self, statement: str) -> sql.Composed:
        return sql.SQL(statement).format(**self.tables, **asked.PARTS, rows=self.rows, sums=self.sums)


def in_generation(line: Table[Any], generation: int) -> Shelves:
    """The tables of one generation of the read model, which take the statements for good."""
    tables = {each.name: each.in_generation(generation) for each in (line, *NEEDED)}
    return Shelves(tables, tables[STATEMENT_ROW.name], tables[STATEMENT.name], lasting=True)


def in_passing(connection: Connection[Any], line: Table[Any]) -> Shelves:
    """What is shown now, with tables for the statements that go when the transaction ends."""
    tables = {each.name: sql.Identifier(each.name) for each in (line, *NEEDED)}
    rows, sums = sql.Identifier("passing_row"), sql.Identifier("passing_sums")
    for made, like in ((rows, STATEMENT_ROW), (sums, STATEMENT)):
        connection.execute(
            sql.SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING ALL, PRIMARY KEY ({})) ON COMMIT DROP").format(
                made, sql.Identifier(like.name), names(like.key)
            )
        )
    return Shelves(tables, rows, sums, lasting=False)


NEEDED: Final[tuple[Table[Any], ...]] = (STATEMENT_ROW, STATEMENT, PERIOD, CLOSING, HOLD, LIFTED, HELD, COMING, RATE)


def arrange(connection: Connection[Any], shelves: Shelves, cut: Cut) -> str:
    """Write the statements of the cut, inside the caller's transaction, and give their digest."""
    told = {
        "period": cut.period,
        "previous": cut.previous,
        "since": cut.since,
        "until": cut.until,
        "policy": cut.policy,
    }
    for statement in asked.ROOM:
        connection.execute(statement)
    for statement in asked.GATHER:
        connection.execute(shelves.fill(statement), told)
    take_back(connection, shelves, cut)
    settle_all(connection, shelves, cut)
    convert(connection, {**shelves.tables, "sums": shelves.sums}, told)
    connection.execute(shelves.fill(asked.ROWS), told)
    if shelves.lasting:
        connection.execute(shelves.fill(asked.HELD_NOW), told)
        connection.execute(shelves.fill(asked.LET_IN), told)
    found = digest(connection, shelves.rows, cut.period)
    for name in asked.PASSING:
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    return found


def take_back(connection: Connection[Any], shelves: Shelves, cut: Cut) -> None:
    """Say of everything that was paid and is due no longer what of it the payee owes, and what the company bears."""
    told = {"since": cut.since, "period": cut.period}
    for batch in batches(connection, shelves.fill(asked.DUE_LESS), told):
        found = []
        for *key, less, paid, line, paid_in in batch:
            parts = reclaim(int(less), int(paid), paid_in, cut.period, cut.terms)
            amounts = (("raised", parts.raised), ("borne", parts.borne))
            found += [(*key, cause, amount, line, paid_in) for cause, amount in amounts if amount]
        copy(connection, sql.Identifier("reclaimed"), asked.RECLAIMED_COLUMNS, found)
    connection.execute("ANALYZE reclaimed")


def settle_all(connection: Connection[Any], shelves: Shelves, cut: Cut) -> None:
    """Settle every payee's account, a few thousand at a time."""
    told = {"previous": cut.previous, "until": cut.until}
    for batch in batches(connection, shelves.fill(asked.MOVEMENTS), told):
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


def digest(connection: Connection[Any], rows: sql.Composable, period: str) -> str:
    r"""SHA-256 in hex over a period's rows in their order, streamed: a heading, then a line a row.

    Fields are parted by U+001F; times are microseconds since 1970, and `\N` stands for what there is not.
    """
    fields = [
        MICROSECONDS.format(name) if name in TIMES else name for name in map(sql.Identifier, STATEMENT_ROW.columns)
    ]
    statement = sql.SQL(
        "COPY (SELECT {} FROM {} WHERE period = {} ORDER BY currency, payee, number)"
        " TO STDOUT (DELIMITER E'\\x1f', NULL '\\N')"
    ).format(sql.SQL(", ").join(fields), rows, sql.Literal(period))
    heading = "\x1f".join(STATEMENT_ROW.columns)
    found = hashlib.sha256(f"statement rows v{SCHEMA_VERSION}\n{heading}\n".encode())
    with connection.cursor() as cursor, cursor.copy(statement) as reading:
        for block in reading:
            found.update(block)
    return found.hexdigest()
