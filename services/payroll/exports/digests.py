"""The digests that a closing pins: of the rows, and of every export that would be written of them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa

from services.payroll.exports.formats import Format, writer
from services.payroll.statement import Heading

Progress = Callable[[int, int], None]
"""Told rows done, of how many."""

BY_CONTENT = (Format.XLSX, Format.PARQUET)
"""Formats whose bytes hang on a library's version: their digest is that of the content."""

LONGEST_FIRST: Final = (Format.JSON, Format.HLEDGER, Format.BEANCOUNT, Format.CSV)
"""The other formats, in the order in which they are given to the threads: so the last ones do not wait for the first."""

THREADS: Final = 2
AT_ONCE: Final = 10_000
"""Rows that are put together by all writers at once: what they are written as is several times larger."""


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


def export_digests(
    heading: Heading, rows: Iterable[pa.RecordBatch], progress: Progress = lambda _done, _of: None
) -> dict[str, str]:
    """SHA-256 in hex of every export without a layout, by format, in one pass over the rows; the columns are put together in threads.

    Of each batch at most `AT_ONCE` are put together at a time.
    """
    sinks = {each: Hashing() for each in LONGEST_FIRST}
    writers = [writer(each, cast(BinaryIO, sink), heading) for each, sink in sinks.items()]
    done = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for batch in (part for each in rows for part in parts(each)):
            list(threads.map(lambda each: each.write(batch), writers))  # noqa: B023 (done before the next batch)
            done += batch.num_rows
            progress(done, heading.rows)
    for each in writers:
        each.finish()
    found = {str(each): sinks[each].hexdigest() for each in Format if each in sinks}
    return {**found, **{str(each): heading.digest for each in BY_CONTENT}}


def parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    return (batch.slice(start, AT_ONCE) for start in range(0, batch.num_rows, AT_ONCE))
