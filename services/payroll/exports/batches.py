"""A statement's rows in batches of Arrow columns, read by COPY: memory is that of a batch, however many rows there are."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, sql
from pyarrow import csv

from domain.money import MINOR_UNITS

ROWS: Final = 20_000
"""Rows in every batch but the last; row groups of Parquet are cut by it, so a change of it changes their bytes."""
BLOCK: Final = 2 << 20

TIME: Final = pa.timestamp("us", tz="UTC")
DECIMALS: Final = max(MINOR_UNITS.values())
MONEY: Final = pa.decimal128(38, DECIMALS)

COLUMNS: Final[pa.Schema] = pa.schema(
    [
        ("period", pa.string()),
        ("number", pa.int64()),
        ("payee", pa.string()),
        ("currency", pa.string()),
        ("section", pa.string()),
        ("amount", pa.int64()),
        ("deal", pa.string()),
        ("customer", pa.string()),
        ("payment", pa.string()),
        ("role", pa.string()),
        ("of", pa.string()),
        ("cause", pa.string()),
        ("line", pa.string()),
        ("position", pa.int64()),
        ("occurred_at", TIME),
        ("recorded_at", TIME),
        ("corrects_line", pa.string()),
        ("corrects_period", pa.string()),
        ("case", pa.string()),
        ("policy", pa.string()),
    ]
)
"""The fields of `StatementRow`, in their order; `amount` in minor units."""


def batches(connection: Connection[Any], select: sql.Composable) -> Iterator[pa.RecordBatch]:
    """The rows of a SELECT that gives `COLUMNS`, in its order, in batches of `ROWS`. The session's time zone must be UTC.

    Raises `pyarrow.ArrowInvalid` for an amount beyond 64 bits.
    """
    waiting: list[pa.Table] = []
    held = 0
    for table in tables(connection, select):
        waiting.append(table)
        held += table.num_rows
        while held >= ROWS:
            joined = pa.concat_tables(waiting).combine_chunks()
            yield joined.slice(0, ROWS).to_batches()[0]
            waiting, held = [joined.slice(ROWS)], held - ROWS
    if held:
        yield pa.concat_tables(waiting).combine_chunks().to_batches()[0]


def tables(connection: Connection[Any], select: sql.Composable) -> Iterator[pa.Table]:
    """What COPY sends, read as it comes."""
    read = csv.ReadOptions(column_names=COLUMNS.names, use_threads=False, block_size=2 * BLOCK)
    parse = csv.ParseOptions(newlines_in_values=True)
    convert = csv.ConvertOptions(
        column_types=COLUMNS, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    block: list[bytes] = []
    size = 0
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(select)) as rows:
        for row in rows:
            block.append(bytes(row))
            size += len(block[-1])
            if size >= BLOCK:
                yield csv.read_csv(pa.BufferReader(b"".join(block)), read, parse, convert)
                block, size = [], 0
    if block:
        yield csv.read_csv(pa.BufferReader(b"".join(block)), read, parse, convert)


def in_decimals(minor: pa.Array, places: int) -> pa.Array:
    """Minor units as the decimal number that they mean: the same digits, the point set."""
    whole = minor.cast(pa.decimal128(38, 0))
    return pa.Array.from_buffers(pa.decimal128(38, places), len(whole), whole.buffers(), whole.null_count, whole.offset)


def money_text(minor: pa.Array, currency: pa.Array) -> pa.Array:
    """Amounts in whole units with the decimals of their currency, as `-4500.01`."""
    return by_places(currency, lambda places: in_decimals(minor, places).cast(pa.string()))


def money_decimal(minor: pa.Array, currency: pa.Array) -> pa.Array:
    """Amounts in whole units, all with the decimals of the currency that has most."""
    return by_places(currency, lambda places: in_decimals(minor, places).cast(MONEY))


def by_places(currency: pa.Array, made: Callable[[int], Any]) -> pa.Array:
    """What `made(places)` gives, chosen for each row by its currency. Raises `KeyError` for a currency that we do not know."""
    places = {name: MINOR_UNITS[name] for name in pc.unique(currency).to_pylist()}
    first, *others = sorted(set(places.values())) or [0]
    found = made(first)
    for other in others:
        names = pa.array([name for name, each in places.items() if each == other], pa.string())
        found = pc.if_else(pc.is_in(currency, names), made(other), found)
    return found
