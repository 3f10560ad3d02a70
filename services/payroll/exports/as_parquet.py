"""Parquet with decimals and timestamps; a row group a batch, and the heading in the file's metadata."""

import json
from contextlib import suppress
from typing import BinaryIO

import pyarrow as pa
from pyarrow import parquet

from services.payroll.exports.batches import MONEY, money_decimal
from services.payroll.exports.columns import Column, arrow_schema
from services.payroll.exports.content import document
from services.payroll.exports.layout import Layout, columns_of, rows_of
from services.payroll.statement import Heading


class ParquetWriter:
    """Metadata under `sales-ledger`: the heading as JSON. Money has the decimals of the currency that has most of all."""

    def __init__(self, out: BinaryIO, heading: Heading, layout: Layout | None = None) -> None:
        self._layout = layout
        self._columns = columns_of(layout, heading)
        told = json.dumps(document(heading), ensure_ascii=False)
        self._schema = arrow_schema(self._columns, MONEY).with_metadata({"sales-ledger": told})
        self._file = parquet.ParquetWriter(out, self._schema, compression="zstd")

    def write(self, rows: pa.RecordBatch) -> None:
        chosen = rows_of(self._layout, rows)
        if chosen.num_rows:
            columns = [typed(each, chosen) for each in self._columns]
            self._file.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def finish(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        """End a file that nobody will read."""
        with suppress(OSError):
            self._file.close()


def typed(column: Column, rows: pa.RecordBatch) -> pa.Array:
    values = column.draw(rows)
    return money_decimal(values, rows.column("currency")) if column.kind == "money" else values
