"""Answers: rows of one instant, with the position up to which they are true."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from psycopg import Connection, sql
from psycopg.pq import TransactionStatus

from projections.registry import ReadModel

T = TypeVar("T")

MOST_ROWS: Final = 1_000
"""What one answer holds at most; more is asked for by the `after` that the answer gives."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`rows` as true up to `position`. `after` continues the list when given back; None: this was its end."""

    position: int
    rows: list[T] = field(default_factory=list)
    after: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One thing, or None where there is none, as true up to `position`."""

    position: int
    row: T | None


@contextmanager
def instant(connection: Connection[Any], *models: type[ReadModel]) -> Iterator[int]:
    """A moment in which the tables of these read models stand still; gives the position up to which all are true.

    Inside another such moment it is that one, which must have named the same models.
    Locking the views first keeps a rebuild from changing them over between the look at the position and the rows.
    """
    if connection.info.transaction_status == TransactionStatus.INTRANS:
        yield position_of(connection, models)
        return
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        views = [sql.Identifier(table.name) for model in models for table in model.tables]
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.SQL(", ").join(views)))
        yield position_of(connection, models)
    finally:
        connection.execute("ROLLBACK")


def position_of(connection: Connection[Any], models: tuple[type[ReadModel], ...]) -> int:
    row = connection.execute(
        "SELECT min(position) FROM read_model WHERE live AND name = ANY(%s)", [[model.name for model in models]]
    ).fetchone()
    assert row, "an aggregate gives a row"
    return int(row[0])


def page(position: int, rows: list[T], limit: int, key: Any) -> Page[T]:
    """Cut a list that was asked for one row more than the limit; `key(row)` is where the next page begins."""
    if len(rows) <= limit:
        return Page(position, rows)
    return Page(position, rows[:limit], key(rows[limit - 1]))


def bounded(limit: int) -> int:
    """The limit, if it lies within 1 to 1,000. Raises `ValueError`."""
    if not 1 <= limit <= MOST_ROWS:
        raise ValueError(f"a page has 1 to {MOST_ROWS} rows, not {limit}")
    return limit
