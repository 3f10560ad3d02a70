"""The columns of a file: those of a statement's rows, then where they come from; or those that a layout asks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from services.payroll.exports.batches import COLUMNS, TIME, money_text
from services.payroll.exports.text import time_text, told_once
from services.payroll.statement import Heading

Kind = Literal["text", "integer", "money", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `draw` gives its values for a batch: text, 64-bit integers (of money in minor units) or times in UTC.

    `fixed` is the value of a column that has the same in every row.
    """

    header: str
    kind: Kind
    draw: Callable[[pa.RecordBatch], pa.Array]
    fixed: str | int | None = None

    def text(self, rows: pa.RecordBatch) -> pa.Array:
        """The values as text, money in whole units with the decimals of its currency."""
        values = self.draw(rows)
        match self.kind:
            case "text":
                return values
            case "integer":
                return values.cast(pa.string())
            case "money":
                return money_text(values, rows.column("currency"))
            case "time":
                return time_text(values)


FIELDS: Final[Mapping[str, Kind]] = {
    "period": "text",
    "payee": "text",
    "currency": "text",
    "section": "text",
    "amount": "money",
    "amount_minor": "integer",
    "number": "integer",
    "deal": "text",
    "customer": "text",
    "payment": "text",
    "role": "text",
    "of": "text",
    "cause": "text",
    "line": "text",
    "position": "integer",
    "occurred_at": "time",
    "recorded_at": "time",
    "corrects_line": "text",
    "corrects_period": "text",
    "case": "text",
    "policy": "text",
}
"""The fields of a row as files have them: `amount` in whole units, `amount_minor` in minor units."""

ORIGIN: Final[Mapping[str, Kind]] = {
    "state": "text",
    "as_of_position": "integer",
    "digest": "text",
    "schema_version": "integer",
}
"""What every row of a file says of where it comes from: `preview` or `closed`, up to where in the log, and of which content."""

OF_THE_HEADING: Final[Mapping[str, Kind]] = {**ORIGIN, "pay_day": "text", "period_policy": "text"}
KNOWN: Final[Mapping[str, Kind]] = {**FIELDS, **OF_THE_HEADING}
"""Every field that a layout may name."""


def standard(heading: Heading, *, origin: bool = True) -> tuple[Column, ...]:
    """The columns of a file without a layout; without the `origin` where the file says that once for all rows."""
    return tuple(column(name, name, heading) for name in (*FIELDS, *(ORIGIN if origin else ())))


def column(header: str, field: str, heading: Heading, values: Mapping[str, str] | None = None) -> Column:
    """The column of a known field; `values` says what to write for some of its values. Raises `KeyError` for an unknown one."""
    kind = KNOWN[field]
    if field in OF_THE_HEADING:
        given = said_by(heading)[field]
        return always(header, (values or {}).get(str(given), given), kind)
    drawn = taken("amount" if field == "amount_minor" else field)
    if not values:
        return Column(header, kind, drawn)
    return Column(header, kind, lambda rows: told_once(drawn(rows), lambda value: values.get(value, value)))


def said_by(heading: Heading) -> dict[str, str | int]:
    return {
        "state": heading.state,
        "as_of_position": heading.position,
        "digest": heading.digest,
        "schema_version": heading.schema_version,
        "pay_day": heading.pay_day.isoformat(),
        "period_policy": heading.policy,
    }


def taken(field: str) -> Callable[[pa.RecordBatch], pa.Array]:
    return lambda rows: rows.column(field)


def always(header: str, value: str | int, kind: Kind = "text") -> Column:
    """A column that has the same value in every row."""
    scalar = pa.scalar(value, pa.int64() if kind == "integer" else pa.string())
    return Column(header, kind, lambda rows: pa.repeat(scalar, rows.num_rows), value)


def arrow_schema(columns: Sequence[Column], money: pa.DataType) -> pa.Schema:
    """The columns as an Arrow schema."""
    types = {"text": pa.string(), "integer": pa.int64(), "money": money, "time": TIME}
    return pa.schema([(each.header, types[each.kind]) for each in columns])


assert set(FIELDS) - {"amount_minor"} == set(COLUMNS.names), "a file has every field of a row"
