"""A closing arranges once and folds what it arranged: the same as anybody else would fold, and nothing where it dies on the way."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from domain.refusals import Code
from projections.closing import digest
from projections.closing_sql import FIELDS
from services.database import connect
from services.payroll.exports.aside import RowsAside
from services.payroll.exports.batches import COLUMNS, batches
from services.payroll.exports.content import ContentDigest
from services.payroll.run import ProjectionBehind
from tests.conftest import OpenLedger
from tests.services.payroll.company import Company, company
from tests.services.payroll.made_up import MONTH, earned, statements

ROWS = "SELECT count(*) FROM statement_row"
TOLD = "SELECT * FROM statement_row ORDER BY period, currency, payee, number"


@pytest.fixture
def june(open_here: OpenLedger) -> Iterator[Company]:
    """A company with a receipt in June, which is open."""
    with company(open_here, "Li", "Zhou", "Feng") as firm:
        deal = firm.signed("Li")
        firm.opens("2024-06", "06-01 09:00")
        firm.received(deal, 10_000_001, "06-10 09:00")
        yield firm


class OnTheWay:
    """A ledger to which something happens when a closing is recorded: before it, or when it has been."""

    def __init__(self, company: Company, *, before: Any = None, after: Any = None) -> None:
        self.company, self.before, self.after = company, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.company.ledger, name)

    def record(self, *told: Any, **named: Any) -> Any:
        if self.before:
            self.before()
        answer = self.company.ledger.record(*told, **named)
        if self.after:
            self.after()
        return answer


def asked(firm: Company, query: str) -> list[tuple[Any, ...]]:
    with closing(connect(firm.ledger.dsn, firm.ledger.schema)) as connection:
        return connection.execute(query.encode()).fetchall()


def test_what_the_closing_writes_is_what_a_rebuild_folds(june: Company) -> None:
    june.month("2024-06", "06-01 09:00", "07-02 09:00")
    written = asked(june, TOLD)

    assert june.run.runner.rebuild("lines").digest
    assert written == asked(june, TOLD)
    assert asked(june, "SELECT digest = found FROM payroll_closing") == [(True,)]


def test_facts_recorded_while_a_month_is_closed_belong_to_the_next_one(june: Company) -> None:
    def more() -> None:
        june.received("D-Li", 5_000_000, "06-30 09:00", payment="P-2")

    run = replace(june.run, ledger=OnTheWay(june, before=more))  # type: ignore[arg-type] # stands in for the ledger
    closed = run.close("2024-06", actor="Fan", reason="seen")
    june.opens("2024-07", "07-02 10:00")
    june.month("2024-07", "07-02 10:00", "08-02 09:00")

    assert closed.refusal is None
    assert june.sums("2024-06", "Li").payable == 300_000
    assert june.in_short("2024-07", "Li")[0] == ("adjustment", "late", 150_000)
    assert june.run.runner.rebuild("lines").digest


def test_a_closing_that_dies_when_its_fact_is_recorded_is_folded_by_whoever_comes_next(june: Company) -> None:
    def dies() -> None:
        raise KeyboardInterrupt

    run = replace(june.run, ledger=OnTheWay(june, after=dies))  # type: ignore[arg-type] # stands in for the ledger
    with pytest.raises(KeyboardInterrupt):
        run.close("2024-06", actor="Fan", reason="seen")
    assert asked(june, ROWS) == [(0,)]

    refusal = june.closes("2024-06", "07-02 09:00").refusal

    assert refusal
    assert refusal.code == Code.PERIOD_CLOSED
    assert june.stated("2024-06") == june.attributed(june.closings()[0].position)


def test_a_closing_whose_connection_is_lost_meanwhile_is_arranged_again(june: Company, dsn: str) -> None:
    def lose() -> None:
        with psycopg.connect(dsn, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND"
                " application_name = %s",
                [f"sales-ledger {june.ledger.schema}"],
            )

    run = replace(june.run, ledger=OnTheWay(june, after=lose))  # type: ignore[arg-type] # stands in for the ledger
    assert run.close("2024-06", actor="Fan", reason="seen").refusal is None

    assert june.stated("2024-06") == june.attributed(june.closings()[0].position)
    assert asked(june, "SELECT digest = found FROM payroll_closing") == [(True,)]


def test_a_closing_that_is_refused_writes_nothing(june: Company) -> None:
    refusal = june.closes("2024-06", "06-20 09:00", reason=None).refusal

    assert refusal
    assert refusal.code == Code.REASON_MISSING
    assert asked(june, ROWS) == [(0,)]


def test_a_closing_waits_for_whoever_holds_the_read_model_and_then_says_so(june: Company) -> None:
    june.run.wait_for(june.ledger.head().position)
    with closing(connect(june.ledger.dsn, june.ledger.schema)) as other, other.transaction():
        other.execute("UPDATE read_model SET position = position WHERE name = 'lines'")
        with pytest.raises(ProjectionBehind, match="holds the read models"):
            replace(june.run, patience_s=0.2).close("2024-06", actor="Fan", reason="seen")

    assert june.closings() == []
    assert june.closes("2024-06", "07-02 09:00").refusal is None


def test_a_closing_tells_how_far_it_is(june: Company) -> None:
    told: list[tuple[str, int, int | None]] = []

    june.run.close("2024-06", actor="Fan", reason="seen", telling=lambda *step: told.append(step))

    rows = len(june.rows("2024-06"))
    assert told[-1] == ("Taking the digests of the files", rows, rows)
    assert {what for what, *_ in told} == {"Arranging the statements", "Taking the digests of the files"}


AWKWARD = ["a\\b", "\\N", "a\tb\nc\rd", "\x08\x0b\x0c", "e\x1ff", "王 伟", ""]


def test_rows_laid_aside_are_the_rows(connection: psycopg.Connection[Any]) -> None:
    rows = [*MONTH, *(earned(f"Q{i}", 5, deal=text) for i, text in enumerate(AWKWARD))]
    balanced = [*rows, *(replace(row, section="payable", deal=None) for row in rows[len(MONTH) :])]
    with (
        statements(connection, balanced) as select,
        select(connection, "2024-06") as (heading, query),
        RowsAside() as aside,
    ):
        lines = f"SELECT {FIELDS} FROM made_up ORDER BY currency, payee, number"
        found = digest(connection, psycopg.sql.SQL(lines), {}, aside.add)
        laid, content = list(aside.batches()), ContentDigest()
        for batch in laid:
            content.add(batch)

        assert found == content.hexdigest() == heading.digest
        assert [row for each in laid for row in each.to_pylist()] == [
            row for each in batches(connection, query) for row in each.to_pylist()
        ]
        assert all(each.schema == COLUMNS for each in laid)
