"""The digest of a statement's content: over the rows, whatever they are written as and whichever library writes them."""

import hashlib
from dataclasses import fields
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, sql

from services.payroll.exports.batches import COLUMNS, batches
from services.payroll.exports.text import content, mended
from services.payroll.statement import SCHEMA_VERSION, Heading

BETWEEN: Final = "\x1f"
NULL: Final = "\\N"
OCCASIONAL: Final = ("conversion",)
SPECIAL: Final = r"[\x08-\x0d\x1f\\]"
ESCAPES: Final = {
    **{sign: f"\\{name}" for sign, name in zip("\b\t\n\v\f\r", "btnvfr", strict=True)},
    "\\": "\\\\",
    BETWEEN: f"\\{BETWEEN}",
}


class ContentDigest:
    """SHA-256 over the rows as UTF-8 lines: every field in its order, times in microseconds since 1970, and a backslash with an N for null."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256(f"statement rows v{SCHEMA_VERSION}\n{BETWEEN.join(COLUMNS.names)}\n".encode())

    def add(self, rows: pa.RecordBatch) -> None:
        columns = [as_text(rows.column(name)) for name in COLUMNS.names]
        fields = pc.binary_join_element_wise(*columns, BETWEEN, null_handling="replace", null_replacement=NULL)
        self._sha.update(content(pc.binary_join_element_wise(fields, "\n", "")))

    def hexdigest(self) -> str:
        return self._sha.hexdigest()


def document(heading: Heading) -> dict[str, Any]:
    """What a file says of its period, as plain values."""
    sums = [without_nothing(each.model_dump()) for each in heading.sums]
    own = {each.name: getattr(heading, each.name) for each in fields(heading)}
    return {**own, "pay_day": heading.pay_day.isoformat(), "sums": sums}


def without_nothing(sums: dict[str, Any]) -> dict[str, Any]:
    """The sums without those that most months do not have."""
    return {name: value for name, value in sums.items() if value or name not in OCCASIONAL}


def as_text(values: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    if pa.types.is_string(values.type):
        return mended(values, SPECIAL, escaped)
    return values.cast(pa.string())


def escaped(text: str) -> str:
    """Text as PostgreSQL's COPY writes it, which a closing's digest is taken of."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def content_digest(connection: Connection[Any], select: sql.Composable) -> str:
    """The digest of the rows that the SELECT gives, in hex."""
    digest = ContentDigest()
    for rows in batches(connection, select):
        digest.add(rows)
    return digest.hexdigest()
