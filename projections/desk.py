"""Where a batch is folded: the rows it touches are loaded once, changed in memory, and written with one statement a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic

from psycopg import Connection, sql
from psycopg.types.json import Jsonb
from pydantic_core import to_json

from projections.log import Log
from projections.table import Key, R, Table


class Shelf(Generic[R]):
    """The rows of one table that a batch reads and changes."""

    def __init__(self, table: Table[R], found: Iterable[R] = ()) -> None:
        self.table = table
        self.rows: dict[Key, R | None] = {table.key_of(row): row for row in found}
        self.stored: set[Key] = set(self.rows)
        self.changed: dict[Key, None] = {}

    def get(self, *key: Any) -> R | None:
        """The row of the key as it is after the facts folded so far. It must be among those asked for."""
        return self.rows[key]

    def put(self, row: R) -> None:
        key = self.table.key_of(row)
        self.rows[key] = row
        self.changed[key] = None

    def append(self, row: R) -> None:
        """Add a row that nothing will ever change. Raises `KeyError` when its key was appended before in this batch."""
        key = self.table.key_of(row)
        if key in self.rows:
            raise KeyError(f"{self.table.name}: {key} twice")
        self.put(row)

    def add(self, row: R) -> None:
        """Add the row's sums to those of its key."""
        key = self.table.key_of(row)
        if known := self.rows.get(key):
            sums = {c: getattr(known, c) + getattr(row, c) for c in self.table.summed_columns}
            row = replace(known, **sums)  # type: ignore[type-var] # a dataclass, by contract
        self.put(row)

    def changes(self, *, stored: bool) -> list[R]:
        """The changed rows that were, or were not, in the table before."""
        kept = (row for key in self.changed if (key in self.stored) is stored and (row := self.rows[key]) is not None)
        return list(kept)


class Desk:
    """The tables of one generation of a read model, as one batch sees and changes them."""

    def __init__(self, connection: Connection[Any], generation: int, log: Log) -> None:
        self.connection = connection
        self.generation = generation
        self.log = log
        self.shelves: dict[str, Shelf[Any]] = {}

    def load(self, table: Table[R], keys: Iterable[Key]) -> Shelf[R]:
        """Bring the rows of these keys to hand, in one query. A key without a row is None."""
        wanted = sorted(set(keys))
        shelf = Shelf(table, self._stored(table, wanted))
        for key in wanted:
            shelf.rows.setdefault(key, None)
        self.shelves[table.name] = shelf
        return shelf

    def open(self, table: Table[R]) -> Shelf[R]:
        """The shelf of a table that is only appended or added to, and so needs no rows at hand."""
        return self.shelves.setdefault(table.name, Shelf(table))

    def select(self, table: Table[R], statement: str, parameters: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Run a query over the table of this generation, which stands for `{}` in the statement."""
        query = sql.SQL(statement).format(table.in_generation(self.generation))
        yield from self.connection.execute(query, parameters)

    def write(self, *, copying: bool) -> None:
        """Write what has changed. `copying` takes rows that are new to a table in by COPY, as a rebuild does."""
        for shelf in self.shelves.values():
            table, fresh = shelf.table, shelf.changes(stored=False)
            if copying and table.kept != "summed":
                self._copy(table, fresh)
                fresh = []
            self._merge(table, [*shelf.changes(stored=True), *fresh])

    def flush(self) -> None:
        """Write what has changed so far, for a query over the whole table; every shelf is opened or loaded anew after it."""
        self.write(copying=False)
        self.shelves.clear()

    def _stored(self, table: Table[R], keys: Sequence[Key]) -> list[R]:
        if not keys:
            return []
        types = dict(zip(table.columns, table.types, strict=True))
        arrays = sql.SQL(", ").join(sql.SQL(f"%s::{types[c].split()[0]}[]") for c in table.key)
        statement = sql.SQL("SELECT {} FROM {} t JOIN unnest({}) k ({}) USING ({})").format(
            names(table.columns, "t"),
            table.in_generation(self.generation),
            arrays,
            names(table.key),
            names(table.key),
        )
        parameters = [list(column) for column in zip(*keys, strict=True)]
        return [table.read(row) for row in self.connection.execute(statement, parameters)]

    def _copy(self, table: Table[R], rows: Sequence[R]) -> None:
        if not rows:
            return
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            table.in_generation(self.generation), names(table.columns)
        )
        wrap = [jsonb if kind == "jsonb" else unchanged for kind in table.types]
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([w(getattr(row, c)) for w, c in zip(wrap, table.columns, strict=True)])

    def _merge(self, table: Table[R], rows: Sequence[R]) -> None:
        if not rows:
            return
        name = table.in_generation(self.generation)
        statement = sql.SQL(
            "INSERT INTO {} AS t ({}) SELECT {} FROM ledger_head, json_populate_recordset(NULL::{}, %s::json) u{}"
        ).format(name, names(table.columns), names(table.columns, "u"), name, on_conflict(table))
        self.connection.execute(statement, [as_json(table, rows)])


def on_conflict(table: Table[Any]) -> sql.Composable:
    rest = [column for column in table.columns if column not in table.key]
    if table.kept == "appended":
        return sql.SQL("")
    if not rest:
        return sql.SQL(" ON CONFLICT ({}) DO NOTHING").format(names(table.key))
    new = "t.{0} + EXCLUDED.{0}" if table.kept == "summed" else "EXCLUDED.{0}"
    assigned = [sql.SQL("{0} = " + new).format(sql.Identifier(c)) for c in rest]
    return sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {}").format(names(table.key), sql.SQL(", ").join(assigned))


def names(columns: Iterable[str], alias: str | None = None) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(alias, c) if alias else sql.Identifier(c) for c in columns)


def as_json(table: Table[R], rows: Sequence[R]) -> str:
    """The rows as a JSON array of objects, times in ISO 8601."""
    return to_json([{column: getattr(row, column) for column in table.columns} for row in rows]).decode()


def jsonb(value: object) -> Jsonb | None:
    return None if value is None else Jsonb(value)


def unchanged(value: object) -> object:
    return value
