"""A period's statements opened for reading: those of a closed one as they stand, those of an open one as they would come out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal, cast

from psycopg import Connection, sql
from psycopg.rows import dict_row

from domain.payroll.facts import Totals
from domain.policy.terms import PolicyVersion
from projections.closing import Also, Arranged, Cut, Shelves, arrange, as_shown
from projections.lines import LINE, PLAN, Lines
from projections.reading import position_of
from projections.receipts import Receipts
from projections.registry import ReadModel
from projections.statements import NOBODY, SCHEMA_VERSION, STATEMENT, STATEMENT_ROW, StatementRow, StatementSums
from services.payroll.statement import Heading, NoSuchPeriod

READ: Final[tuple[type[ReadModel], ...]] = (Lines, Receipts)

ROWS_AT_ONCE: Final = 2_000

COUNTED: Final = "SELECT currency, section, policy, count(*) FROM {rows} WHERE period = {period} GROUP BY 1, 2, 3"

TOTALS: Final = (
    "SELECT currency, count(*) AS statements, sum(opening) AS opening, sum(accrual) AS accrual, sum(adjustment) AS adjustment,"
    " sum(borne) AS clawback, sum(hold) AS hold, sum(release) AS release, sum(payable) AS payable, sum(closing) AS closing,"
    ' sum(raised - "offset") AS owed, sum(conversion) AS conversion FROM {sums} WHERE period = {period}'
    " GROUP BY currency ORDER BY currency"
)


Statement = tuple[StatementSums | None, Sequence[StatementRow]]
"""A payee's statement in one currency: its sums, None where there is none, and its rows."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What rows there are: how many of each currency, and of which sections and policies any."""

    rows: Mapping[str, int]
    sections: frozenset[str]
    policies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A period inside one instant: where its statements stand, and what is said of them.

    Statements that stand only in passing are `arranged` and `counted`.
    """

    connection: Connection[Any]
    heading: Heading
    shelves: Shelves
    since: int
    arranged: Arranged | None = None
    counted: Counted | None = None

    def select(self, payee: str | None = None, after: tuple[str, int] | None = None) -> sql.Composed:
        """The rows in canonical order, of all payees or of one; of one those after a currency and number."""
        columns = sql.SQL(", ").join(
            sql.SQL("amount::bigint AS amount") if name == "amount" else sql.Identifier(name)
            for name in STATEMENT_ROW.columns
        )
        where = self.narrowed(payee)
        if after is not None:
            where += sql.SQL(" AND (currency, number) > ({}, {})").format(*after)
        return sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY currency, payee, number").format(
            columns, self.shelves.rows, where
        )

    def narrowed(self, payee: str | None) -> sql.Composed:
        """The condition for the period, of all payees or of one: every currency is named, so that the key finds the one."""
        period = sql.SQL("period = {}").format(sql.Literal(self.heading.period))
        if payee is None:
            return period
        currencies = sql.Literal([each.currency for each in self.heading.sums])
        return sql.SQL("{} AND currency = ANY({}::text[]) AND payee = {}").format(period, currencies, payee)

    def rows(self, payee: str | None = None, after: tuple[str, int] | None = None) -> Iterator[StatementRow]:
        """The rows one by one, as `select` has them; memory is flat."""
        with self.connection.cursor("statement_rows") as cursor:
            cursor.execute(self.select(payee, after))
            while found := cursor.fetchmany(ROWS_AT_ONCE):
                yield from (StatementRow(*cast(tuple[Any, ...], row)) for row in found)

    def sums(self, payee: str | None = None, after: tuple[str, str] | None = None) -> Iterator[StatementSums]:
        """The sums of each statement, in the order of currency and payee; those after a currency and payee."""
        where = self.narrowed(payee)
        if after is not None:
            where += sql.SQL(" AND (currency, payee) > ({}, {})").format(*after)
        statement = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY currency, payee").format(
            sql.SQL(", ").join(map(sql.Identifier, STATEMENT.columns)), self.shelves.sums, where
        )
        with self.connection.cursor("statement_sums") as cursor:
            cursor.execute(statement)
            while found := cursor.fetchmany(ROWS_AT_ONCE):
                yield from (STATEMENT.read(cast(tuple[Any, ...], row)) for row in found)


def of_payee(found: Opened, payee: str) -> dict[str, Statement]:
    """A payee's statements by currency, whole."""
    rows = list(found.rows(payee))
    return {each.currency: (each, [row for row in rows if row.currency == each.currency]) for each in found.sums(payee)}


@contextmanager
def opened(connection: Connection[Any], period: str, *, settled: bool = False) -> Iterator[Opened]:
    """Open a period's statements in one instant, as the read models stand. Raises `NoSuchPeriod`.

    An open period's are arranged in passing, as they would come out if it were closed now, or closed as `settled` elsewhere;
    nothing of that stays.
    """
    with moment(connection):
        yield closed(connection, period) or in_order(preview(connection, period, settled=settled))


@contextmanager
def moment(connection: Connection[Any]) -> Iterator[None]:
    """One instant of the read models, in which statements may be arranged; nothing of it stays."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    try:
        hold_views(connection)
        yield
    finally:
        connection.execute("ROLLBACK")


def hold_views(connection: Connection[Any]) -> None:
    """Keep a rebuild from changing over what is read, until the transaction ends."""
    views = [sql.Identifier(table.name) for model in READ for table in model.tables]
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.SQL(", ").join(views)))


@contextmanager
def select_statements(
    connection: Connection[Any], period: str, *, payee: str | None = None
) -> Iterator[tuple[Heading, sql.Composed]]:
    """See `services.payroll.statement.SelectStatements`."""
    with opened(connection, period) as found:
        yield found.heading, found.select(payee)


def closed(connection: Connection[Any], period: str) -> Opened | None:
    """A closed period's statements; None where it is not closed."""
    row = connection.execute(
        "SELECT c.until, c.since, c.digest, c.pinned, p.policy, p.pay_day FROM payroll_closing c JOIN payroll_period p USING (period)"
        " WHERE period = %s",
        [period],
    ).fetchone()
    if row is None:
        return None
    until, since, digest, pinned, policy, pay_day = row
    totals = tuple(Totals.model_validate(each) for each in pinned["totals"])
    state: Literal["closed", "settled"] = "settled" if pinned.get("settled") else "closed"
    heading = Heading(period, state, until, digest, SCHEMA_VERSION, policy, pay_day, totals)
    rows, sums = sql.Identifier(STATEMENT_ROW.name), sql.Identifier(STATEMENT.name)
    return Opened(connection, heading, Shelves({}, rows, sums), since)


def in_order(found: Opened) -> Opened:
    """A preview's rows made easy to find, by payee and in their order."""
    statement = sql.SQL("CREATE UNIQUE INDEX ON {} (period, currency, payee, number)")
    found.connection.execute(statement.format(found.shelves.rows))
    return found


def preview(
    connection: Connection[Any],
    period: str,
    also: Also | None = None,
    count: Callable[[], Counted] | None = None,
    *,
    settled: bool = False,
) -> Opened:
    """An open period's statements as they would come out now, inside a transaction.

    `also` is told the rows as they stand; `count` counts what it was told.

    Raises `NoSuchPeriod`.
    """
    row = connection.execute("SELECT policy, pay_day, ends FROM payroll_period WHERE period = %s", [period]).fetchone()
    if row is None:
        raise NoSuchPeriod(period)
    policy, pay_day, ends = row
    cut = cut_now(connection, period, policy)
    if settled:
        cut = replace(cut, until=max(cut.since, before_money_of(connection, ends, cut.until)))
    shelves = as_shown(LINE)
    arranged = arrange(connection, shelves, cut, also)
    found = count() if count else counted(connection, shelves, period)
    heading = Heading(
        period,
        "preview",
        cut.until,
        arranged.digest,
        SCHEMA_VERSION,
        policy,
        cast(date, pay_day),
        totals(connection, shelves, period, found.rows),
    )
    return Opened(connection, heading, shelves, cut.since, arranged, found)


def cut_now(connection: Connection[Any], period: str, policy: str) -> Cut:
    """What the period would take in if it were closed where the read models stand."""
    last = connection.execute("SELECT period, until FROM payroll_closing ORDER BY position DESC LIMIT 1").fetchone()
    previous, since = last or (None, 0)
    plan = connection.execute(
        sql.SQL("SELECT version FROM {} WHERE policy = {}").format(sql.Identifier(PLAN.name), policy)
    ).fetchone()
    assert plan, "a period names a published policy"
    terms = PolicyVersion.model_validate(plan[0]).payroll
    assert terms, "a period is opened by a policy with payroll terms"
    return Cut(period, previous, since, position_of(connection, READ), policy, terms.clawback)


def before_money_of(connection: Connection[Any], at: datetime, until: int) -> int:
    """The last position before the first receipt or refund that happened at that time or later; `until` where there is none.

    A history that is brought in comes in the order of its own times, so this parts what was paid elsewhere from what was not.
    """
    row = connection.execute(
        "SELECT min(position) - 1 FROM (SELECT position, received_at AS at FROM payment_receipt"
        " UNION ALL SELECT position, refunded_at FROM payment_refund) m WHERE at >= %s AND position <= %s",
        [at, until],
    ).fetchone()
    return until if row is None or row[0] is None else int(row[0])


def counted(connection: Connection[Any], shelves: Shelves, period: str) -> Counted:
    rows, sections, policies = Counter[str](), set[str](), set[str]()
    statement = sql.SQL(COUNTED).format(rows=shelves.rows, period=sql.Literal(period))
    for currency, section, policy, count in connection.execute(statement):
        rows[currency] += count
        sections.add(section)
        policies |= {policy} if policy else set()
    return Counted(rows, frozenset(sections), frozenset(policies))


def totals(connection: Connection[Any], shelves: Shelves, period: str, rows: Mapping[str, int]) -> tuple[Totals, ...]:
    """The sums of all statements, a row a currency; `rows` are counted by currency."""
    statement = sql.SQL(TOTALS).format(sums=shelves.sums, period=sql.Literal(period))
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(statement).fetchall()
    return tuple(
        Totals.model_validate(
            {name: value if name == "currency" else int(value) for name, value in each.items()}
            | {"rows": rows[each["currency"]]}
        )
        for each in found
    )


__all__ = ["NOBODY", "Opened", "opened", "select_statements"]
