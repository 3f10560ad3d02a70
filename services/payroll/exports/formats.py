"""Which formats there are, and who writes each."""

from enum import StrEnum
from typing import BinaryIO, Final, Protocol

import pyarrow as pa

from services.payroll.exports.as_beancount import BeancountWriter
from services.payroll.exports.as_csv import CsvWriter
from services.payroll.exports.as_hledger import HledgerWriter
from services.payroll.exports.as_json import JsonWriter
from services.payroll.exports.as_parquet import ParquetWriter
from services.payroll.exports.as_xlsx import XlsxWriter
from services.payroll.exports.layout import Layout
from services.payroll.statement import Heading


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    PARQUET = "parquet"
    BEANCOUNT = "beancount"
    HLEDGER = "hledger"


SUFFIXES: Final = {each: ".journal" if each == Format.HLEDGER else f".{each}" for each in Format}
"""How the names of files end."""

WITHOUT_COLUMNS: Final = (Format.BEANCOUNT, Format.HLEDGER)
"""Formats for which there is no layout."""


class Writer(Protocol):
    """Writes batches of rows as they come; `finish` ends the file, `abandon` lets go of one that will not be used."""

    def write(self, rows: pa.RecordBatch) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


def writer(
    form: Format, out: BinaryIO, heading: Heading, layout: Layout | None = None, *, plain: bool = False
) -> Writer:
    """Begin a file. `plain` is for CSV: without a byte order mark. Journals take no layout."""
    match form:
        case Format.CSV:
            return CsvWriter(out, heading, layout, plain=plain)
        case Format.XLSX:
            return XlsxWriter(out, heading, layout)
        case Format.JSON:
            return JsonWriter(out, heading, layout)
        case Format.PARQUET:
            return ParquetWriter(out, heading, layout)
        case Format.BEANCOUNT:
            return BeancountWriter(out, heading)
        case Format.HLEDGER:
            return HledgerWriter(out, heading)
