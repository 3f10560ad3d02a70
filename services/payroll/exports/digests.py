"""The digests that a closing pins: of the rows, and of every export that would be written of them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, Final, cast

from psycopg import Connection, sql

from services.payroll.exports.batches import batches
from services.payroll.exports.formats import Format, writer
from services.payroll.statement import Heading

BY_CONTENT = (Format.XLSX, Format.PARQUET)
"""Formats whose bytes hang on a library's version: their digest is that of the content."""

THREADS: Final = 2
AT_ONCE: Final = 2_500
"""Rows that are put together by all writers at once: what they are written as is forty times larger."""


class Hashing:
    """A file of which the digest is kept; what is written goes on to `out`, or nowhere."""

    def __init__(self, out: BinaryIO | None = None) -> None:
        self._sha = hashlib.sha256()
        self._out = out

    def write(self, text: Any) -> int:
        self._sha.update(text)
        return self._out.write(text) if self._out else len(text)

    def hexdigest(self) -> str:
        return self._sha.hexdigest()


def export_digests(connection: Connection[Any], heading: Heading, select: sql.Composable) -> dict[str, str]:
    """SHA-256 in hex of every export without a layout, by format, in one pass over the rows; the columns are put together in threads."""
    sinks = {each: Hashing() for each in Format if each not in BY_CONTENT}
    writers = [writer(each, cast(BinaryIO, sink), heading) for each, sink in sinks.items()]
    with ThreadPoolExecutor(THREADS) as threads:
        for rows in batches(connection, select):
            for start in range(0, rows.num_rows, AT_ONCE):
                part = rows.slice(start, AT_ONCE)
                list(threads.map(lambda each: each.write(part), writers))  # noqa: B023 (done before the next part)
    for each in writers:
        each.finish()
    found = {str(each): sink.hexdigest() for each, sink in sinks.items()}
    return {**found, **{str(each): heading.digest for each in BY_CONTENT}}
