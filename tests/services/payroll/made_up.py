"""Statements made up row by row, in a real table, for what real commands would take long to lead to."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import astuple, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from psycopg import Connection, sql

from projections.closing import digest
from projections.closing_sql import FIELDS
from projections.statements import FLOWS, RESULTS, SCHEMA_VERSION, SECTIONS, STATEMENT_ROW, Section, StatementRow
from services.payroll.statement import Heading, Sums

AT = datetime(2024, 6, 10, 1, 2, 3, 456, tzinfo=UTC)
BASE = StatementRow("2024-06", 0, "", "CNY", "accrual", 0)


def line(payee: str, section: Section, amount: int, currency: str = "CNY", **told: Any) -> StatementRow:
    return replace(BASE, payee=payee, section=section, amount=amount, currency=currency, **told)


def earned(payee: str, amount: int, currency: str = "CNY", role: str = "CLOSER", **told: Any) -> StatementRow:
    of_deal = {"deal": "D-1", "customer": "C-1", "payment": "P-1", "cause": "payment", "line": "7.1", "position": 7}
    when = {"occurred_at": AT, "recorded_at": AT, "policy": "B2B-1"}
    return line(payee, "accrual", amount, currency, role=role, **{**of_deal, **when, **told})


MONTH = [
    earned("王伟", 450_001),
    earned("王伟", 1, role="首访", of="Li"),
    line("王伟", "adjustment", -30_000, deal="D-0", payment="P-0", role="ENTRY", cause="refund", line="9.2", position=9,
         corrects_line="3.1", corrects_period="2024-05"),
    line("王伟", "payable", 420_002),
    earned("-Zhao", 99_999, case="K-1"),
    line("-Zhao", "hold", -99_999, deal="D-1", payment="P-1", role="CLOSER", cause="RE-1/disputes", case="K-1"),
    line("-Zhao", "payable", 0),
    line("@li_1", "opening", -20_000),
    earned("@li_1", 5_000),
    line("@li_1", "payable", 2_500),
    line("@li_1", "closing", -17_500),
    line("@li_1", "owed", -2_500, cause="offset"),
    earned("", 600, cause="payment"),
    line("", "hold", -600, cause="nobody"),
    line("", "payable", 0),
    earned("王伟", 1_200, "JPY"),
    line("王伟", "payable", 1_200, "JPY"),
    earned("Qi.2", 1_001, "KWD"),
    line("Qi.2", "clawback", 7, "KWD", cause="borne"),
    line("Qi.2", "payable", 1_008, "KWD"),
]  # fmt: skip
"""A month with all that is awkward: ids that look like formulas, Chinese names, three currencies, nobody's line, a debt."""


@contextmanager
def statements(
    connection: Connection[Any], rows: Sequence[StatementRow] = MONTH, state: Literal["closed", "preview"] = "closed"
) -> Iterator[Any]:
    """A `SelectStatements` that gives these rows, put into their order."""
    table = sql.Identifier("made_up")
    ordered = in_order(rows)
    columns = zip(STATEMENT_ROW.columns, STATEMENT_ROW.types, strict=True)
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ({})").format(
            table, sql.SQL(", ").join(sql.SQL(f'"{name}" {kind}') for name, kind in columns)
        )
    )
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for row in ordered:
            copy.write_row(astuple(row))
    query = sql.SQL("SELECT {} FROM {} ORDER BY currency, payee, number").format(sql.SQL(FIELDS), table)
    found = digest(connection, query, {})
    heading = Heading("2024-06", state, 42, found, SCHEMA_VERSION, "B2B-1", date(2024, 7, 15), tuple(sums_of(ordered)))
    select = sql.SQL("SELECT * FROM {} ORDER BY currency, payee, number").format(table)

    @contextmanager
    def select_statements(
        connection: Any, period: str, *, payee: str | None = None
    ) -> Iterator[tuple[Heading, sql.Composed]]:
        yield heading, sql.Composed([select])

    try:
        yield select_statements
    finally:
        connection.execute(sql.SQL("DROP TABLE {}").format(table))


def in_order(rows: Sequence[StatementRow]) -> list[StatementRow]:
    ordered = sorted(rows, key=lambda row: (row.currency, row.payee.encode(), SECTIONS.index(row.section)))
    return [replace(row, number=number) for number, row in enumerate(ordered, 1)]


def sums_of(rows: Sequence[StatementRow]) -> Iterator[Sums]:
    for currency in sorted({row.currency for row in rows}):
        mine = [row for row in rows if row.currency == currency]
        told = {name: sum(row.amount for row in mine if row.section == name) for name in SECTIONS}
        assert sum(told[name] for name in FLOWS) == sum(told[name] for name in RESULTS), "a statement balances"
        yield Sums(currency=currency, statements=len({row.payee for row in mine}), rows=len(mine), **told)


Statements = AbstractContextManager[Any]
