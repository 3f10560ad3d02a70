"""CSV as Excel and payroll systems open it: no cell can be taken for a formula, and numbers stay numbers."""

from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc

from services.payroll.exports.columns import Column
from services.payroll.exports.layout import Layout, columns_of, rows_of
from services.payroll.exports.text import content, joined, mended
from services.payroll.statement import Heading

BOM: Final = b"\xef\xbb\xbf"
RISKY: Final = r'[,;|\t\r\n"]'
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
QUOTED: Final = ',;|\t\r\n"'


class CsvWriter:
    """RFC 4180 with line feeds, UTF-8; begins with a byte order mark unless `plain`.

    A preview without rows has one all the same, with nothing in it but that it is a preview, and of what.
    """

    def __init__(self, out: BinaryIO, heading: Heading, layout: Layout | None = None, *, plain: bool = False) -> None:
        self._out = out
        self._layout = layout
        self._columns = columns_of(layout, heading)
        self._between = layout.delimiter if layout else ","
        self._unmarked = heading.state == "preview"
        headers = self._between.join(harmless(each.header) for each in self._columns)
        out.write((b"" if plain else BOM) + headers.encode() + b"\n")

    def write(self, rows: pa.RecordBatch) -> None:
        chosen = rows_of(self._layout, rows)
        if not chosen.num_rows:
            return
        self._unmarked = False
        first, *rest = self._columns
        found: list[pa.Array | str] = [joined([pa.repeat("", chosen.num_rows), cells(first, chosen)])]
        for cell in (cells(each, chosen) for each in rest):
            if isinstance(cell, str) and isinstance(found[-1], str):
                found[-1] += self._between + cell
            else:
                found.append(cell)
        if isinstance(found[-1], str):
            found[-1] += "\n"
        else:
            found[-1] = joined([found[-1], "\n"])
        rows_told = pc.binary_join_element_wise(*found, self._between, null_handling="replace", null_replacement="")
        self._out.write(content(rows_told))

    def finish(self) -> None:
        """End the file."""
        if self._unmarked:
            marks = ("" if each.fixed is None else harmless(str(each.fixed)) for each in self._columns)
            self._out.write(f"{self._between.join(marks)}\n".encode())

    def abandon(self) -> None:
        """Nothing is held."""


def cells(column: Column, rows: pa.RecordBatch) -> pa.Array | str:
    if column.fixed is not None:
        return harmless(str(column.fixed))
    values = column.text(rows)
    return mended(values, RISKY, harmless, "=+-@") if column.kind == "text" else values


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, quoted where it must be.

    >>> harmless("=1+1"), harmless('5" pipe, long'), harmless("-x")
    ("'=1+1", '"5"" pipe, long"', "'-x")
    """
    safe = f"'{text}" if text.startswith(FORMULA) else text
    return '"' + safe.replace('"', '""') + '"' if any(sign in safe for sign in QUOTED) else safe
