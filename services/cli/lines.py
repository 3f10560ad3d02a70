"""`lines`: commission lines as a table, CSV or NDJSON, one by one or summed by payee; streamed, whatever their number."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, Final, TextIO

import typer
from rich.console import RenderableType
from rich.text import Text

from projections import lines as booked
from projections.booking import BookedLine
from projections.lines import Lines
from projections.reading import MOST_ROWS, instant
from services.cli.failing import Failure
from services.cli.output import AsJson, Justify, answer, errors, money, print_json, table
from services.cli.pages import After, after_of, mark, more
from services.cli.reader import Names, Reader, reading
from services.cli.reasons import reason

app = typer.Typer()

ROWS_OF_A_TABLE: Final = 200
MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
BOM: Final = "\ufeff"

LINE_FIELDS: Final = (
    "line", "period", "deal", "customer", "payment", "role", "payee", "payee_name", "of", "amount", "currency", "cause",
    "position", "occurred_at", "recorded_at", "policy", "reason",
)  # fmt: skip
TOTAL_FIELDS: Final = ("period", "payee", "payee_name", "amount", "currency", "lines", "last_position")

COLUMNS: Final[dict[str, Justify]] = {
    "line": "left",
    "period": "left",
    "deal": "left",
    "payment": "left",
    "role": "left",
    "payee": "left",
    "amount": "right",
    "cause": "left",
    "reason": "left",
}
TOTAL_COLUMNS: Final[dict[str, Justify]] = {"period": "left", "payee": "left", "amount": "right", "lines": "right"}


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    NDJSON = "ndjson"


@app.command()
def lines(
    *,
    period: Annotated[str | None, typer.Option("--period", metavar="YYYY-MM", help="The month of booking.")] = None,
    deal: Annotated[str | None, typer.Option("--deal", help="One deal's lines.")] = None,
    payment: Annotated[str | None, typer.Option("--payment", help="One payment's lines.")] = None,
    payee: Annotated[str | None, typer.Option("--payee", help="One person's lines.")] = None,
    totals: Annotated[
        bool, typer.Option("--totals", help="Summed by month, payee and currency: a payroll preview.")
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="CSV and NDJSON have every row, and amounts in minor units.")
    ] = Format.TABLE,
    bom: Annotated[bool, typer.Option("--bom", help="Begin CSV with a byte order mark, for Excel.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=MOST_ROWS, help="At most so many rows of a table.")
    ] = None,
    after: After = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Commission lines: what each payee earns of each payment for each role, and why."""
    if period is not None and not MONTH.fullmatch(period):
        raise Failure("bad-period", f"--period is a month such as 2024-03, not {period!r}.")
    asked = {"period": period, "deal": deal, "payment": payment, "payee": payee}
    with reading(named=names) as reader:
        if format_ != Format.TABLE and not json:
            stream(reader, asked, format_, totals=totals, bom=bom)
            return
        if totals:
            position, rows = summed(reader, asked)
            document: dict[str, Any] = {"true_up_to": position, "totals": rows}
            shape = table("Commission by payee", TOTAL_COLUMNS, (total_shown(row, reader) for row in rows))
            answer(document, shape, as_json=json)
            return
        document, parts = lines_answer(reader, asked, limit, after)
    answer(document, *parts, as_json=json)


def lines_answer(
    reader: Reader, asked: Mapping[str, str | None], limit: int | None = None, after: str | None = None
) -> tuple[dict[str, Any], list[RenderableType]]:
    """One page of lines as a document and as a table."""
    found = booked.lines(reader.connection, **asked, limit=limit or ROWS_OF_A_TABLE, after=after_of(after))
    document = {
        "true_up_to": found.position,
        "lines": [told(line, reader) for line in found.rows],
        "after": mark(found.after),
    }
    shape = table("Commission lines", COLUMNS, (shown(line, reader) for line in found.rows))
    return document, [shape, *more(found.after)]


def stream(reader: Reader, asked: Mapping[str, str | None], format_: Format, *, totals: bool, bom: bool) -> None:
    """Write every row as CSV or NDJSON to standard output; up to which position they are true goes to standard error."""
    if totals:
        position, rows = summed(reader, asked)
        write(rows, TOTAL_FIELDS, format_, bom=bom)
    else:
        with instant(reader.connection, Lines) as position:
            write((told(line, reader) for line in every(reader, asked)), LINE_FIELDS, format_, bom=bom)
    errors().print(Text(f"True up to position {position}.", style="dim"))


def write(
    rows: Iterable[Mapping[str, Any]],
    fields: Sequence[str],
    format_: Format,
    *,
    bom: bool = False,
    to: TextIO | None = None,
) -> None:
    """Write rows as they come, to standard output where nothing else is said."""
    out = to or sys.stdout
    if format_ == Format.NDJSON:
        for row in rows:
            print_json(row, out)
        return
    if bom:
        out.write(BOM)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    for row in rows:
        writer.writerow([cell(row[field]) for field in fields])
    out.flush()


def cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula.

    >>> cell("=1+1"), cell(-5), cell(None)
    ("'=1+1", -5, '')
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def every(reader: Reader, asked: Mapping[str, str | None]) -> Iterator[BookedLine]:
    """All lines asked for, page by page; inside one instant, so that all are true up to one position."""
    after: tuple[Any, ...] | None = (0, 0)
    while after is not None:
        found = booked.lines(reader.connection, **asked, limit=MOST_ROWS, after=after)
        yield from found.rows
        after = found.after


def summed(reader: Reader, asked: Mapping[str, str | None]) -> tuple[int, list[dict[str, Any]]]:
    """What each payee gets a month, in minor units of each currency; and up to which position that is true."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    with instant(reader.connection, Lines) as position:
        for line in every(reader, asked):
            key = (line.period, line.payee or "", line.currency)
            row = found.setdefault(key, {"amount": 0, "lines": 0})
            row["amount"] += line.amount
            row["lines"] += 1
            row["last_position"] = line.position
    rows = [
        {"period": key[0], "payee": key[1] or None, "payee_name": reader.rep_name(key[1]), "currency": key[2], **row}
        for key, row in sorted(found.items())
    ]
    return position, rows


def told(line: BookedLine, reader: Reader) -> dict[str, Any]:
    """A line as a document: the amount in minor units, times in the policy's time zone."""
    return {
        "line": line.line,
        **{name: value for name, value in asdict(line).items() if name != "number"},
        "occurred_at": line.occurred_at.astimezone(reader.zone),
        "recorded_at": line.recorded_at.astimezone(reader.zone),
        "payee_name": reader.rep_name(line.payee),
        "reason": reason(line),
    }


def shown(line: BookedLine, reader: Reader) -> tuple[object, ...]:
    return (
        line.line,
        line.period,
        line.deal,
        line.payment,
        line.role,
        reader.person(line.payee) or "nobody",
        money(line.amount, line.currency),
        line.cause,
        reason(line),
    )


def total_shown(row: Mapping[str, Any], reader: Reader) -> tuple[object, ...]:
    return (row["period"], reader.person(row["payee"]) or "nobody", money(row["amount"], row["currency"]), row["lines"])
