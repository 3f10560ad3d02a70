"""Rows laid aside in a file while they are arranged: files name their digest before the first row, so it must be known first."""

import re
from collections import Counter
from collections.abc import Iterator
from tempfile import TemporaryFile
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from services.payroll.exports.batches import COLUMNS, TIME
from services.payroll.exports.content import BETWEEN, ESCAPES, NULL
from services.payroll.exports.text import mended
from services.payroll.statements import Counted

PARTING: Final = f"\\{BETWEEN}".encode()
TOLD_APART: Final = "u"
"""What stands for an escaped separator, at which the reader would part the fields."""

MEANT: Final = {**{escape[1]: sign for sign, escape in ESCAPES.items()}, TOLD_APART: BETWEEN}
ESCAPED: Final = r"\\"

AS_READ: Final = pa.schema([pa.field(f.name, pa.int64() if f.type == TIME else f.type) for f in COLUMNS])
READ: Final = csv.ReadOptions(column_names=AS_READ.names, use_threads=False, block_size=8 << 20)
PARSE: Final = csv.ParseOptions(delimiter=BETWEEN, quote_char=False, double_quote=False)
CONVERT: Final = csv.ConvertOptions(
    column_types=AS_READ, null_values=[NULL], strings_can_be_null=True, quoted_strings_can_be_null=False
)


class RowsAside:
    """A temporary file of rows, gone when the context ends. Holds one block in memory, whatever there is."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 (closed when the context ends)
        self._writer = pa.ipc.new_file(pa.PythonFile(self._file, "w"), COLUMNS)
        self._rows, self._sections, self._policies = Counter[str](), set[str](), set[str]()

    @property
    def rows(self) -> int:
        return self._rows.total()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, block: bytes) -> None:
        """Lay aside rows as they are digested: whole lines."""
        if PARTING in block:
            block = re.sub(rb"\\[\s\S]", told_apart, block)
        table = csv.read_csv(pa.BufferReader(block), READ, PARSE, CONVERT)
        columns = [each.cast(field.type) for each, field in zip(table.columns, COLUMNS, strict=True)]
        if block.count(b"\\") != block.count(NULL.encode()):
            columns = [unescaped(each) if pa.types.is_string(each.type) else each for each in columns]
        for batch in pa.Table.from_arrays(columns, schema=COLUMNS).combine_chunks().to_batches():
            self._writer.write_batch(batch)
        for each in pc.value_counts(table["currency"]).to_pylist():
            self._rows[each["values"]] += each["counts"]
        self._sections.update(pc.unique(table["section"]).to_pylist())
        self._policies.update(pc.unique(table["policy"]).drop_null().to_pylist())

    def counted(self) -> Counted:
        return Counted(self._rows, frozenset(self._sections), frozenset(self._policies))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows in their order; nothing can be added any more."""
        self._writer.close()
        self._file.seek(0)
        reader = pa.ipc.open_file(pa.PythonFile(self._file, "r"))
        for i in range(reader.num_record_batches):
            yield reader.get_batch(i)


def told_apart(escape: re.Match[bytes]) -> bytes:
    return f"\\{TOLD_APART}".encode() if escape[0] == PARTING else escape[0]


def unescaped(values: pa.ChunkedArray) -> pa.Array:
    return mended(pa.concat_arrays(values.chunks), ESCAPED, meant)


def meant(text: str) -> str:
    r"""What PostgreSQL's COPY wrote as this text.

    >>> meant("a\\tb\\\\c")
    'a\tb\\c'
    """
    signs = iter(text)
    return "".join(MEANT[next(signs)] if sign == "\\" else sign for sign in signs)
