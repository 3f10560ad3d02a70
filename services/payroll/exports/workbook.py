"""The shape of a workbook, as XlsxWriter makes it: styles, headers, frozen panes and the small sheets; no rows yet."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from domain.money import MINOR_UNITS
from services.payroll.exports.columns import Column
from services.payroll.exports.content import document
from services.payroll.statement import SECTIONS, Heading

CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 (XlsxWriter knows no zones)
LARGEST_EXACT: Final = 10**15
"""From here on a spreadsheet rounds a number, so that it is written as text."""
WIDTHS: Final = {"text": 16, "integer": 12, "money": 14, "time": 20}
ROW: Final = re.compile(rb'<row r="2".*?</row>')
STYLE: Final = re.compile(rb'<c r="[A-Z]+2" s="(\d+)">')
DIMENSION: Final = re.compile(rb"<dimension [^>]*/>")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands in a sheet before and after its rows."""

    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook without the rows of its large sheets.

    `frames` are those of the large sheets in their order; `styles` the numbers of the cell styles: of amounts by decimal
    places, and of times under `time`; `members` the other files of the package, by name.
    """

    frames: tuple[Frame, ...]
    styles: dict[int | str, int]
    members: dict[str, bytes]


def workbook(columns: Sequence[Column], heading: Heading, large: Sequence[str]) -> Workbook:
    """Shape a workbook whose large sheets have these names."""
    made = BytesIO()
    options = {"in_memory": True, "constant_memory": False, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with xlsxwriter.Workbook(made, options) as book:
        about = f"commission {heading.period} ({heading.state})"
        book.set_properties({"title": about, "created": CREATED, "comments": f"digest {heading.digest}"})
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {places: book.add_format({"num_format": number_format(places)}) for places in places_known()}
        formats["time"] = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name in large:
            head(book.add_worksheet(name), columns, bold, formats)
        totals(book.add_worksheet("Totals"), heading, bold, formats)
        origin(book.add_worksheet("About"), heading, bold)
    return taken_apart(made, len(large), tuple(formats))


def places_known() -> list[Any]:
    return sorted(set(MINOR_UNITS.values()))


def number_format(places: int) -> str:
    return f"#,##0.{'0' * places}" if places else "#,##0"


def head(sheet: Worksheet, columns: Sequence[Column], bold: Any, formats: dict[Any, Any]) -> None:
    """The header, and below it a sample of every style, which is cut out again."""
    for i, column in enumerate(columns):
        sheet.set_column(i, i, WIDTHS[column.kind])
        sheet.write_string(0, i, column.header, bold)
    for i, each in enumerate(formats.values()):
        sheet.write_number(1, i, 0, each)
    sheet.freeze_panes(1, 0)


def totals(sheet: Worksheet, heading: Heading, bold: Any, formats: dict[Any, Any]) -> None:
    """The sums of all statements, a row a currency, whatever the layout."""
    sheet.set_column(0, 2 + len(SECTIONS), WIDTHS["money"])
    for i, name in enumerate(("currency", "statements", "rows", *SECTIONS)):
        sheet.write_string(0, i, name, bold)
    for row, sums in enumerate(heading.sums, 1):
        told, places = sums.model_dump(), MINOR_UNITS[sums.currency]
        sheet.write_string(row, 0, sums.currency)
        sheet.write_number(row, 1, sums.statements)
        sheet.write_number(row, 2, sums.rows)
        for i, section in enumerate(SECTIONS, 3):
            if abs(told[section]) < LARGEST_EXACT:
                sheet.write_number(row, i, told[section] / 10**places, formats[places])
            else:
                sheet.write_string(row, i, str(told[section]))
    sheet.freeze_panes(1, 0)


def origin(sheet: Worksheet, heading: Heading, bold: Any) -> None:
    """Where the file comes from."""
    sheet.set_column(0, 0, WIDTHS["time"])
    rows = {name: value for name, value in document(heading).items() if name != "sums"}
    if heading.state == "preview":
        rows = {"PREVIEW": "of an open period: nothing here is final, and nothing may be paid by it", **rows}
    for i, (name, value) in enumerate({**rows, "times": "in UTC"}.items()):
        sheet.write_string(i, 0, name, bold)
        sheet.write_string(i, 1, str(value))


def taken_apart(made: BytesIO, large: int, styles: Sequence[int | str]) -> Workbook:
    with zipfile.ZipFile(made) as package:
        members = {info.filename: package.read(info) for info in package.infolist()}
    sheets = [members.pop(f"xl/worksheets/sheet{i}.xml") for i in range(1, large + 1)]
    numbers = [int(each) for each in STYLE.findall(sheets[0])]
    return Workbook(tuple(map(frame, sheets)), dict(zip(styles, numbers, strict=True)), members)


def frame(sheet: bytes) -> Frame:
    before, after = ROW.split(DIMENSION.sub(b"", sheet))
    return Frame(before, after)


def stamped(name: str) -> zipfile.ZipInfo:
    """A member of the package that says nothing of when and where it was written."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 0
    info.external_attr = 0
    return info


def packed(members: dict[str, bytes]) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    for name, text in members.items():
        yield stamped(name), text
