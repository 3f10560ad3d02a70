"""The tables of a read model: their columns follow from the rows' types, their names from the generation they belong to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from psycopg import Connection, sql

R = TypeVar("R")
Key = tuple[Any, ...]

NUMERIC: Final = "numeric(60, 0)"

Sum = Annotated[int, NUMERIC]
"""A sum of minor units or of counts, which may outgrow 64 bits."""

KeptHow = Literal["state", "appended", "summed"]

TYPES: Final[dict[Any, str]] = {
    str: 'text COLLATE "C"',
    int: "bigint",
    bool: "boolean",
    datetime: "timestamptz",
    date: "date",
    Sum: NUMERIC,
}


@dataclass(frozen=True)
class Table(Generic[R]):
    """A table whose rows are the frozen dataclass `row`; what is no plain value is kept as JSON.

    `kept` as *state*: one row a key, replaced as it changes. *appended*: a row is written once and never touched again.
    *summed*: what is folded is added to the row of its key. `indexes` are the parenthesised part of `CREATE INDEX`.
    """

    name: str
    row: type[R]
    key: tuple[str, ...]
    kept: KeptHow = "state"
    indexes: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(each.name for each in fields(self.row))  # type: ignore[arg-type] # a dataclass, by contract

    @cached_property
    def types(self) -> tuple[str, ...]:
        hints = get_type_hints(self.row, include_extras=True)
        return tuple(column_type(hints[column])[0] for column in self.columns)

    @cached_property
    def summed_columns(self) -> tuple[str, ...]:
        return tuple(c for c, kind in zip(self.columns, self.types, strict=True) if kind == NUMERIC)

    @cached_property
    def key_of(self) -> Callable[[R], Key]:
        """Takes the key from a row."""
        if len(self.key) == 1:
            (only,) = self.key
            return lambda row: (getattr(row, only),)
        return attrgetter(*self.key)

    def in_generation(self, generation: int) -> sql.Identifier:
        return sql.Identifier(f"{self.name}_{generation}")

    def read(self, values: Sequence[Any]) -> R:
        """A row from what the database gave, in the order of the columns."""
        whole = (int(v) if kind == NUMERIC else v for v, kind in zip(values, self.types, strict=True))
        return self.row(*whole)


def column_type(hint: Any) -> tuple[str, bool]:
    """The SQL type of a field and whether it may be null."""
    if hint in TYPES:
        return TYPES[hint], False
    if get_origin(hint) in (Union, UnionType):
        inner = [each for each in get_args(hint) if each is not NoneType]
        return column_type(inner[0])[0] if len(inner) == 1 else "jsonb", NoneType in get_args(hint)
    if get_origin(hint) is Literal:
        return TYPES[str], False
    return "jsonb", False


def create(connection: Connection[Any], table: Table[Any], generation: int) -> None:
    """Create the table of a generation with its primary key and indexes, if it is not there."""
    hints = get_type_hints(table.row, include_extras=True)
    columns = [
        sql.SQL("{} {}{}").format(sql.Identifier(name), sql.SQL(kind), sql.SQL("" if optional else " NOT NULL"))
        for name in table.columns
        for kind, optional in (column_type(hints[name]),)
    ]
    connection.execute(
        sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))").format(
            table.in_generation(generation),
            sql.SQL(", ").join(columns),
            sql.SQL(", ").join(map(sql.Identifier, table.key)),
        )
    )
    for number, index in enumerate(table.indexes):
        connection.execute(
            sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} {}").format(
                sql.Identifier(f"{table.name}_{generation}_by_{number}"),
                table.in_generation(generation),
                sql.SQL(index),
            )
        )


def drop(connection: Connection[Any], name: str, generation: int) -> None:
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(f"{name}_{generation}")))


def show(connection: Connection[Any], table: Table[Any], generation: int) -> None:
    """Make a view under the table's name that shows this generation."""
    view = sql.SQL("CREATE VIEW {} AS SELECT * FROM {}")
    connection.execute(view.format(sql.Identifier(table.name), table.in_generation(generation)))


def hide(connection: Connection[Any], name: str) -> None:
    connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(name)))
