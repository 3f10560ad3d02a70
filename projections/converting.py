"""What a statement pays in another currency, where a rate was published for its month: a line in either statement.

Commission stays in the currency of its contract. Only what would be paid is converted, payee by payee, after the debts are
settled: the one statement gives it up, the other takes it in, and each balances in its own currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Connection, sql

from domain.money import converted
from domain.rate.facts import RatePublished
from domain.record import Recorded
from projections.desk import names
from projections.statements import STATEMENT
from projections.table import Table

AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate, by the event that published it."""

    position: int
    period: str
    currency: str
    into: str
    rate: str
    source: str
    occurred_at: datetime
    recorded_at: datetime


RATE: Final = Table("payroll_rate", RateRow, key=("position",), kept="appended", indexes=("(period)",))

ROOM: Final = """CREATE TEMP TABLE converted (currency text COLLATE "C", payee text COLLATE "C", gone boolean, paid numeric, into_currency text COLLATE "C",
    comes_to numeric, told text, position bigint, occurred_at timestamptz, recorded_at timestamptz) ON COMMIT DROP"""

COLUMNS: Final = (
    "currency", "payee", "gone", "paid", "into_currency", "comes_to", "told", "position", "occurred_at", "recorded_at",
)  # fmt: skip

RATES: Final = (
    'SELECT DISTINCT ON (currency) position, period, currency, "into", rate, source, occurred_at, recorded_at FROM {payroll_rate}'
    " WHERE period = %(period)s AND position <= %(until)s ORDER BY currency, position DESC"
)
"""The rates that count: of each currency the last one as known at the closing."""

PAID: Final = "SELECT payee, gone, payable FROM {sums} WHERE period = %(period)s AND currency = %(currency)s AND payable > 0 ORDER BY payee"

GIVEN_UP: Final = (
    "UPDATE {sums} s SET payable = s.payable - c.paid, conversion = s.conversion - c.paid FROM converted c"
    " WHERE s.period = %(period)s AND s.currency = c.currency AND s.payee = c.payee"
)

TAKEN_IN: Final = (
    "INSERT INTO {sums} AS s ({columns}) SELECT %(period)s, into_currency, payee, bool_or(gone), {nothing}, sum(comes_to), 0,"
    " sum(comes_to) FROM converted GROUP BY into_currency, payee ON CONFLICT (period, currency, payee) DO UPDATE"
    " SET payable = s.payable + excluded.payable, conversion = s.conversion + excluded.conversion"
)

LINES: Final = (
    "SELECT 7, 'conversion', payee, currency, -paid, NULL, NULL, NULL, NULL, NULL, told, position, NULL,"
    "     occurred_at, recorded_at, NULL, NULL, NULL, NULL FROM converted"
    " UNION ALL SELECT 7, 'conversion', payee, into_currency, comes_to, NULL, NULL, NULL, NULL, NULL, told, position, NULL,"
    "     occurred_at, recorded_at, NULL, NULL, NULL, NULL FROM converted"
)
"""The lines, as a part of the rows of all statements: position and times are those of the rate's event."""


def note(recorded: Recorded, fact: RatePublished) -> RateRow:
    return RateRow(
        recorded.position, fact.period, fact.currency, fact.into, fact.rate, fact.source, fact.at, recorded.recorded_at
    )


def convert(connection: Connection[Any], tables: Mapping[str, sql.Composable], told: Mapping[str, Any]) -> None:
    """Convert what the statements of a period pay, in the tables of the statements' sums; leaves the lines in `converted`."""
    connection.execute(ROOM)
    rates = [RATE.read(row) for row in connection.execute(sql.SQL(RATES).format(**tables), told)]
    for rate in rates:
        with connection.cursor("converting") as paid:
            paid.execute(sql.SQL(PAID).format(**tables), {**told, "currency": rate.currency})
            while rows := paid.fetchmany(AT_ONCE):
                put(connection, [line(rate, *row) for row in rows])
    if rates:
        nothing = sql.SQL(", ").join([sql.SQL("0")] * len(STATEMENT.summed_columns[:-3]))
        parts = {"columns": names(STATEMENT.columns), "nothing": nothing}
        connection.execute(sql.SQL(GIVEN_UP).format(**tables), told)
        connection.execute(sql.SQL(TAKEN_IN).format(**tables, **parts), told)


def line(rate: RateRow, payee: str, gone: bool, payable: int) -> tuple[Any, ...]:
    """What one payee gives up and gets."""
    paid = int(payable)
    comes_to, _ = converted(paid, rate.currency, rate.into, rate.rate)
    by = (told_as(rate.currency, rate.into, rate.rate), rate.position, rate.occurred_at, rate.recorded_at)
    return (rate.currency, payee, gone, paid, rate.into, comes_to, *by)


def told_as(currency: str, into: str, rate: str) -> str:
    """The rate as a line's cause.

    >>> told_as("USD", "CNY", "7.1234")
    'USD/CNY 7.1234'
    """
    return f"{currency}/{into} {rate}"


def put(connection: Connection[Any], rows: list[tuple[Any, ...]]) -> None:
    statement = sql.SQL("COPY converted ({}) FROM STDIN").format(names(COLUMNS))
    with connection.cursor() as cursor, cursor.copy(statement) as writing:
        for row in rows:
            writing.write_row(row)
