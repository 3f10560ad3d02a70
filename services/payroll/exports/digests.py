"""The digests that a closing pins: of the rows, and of every export that would be written of them."""

import hashlib
from typing import Any, BinaryIO, cast

import pyarrow as pa
from psycopg import Connection, sql

from services.payroll.exports.batches import batches
from services.payroll.exports.formats import Format, Writer, writer
from services.payroll.statement import Heading

BY_CONTENT = (Format.XLSX, Format.PARQUET)
"""Formats whose bytes hang on a library's version: their digest is that of the content."""


class Hashing:
    """A file that keeps nothing of what is written but its digest."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def write(self, text: Any) -> int:
        self._sha.update(text)
        return len(text)

    def hexdigest(self) -> str:
        return self._sha.hexdigest()


def export_digests(connection: Connection[Any], heading: Heading, select: sql.Composable) -> dict[str, str]:
    """SHA-256 in hex of every export without a layout, by format, in one pass over the rows."""
    sinks = {each: Hashing() for each in Format if each not in BY_CONTENT}
    writers = [writer(each, cast(BinaryIO, sink), heading) for each, sink in sinks.items()]
    for rows in batches(connection, select):
        write_all(writers, rows)
    for each in writers:
        each.finish()
    found = {str(each): sink.hexdigest() for each, sink in sinks.items()}
    return {**found, **{str(each): heading.digest for each in BY_CONTENT}}


def write_all(writers: list[Writer], rows: pa.RecordBatch) -> None:
    for each in writers:
        each.write(rows)
