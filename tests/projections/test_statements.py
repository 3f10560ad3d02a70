"""Statements of months drawn by chance: nothing is ever lost, each balances, each opens where the last one closed."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.money import converted, part_of
from domain.payout.facts import Holds
from domain.payroll.facts import PeriodClosed
from domain.rate.facts import RatePublished
from projections import registry
from projections.as_of import DealAsOf
from projections.explain import why_held
from projections.lines import Lines
from projections.statements import FLOWS, NOBODY, RESULTS, StatementRow
from services.database import connect
from services.ledger.application import Ledger
from tests.projections.months import Key, Months, folded, fresh, rows, sums, terms

MOVES = (
    "receive", "receive", "receive", "refund", "refund", "transfer", "revoke", "share", "hold", "lift", "leave", "come", "rate",
    "close", "close", "close-behind",
)  # fmt: skip
HISTORY = st.lists(
    st.tuples(st.sampled_from(MOVES), st.integers(0, 209), st.integers(1, 10**7)), min_size=4, max_size=40
)
BY_CHANCE = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def connection(ledger: Ledger) -> Iterator[Connection[Any]]:
    with connect(ledger.dsn, ledger.schema) as opened:
        registry.install(opened, [Lines])
        yield opened


def told(history: list[tuple[str, int, int]], window: int, cap: int) -> Months:
    months = Months(terms(window, cap))
    for what, which, amount in history:
        months.does(what, which, amount)
    months.close()
    return months


@BY_CHANCE
@given(HISTORY, st.integers(0, 3), st.sampled_from((0, 1, 3000, 10_000)), st.integers(1, 30))
def test_nothing_is_ever_lost_between_what_is_attributed_and_what_stands_on_statements(
    connection: Connection[Any], history: list[tuple[str, int, int]], window: int, cap: int, batch: int
) -> None:
    months = told(history, window, cap)
    with connection.transaction(force_rollback=True):
        folded(connection, fresh(), months.recorded(), batch)
        stated = Counter[Key]()
        before: dict[tuple[str, str], int] = {}
        for closing in months.closings():
            found = rows(connection, closing.period)
            for row in found:
                if row.section in ("accrual", "adjustment"):
                    stated[key_of(row)] += row.amount
            assert {key: amount for key, amount in stated.items() if amount} == months.attributed(closing.position)
            before = balanced(connection, closing.period, cap, found, before)
            assert_converted(found, months, closing)


def assert_converted(found: list[StatementRow], months: Months, closing: PeriodClosed) -> None:
    """What is paid in another currency is what the last rate known at the closing makes of it, and all of it."""
    rates = [fact for fact in months.facts[: closing.position] if isinstance(fact, RatePublished)]
    last = next((each for each in reversed(rates) if each.period == closing.period), None)
    given = {row.payee: -int(row.amount) for row in found if row.section == "conversion" and row.currency == "KWD"}
    got = {row.payee: row.amount for row in found if row.section == "conversion" and row.currency == "CNY"}
    assert got == {payee: converted(paid, "KWD", "CNY", last.rate)[0] for payee, paid in given.items() if last}
    assert bool(last) or not given
    assert not last or not any(row.amount for row in found if row.section == "payable" and row.currency == "KWD")


def key_of(row: StatementRow) -> Key:
    return (str(row.deal), str(row.payment), str(row.role), row.of, row.payee or None)


def balanced(
    connection: Connection[Any], period: str, cap: int, found: list[StatementRow], before: dict[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """Check each statement against its rows, the one before it and the policy; gives what each closed with."""
    by_section: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in found:
        by_section[row.currency, row.payee][row.section] += row.amount
    closed = {}
    for each in sums(connection, period):
        whose = (each.currency, each.payee)
        stands = by_section.pop(whose)
        assert sum(stands[name] for name in FLOWS) == sum(stands[name] for name in RESULTS)
        assert (stands["payable"], stands["closing"]) == (each.payable, each.closing)
        assert each.opening == before.pop(whose, 0)
        assert each.payable >= 0 >= each.closing
        assert 0 <= each.offset <= part_of(each.payable - each.conversion + each.offset, cap)
        assert stands["conversion"] == each.conversion
        assert stands["owed"] == each.raised - each.offset
        if each.payee == NOBODY:
            assert each.payable == 0
        if each.closing:
            closed[whose] = int(each.closing)
    assert not by_section
    assert not before, "whoever owes has a statement in every month"
    return closed


@BY_CHANCE
@given(HISTORY)
def test_what_is_held_is_what_cases_hold_of_lines_that_no_statement_paid(
    connection: Connection[Any], history: list[tuple[str, int, int]]
) -> None:
    months = told(history, 12, 3000)
    with connection.transaction(force_rollback=True):
        folded(connection, fresh(), months.recorded(), 1_000)
        held: dict[str, StatementRow] = {}
        for closing in months.closings():
            found = rows(connection, closing.period)
            standing = {deal: stream.holds for deal, stream in months.streams(closing.position).items()}
            lines = {str(row.line): row for row in found if row.section in ("accrual", "adjustment")}
            waits = {line: row for line, row in (held | lines).items() if covered(row, standing)}
            newly = {line: -row.amount for line, row in lines.items() if line in waits}
            freed = {line: row.amount for line, row in held.items() if line not in waits}

            assert {row.line: row.amount for row in found if row.section == "hold"} == newly
            assert {row.line: row.amount for row in found if row.section == "release"} == freed
            assert all(row.case or row.payee == NOBODY for row in found if row.section in ("hold", "release"))
            held = waits


def covered(row: StatementRow, standing: dict[str, Holds]) -> bool:
    holds = standing[str(row.deal)]
    return row.payee == NOBODY or bool(holds.on(str(row.payment), str(row.role), row.payee))


@BY_CHANCE
@given(HISTORY, st.integers(1, 9))
def test_an_adjustment_names_an_earlier_line_of_the_same_payment_and_the_month_in_which_it_stood(
    connection: Connection[Any], history: list[tuple[str, int, int]], batch: int
) -> None:
    months = told(history, 12, 3000)
    with connection.transaction(force_rollback=True):
        folded(connection, fresh(), months.recorded(), batch)
        stood: dict[str, tuple[str, StatementRow]] = {}
        payments: set[str] = set()
        for closing in months.closings():
            lines = [row for row in rows(connection, closing.period) if row.section in ("accrual", "adjustment")]
            for row in lines:
                assert (row.section == "adjustment") == (row.payment in payments or row.cause == "late")
                if row.corrects_line:
                    period, corrected = stood[row.corrects_line]
                    assert (period, corrected.payment, corrected.role) == (row.corrects_period, row.payment, row.role)
                if row.section == "adjustment":
                    assert row.corrects_period, "every adjustment says which month it corrects"
            stood |= {str(row.line): (closing.period, row) for row in lines}
            payments |= {str(row.payment) for row in lines}


def test_who_asks_of_a_deal_is_told_which_case_holds_back_what() -> None:
    months = Months(terms(12, 3000))
    months.does("receive", 2, 10_000_000)
    months.does("hold", 2, 1)
    stream = months.streams(len(months.facts))["D-1"]
    told = DealAsOf(len(months.facts), "D-1", stream, (), months.policy)

    assert [str(reason) for reason in why_held(told, told.lines)] == [
        "Case K-2 holds back what is not paid yet of CLOSER: at most 1,124.45 CNY. (event 11)"
    ]
