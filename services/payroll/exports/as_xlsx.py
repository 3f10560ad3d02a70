"""XLSX: typed cells under a frozen header, a sheet of totals, one of adjustments, and one of where it all comes from.

XlsxWriter makes the workbook's shape; the rows of the large sheets are put together column by column and set into it as they
stream, since writing cell by cell takes ten times as long.
"""

import re
import zipfile
from contextlib import suppress
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, BinaryIO, Final
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

from services.payroll.exports.batches import by_places, money_text
from services.payroll.exports.columns import Column
from services.payroll.exports.layout import Layout, columns_of, rows_of
from services.payroll.exports.text import content, joined, mended
from services.payroll.exports.workbook import LARGEST_EXACT, Frame, packed, stamped, workbook
from services.payroll.statement import Heading

MOST_ROWS: Final = 1_000_000
"""Rows of a sheet below its header; the format allows 1,048,575."""
ROWS_AT_ONCE: Final = 4_000
LEVEL: Final = 1
"""Of compression: more costs more time than it saves room."""
BLOCK: Final = 1 << 20
EPOCH_AS_SERIAL: Final = 25_569
MICROSECONDS_A_DAY: Final = 86_400_000_000
UNSAFE: Final = r"[\x00-\x1f&<>]|_x[0-9A-Fa-f]{4}_|^\s|\s$"
NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")


class XlsxWriter:
    """Streams the rows into the sheet `Lines` (`Lines 2` and so on where one is full), adjustments a second time."""

    def __init__(self, out: BinaryIO, heading: Heading, layout: Layout | None = None) -> None:
        self._heading = heading
        self._layout = layout
        self._columns = columns_of(layout, heading)
        self._shape = workbook(self._columns, heading, ("Lines", "Lines 2"))
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self._names: list[str] = []
        self._rows = 0
        self._adjustments: list[IO[bytes]] = []
        self._adjusted = 0
        self._sheet = self._begin("Lines")

    def write(self, rows: pa.RecordBatch) -> None:
        chosen = rows_of(self._layout, rows)
        while chosen.num_rows:
            if self._rows == MOST_ROWS:
                self._sheet = self._begin("Lines")
            part = chosen.slice(0, min(MOST_ROWS - self._rows, ROWS_AT_ONCE))
            self._sheet.write(self._cells(part))
            self._rows += part.num_rows
            chosen = chosen.slice(part.num_rows)
        self._keep(rows.filter(pc.equal(rows.column("section"), "adjustment")))

    def finish(self) -> None:
        """Add the adjustments and the small sheets, and end the package."""
        for kept in self._adjustments or [BytesIO()]:
            self._sheet = self._begin("Adjustments")
            with kept:
                kept.seek(0)
                while block := kept.read(BLOCK):
                    self._sheet.write(block)
        self._end()
        for info, text in packed(workbook(self._columns, self._heading, self._names).members):
            self._zip.writestr(info, text)
        self._zip.close()

    def abandon(self) -> None:
        """End a package that nobody will read."""
        with suppress(OSError, ValueError):
            self._sheet.close()
            self._zip.close()
        for kept in self._adjustments:
            kept.close()

    def _keep(self, adjustments: pa.RecordBatch) -> None:
        """Set adjustments aside until their sheets are written."""
        while adjustments.num_rows:
            if self._adjusted % MOST_ROWS == 0:
                self._adjustments.append(TemporaryFile())  # noqa: SIM115 (closed by finish)
            part = adjustments.slice(0, min(MOST_ROWS - self._adjusted % MOST_ROWS, ROWS_AT_ONCE))
            self._adjustments[-1].write(self._cells(part))
            self._adjusted += part.num_rows
            adjustments = adjustments.slice(part.num_rows)

    def _begin(self, kind: str) -> IO[bytes]:
        if self._names:
            self._end()
        number = sum(name.startswith(kind) for name in self._names) + 1
        self._names.append(kind if number == 1 else f"{kind} {number}")
        self._rows = 0
        sheet = self._zip.open(stamped(f"xl/worksheets/sheet{len(self._names)}.xml"), "w")
        sheet.write(self._frame.before)
        return sheet

    def _end(self) -> None:
        self._sheet.write(self._frame.after)
        self._sheet.close()

    @property
    def _frame(self) -> Frame:
        """The first sheet is the one that is shown."""
        return self._shape.frames[min(len(self._names), 2) - 1]

    def _cells(self, rows: pa.RecordBatch) -> memoryview:
        """The text of a few rows, which is forty times that of their values."""
        made = (cells(each, rows, self._shape.styles) for each in self._columns)
        return content(joined(["<row>", *made, "</row>"]))


def cells(column: Column, rows: pa.RecordBatch, styles: dict[int | str, int]) -> pa.Array:
    """The cells of a column: text in place, numbers and times as numbers with their style, nothing as an empty cell."""
    values = column.draw(rows)
    found: pa.Array
    match column.kind:
        case "text":
            safe = mended(values, UNSAFE, escaped)
            found = pc.binary_join_element_wise(
                '<c t="inlineStr"><is><t xml:space="preserve">', safe, "</t></is></c>", ""
            )
        case "integer":
            found = pc.binary_join_element_wise("<c><v>", values.cast(pa.string()), "</v></c>", "")
        case "money":
            found = amounts(values, rows.column("currency"), styles)
        case "time":
            days = pc.divide(pc.cast(values.cast(pa.int64()), pa.float64()), float(MICROSECONDS_A_DAY))
            serial = pc.add(days, float(EPOCH_AS_SERIAL)).cast(pa.string())
            found = pc.binary_join_element_wise(f'<c s="{styles["time"]}"><v>', serial, "</v></c>", "")
    return pc.fill_null(found, "<c/>")


def amounts(minor: pa.Array, currency: pa.Array, styles: dict[int | str, int]) -> pa.Array:
    text = money_text(minor, currency)
    begin = by_places(currency, lambda places: pa.scalar(f'<c s="{styles[places]}"><v>'))
    found = pc.binary_join_element_wise(begin, text, "</v></c>", "")
    large = pc.greater_equal(pc.abs(minor), LARGEST_EXACT)
    if pc.any(large).as_py():
        as_text = pc.binary_join_element_wise('<c t="inlineStr"><is><t>', text, "</t></is></c>", "")
        return pc.if_else(large, as_text, found)
    return found


def escaped(text: str) -> str:
    """Text as XML can hold it; what XML cannot hold as `_x0007_`, as spreadsheets write it."""
    return escape(NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
