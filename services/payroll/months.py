"""The months as the read model has them, and one payee's statements from month to month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, cast

from psycopg import Connection, sql

from domain.payroll.facts import Totals, Unusual
from projections.lines import Lines
from projections.reading import Page, bounded, instant, page
from projections.statements import STATEMENT, StatementSums

MONTHS: Final = (
    "SELECT p.period, p.policy, p.begins, p.ends, p.pay_day, c.closed_at, c.until, c.digest, c.pinned"
    " FROM payroll_period p LEFT JOIN payroll_closing c USING (period)"
    " WHERE p.period > %s AND (%s::text IS NULL OR p.period = %s) ORDER BY p.period LIMIT %s"
)

OF_PAYEE: Final = (
    "SELECT {columns} FROM statement s WHERE s.payee = {payee}"
    " AND (s.period, s.currency) > ({period}, {currency}) ORDER BY s.period, s.currency LIMIT {limit}"
)


@dataclass(frozen=True, slots=True)
class Month:
    """A month [`begins`, `ends`). Of a closed one all that its closing pinned: `position` is the last of the log that is in it,
    `digest` SHA-256 over the rows of its statements, `exports` those of the files. Amounts are minor units. Of a `settled` one
    nothing is paid from here.
    """

    period: str
    state: Literal["open", "closed", "settled"]
    policy: str
    begins: datetime
    ends: datetime
    pay_day: date
    closed_at: datetime | None
    position: int | None
    digest: str | None
    totals: list[Totals]
    exports: dict[str, str]
    unusual: list[Unusual]
    ground: str | None


def months(connection: Connection[Any], limit: int = 100, after: Sequence[str] | None = None) -> Page[Month]:
    """Every month that was opened, in order."""
    with instant(connection, Lines) as position:
        since = after[0] if after else ""
        found = connection.execute(MONTHS, [since, None, None, bounded(limit) + 1]).fetchall()
    return page(position, [month_of(row) for row in found], limit, lambda each: (each.period,))


def month(connection: Connection[Any], period: str) -> Month | None:
    """One month; None for one that was never opened."""
    row = connection.execute(MONTHS, ["", period, period, 1]).fetchone()
    return month_of(row) if row else None


def month_of(row: Sequence[Any]) -> Month:
    period, policy, begins, ends, pay_day, closed_at, until, digest, pinned = row
    told: dict[str, Any] = pinned or {}
    return Month(
        period,
        ("settled" if told.get("settled") else "closed") if closed_at else "open",
        policy,
        begins,
        ends,
        pay_day,
        closed_at,
        until,
        digest,
        [Totals.model_validate(each) for each in told.get("totals", ())],
        told.get("exports", {}),
        [Unusual.model_validate(each) for each in told.get("unusual", ())],
        told.get("ground"),
    )


def statements_of(
    connection: Connection[Any], payee: str, limit: int = 100, after: Sequence[str] | None = None
) -> Page[StatementSums]:
    """One payee's statements of closed months, in order."""
    columns = sql.SQL(", ").join(sql.Identifier("s", name) for name in STATEMENT.columns)
    period, currency = after or ("", "")
    statement = sql.SQL(OF_PAYEE).format(
        columns=columns, payee=payee, period=period, currency=currency, limit=bounded(limit) + 1
    )
    with instant(connection, Lines) as position:
        rows = [STATEMENT.read(cast(tuple[Any, ...], row)) for row in connection.execute(statement)]
    return page(position, rows, limit, lambda each: (each.period, each.currency))
