"""JSON: one document, a row a line. Amounts are text in whole units, so that no reader rounds them, and minor units beside."""

import json
from typing import Any, BinaryIO, Final

import pyarrow as pa

from services.payroll.exports.columns import Column
from services.payroll.exports.content import document
from services.payroll.exports.layout import Layout, columns_of, rows_of
from services.payroll.exports.text import between, content, joined, mended
from services.payroll.statement import Heading

UNSAFE: Final = r'[\x00-\x1f"\\]'


class JsonWriter:
    """`{"heading": {…}, "rows": […]}` in UTF-8, every row an object of its columns."""

    def __init__(self, out: BinaryIO, heading: Heading, layout: Layout | None = None) -> None:
        self._out = out
        self._layout = layout
        self._columns = columns_of(layout, heading, origin=False)
        self._rows = 0
        out.write(b'{"heading": ' + dumped(document(heading)).encode() + b', "rows": [\n')

    def write(self, rows: pa.RecordBatch) -> None:
        chosen = rows_of(self._layout, rows)
        if not chosen.num_rows:
            return
        parts: list[pa.Array | str] = [",\n", pa.repeat("", chosen.num_rows)]
        for i, each in enumerate(self._columns):
            parts += [f"{', ' if i else '{'}{dumped(each.header)}: ", *values(each, chosen)]
        text = content(joined([*parts, "}"], null="null"))
        self._out.write(text if self._rows else text[len(",\n") :])
        self._rows += chosen.num_rows

    def finish(self) -> None:
        self._out.write(b"\n]}\n" if self._rows else b"]}\n")

    def abandon(self) -> None:
        """Nothing is held."""


def values(column: Column, rows: pa.RecordBatch) -> tuple[pa.Array | str, ...]:
    text = column.text(rows)
    if column.kind == "integer":
        return (text,)
    if column.kind == "text":
        text = mended(text, UNSAFE, lambda value: dumped(value)[1:-1])
    return between(text, '"', '"') or ("null",)


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
