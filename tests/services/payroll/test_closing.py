"""Closing a month: looked at first, one fact, the same when folded again, done or not done whatever happens meanwhile."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from domain.policy.terms import PolicyVersion
from domain.refusals import Code
from projections.runner import Runner, log_of
from services.database import connect
from services.payroll.exports.content import content_digest
from services.payroll.run import ProjectionBehind
from services.payroll.statement import NoSuchPeriod
from tests.conftest import OpenLedger
from tests.domain.story import shipped
from tests.services.cli.conftest import settings
from tests.services.payroll.company import Company, company


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    with company(open_here, "Li", "Zhou", "Feng") as made:
        yield made


@pytest.fixture
def june(firm: Company) -> Company:
    """A company with a receipt in June, which is open."""
    deal = firm.signed("Li")
    firm.opens("2024-06", "06-01 09:00")
    firm.received(deal, 10_000_001, "06-10 09:00")
    return firm


def test_a_closing_pins_position_policies_totals_and_the_digest_of_every_export(june: Company) -> None:
    head = june.ledger.head().position
    june.month("2024-06", "06-01 09:00", "07-02 09:00", reason=None)
    (closed,) = june.closings()

    assert closed.position == head
    assert closed.plans == {"B2B-1": shipped("b2b-1").content_hash}
    assert [(each.currency, each.statements, each.accrual, each.payable) for each in closed.totals] == [
        ("CNY", 1, 300_000, 300_000)
    ]
    assert set(closed.exports) == {"csv", "xlsx", "json", "parquet", "beancount", "hledger"}
    with june.run.statements("2024-06") as found:
        assert content_digest(found.connection, found.select()) == closed.digest == found.heading.digest
        assert found.connection.execute("SELECT digest = found FROM payroll_closing").fetchone() == (True,)


def test_a_preview_says_what_the_closing_will_pin_and_changes_nothing(june: Company) -> None:
    before = june.ledger.head()
    looked = june.run.look("2024-06")
    with june.run.statements("2024-06") as found:
        assert (found.heading.state, found.heading.digest) == ("preview", looked.digest)
    assert june.ledger.head() == before

    june.month("2024-06", "06-01 09:00", "07-02 09:00")

    assert (june.closings()[0].digest, june.closings()[0].exports) == (looked.digest, looked.exports)


def test_a_closed_month_is_the_same_after_further_events_and_after_a_rebuild(june: Company) -> None:
    june.month("2024-06", "06-01 09:00", "07-02 09:00")
    june.opens("2024-07", "07-02 10:00")
    before = june.rows("2024-06")
    june.refunded("D-Li", 10_000_001, "07-03 09:00")
    june.month("2024-07", "07-02 10:00", "08-02 09:00")

    rebuilt = june.run.runner.rebuild("lines")

    assert rebuilt.digest
    assert june.rows("2024-06") == before
    assert june.stated("2024-07") == june.attributed(june.closings()[-1].position)


def test_what_is_unusual_is_listed_and_needs_a_reason(june: Company) -> None:
    june.month("2024-06", "06-01 09:00", "07-02 09:00")
    june.opens("2024-07", "07-02 10:00")
    june.refunded("D-Li", 5_000_000, "07-03 09:00")
    june.tells("leave-rep", "07-05 09:00", rep="Li", ground="moves away", actor="Ma")
    june.received(june.signed("Zhou", "07-06 09:00"), 20, "07-07 09:00")

    refusal = june.closes("2024-07", "07-20 09:00", reason=None).refusal
    looked = june.run.look("2024-07")

    assert refusal
    assert refusal.code == Code.REASON_MISSING
    assert {each.kind: each.count for each in looked.unusual} == {
        "month-not-over": 1, "people-who-left": 1, "negative-balances": 1, "receipts-without-attribution": 1, "total-jumps": 1,
    }  # fmt: skip
    assert "D-Zhou P-1 0.20 CNY" in next(e.told for e in looked.unusual if e.kind == "receipts-without-attribution")
    assert june.run.periods().open


def test_lines_that_nobody_earned_are_held_until_somebody_does(open_here: OpenLedger) -> None:
    terms = shipped("b2b-1").model_dump(mode="json", exclude_defaults=True)
    roles = [{**role, "fallback": None} for role in terms["commission"]["roles"]]
    policy = PolicyVersion.model_validate({**terms, "commission": {**terms["commission"], "roles": roles}})
    with company(open_here, "Li", "Zhou", policy=policy) as firm:
        deal = firm.signed("Li")
        firm.opens("2024-06", "06-01 09:00")
        firm.received(deal, 10_000_000, "06-10 09:00")
        looked = firm.run.look("2024-06")
        firm.month("2024-06", "06-01 09:00", "07-02 09:00")
        firm.opens("2024-07", "07-02 10:00")
        artefact = {"kind": "follow-up-record", "ref": "call"}
        firm.tells(
            "earn-role",
            "06-05 09:00",
            recorded="07-05 09:00",
            deal=deal,
            role="MAINTAINER",
            rep="Zhou",
            artefact=artefact,
        )
        firm.month("2024-07", "07-02 10:00", "08-02 09:00")

        assert [each.kind for each in looked.unusual] == ["month-not-over", "lines-without-payee"]
        assert firm.in_short("2024-06", "") == [
            ("accrual", "payment", 195_000),
            ("hold", "nobody", -195_000),
            ("payable", None, 0),
        ]
        assert firm.in_short("2024-07", "") == [
            ("adjustment", "role-earned", -60_000),
            ("hold", "nobody", 60_000),
            ("payable", None, 0),
        ]
        assert firm.in_short("2024-07", "Zhou")[-1] == ("payable", None, 60_000)
        assert firm.stated("2024-07") == firm.attributed(firm.closings()[-1].position)


def test_there_is_a_statement_a_currency_and_each_in_its_own_minor_units(firm: Company) -> None:
    firm.signed("Li")
    for currency, amount in (("KWD", 1_234_567), ("JPY", 10_000)):
        firm.received(
            firm.signed("Li", currency=currency), amount, "06-10 09:00", payment=f"P-{currency}", currency=currency
        )
    firm.month("2024-06", "06-15 09:00", "07-02 09:00")

    assert {each.currency: each.payable for each in firm.closings()[0].totals} == {"JPY": 300, "KWD": 37_037}
    assert firm.sums("2024-06", "Li", "KWD").payable == 37_037
    assert firm.sums("2024-06", "Li", "JPY").payable == 300


def test_a_month_closes_once_however_many_try_at_the_same_time(june: Company, open_here: OpenLedger) -> None:
    def attempt(number: int) -> Code | None:
        ledger = open_here(june.clock)
        runner = Runner(
            lambda: connect(ledger.dsn, ledger.schema),
            log_of(ledger.notification_log, ledger.mapper),
            channel=ledger.log_recorder.channel,
        )
        refusal = (
            replace(june.run, ledger=ledger, runner=runner)
            .close("2024-06", actor="Fan", reason=f"attempt {number}")
            .refusal
        )
        return refusal.code if refusal else None

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(attempt, range(3)))

    assert sorted(map(str, answers)) == sorted(["None", "period-closed", "period-closed"])
    assert len(june.closings()) == 1


def test_a_closing_waits_for_read_models_that_are_behind_and_then_says_so(june: Company) -> None:
    hasty = replace(june.run, patience_s=0.3)
    hasty.runner.catch_up()
    head = june.ledger.head().position
    with closing(connect(june.ledger.dsn, june.ledger.schema)) as other:
        other.execute("UPDATE read_model SET version = version - 1 WHERE name = 'lines'")
        other.execute(
            "SELECT pg_advisory_lock(hashtextextended(current_schema() || '/read_model/lines', 0)) FROM ledger_head"
        )
        with pytest.raises(ProjectionBehind, match="behind position"):
            hasty.close("2024-06", actor="Fan")
        assert june.ledger.head().position == head
        other.execute("UPDATE read_model SET version = version + 1 WHERE name = 'lines'")
    june.month("2024-06", "06-01 09:00", "07-02 09:00")

    assert len(june.closings()) == 1


def test_a_month_that_does_not_exist_has_no_statements_and_no_preview(june: Company) -> None:
    with pytest.raises(NoSuchPeriod), june.run.statements("2024-09"):
        raise AssertionError("there is none")
    refusal = june.closes("2024-09", "10-02 09:00").refusal

    assert refusal
    assert (refusal.code, refusal.rival) == (Code.PERIOD_ORDER, "2024-06")


CLOSE = """
import sys
from services.cli.app import run
sys.exit(run(["payroll", "close", "2024-06", "--reason", "seen", "--json"]))
"""


def test_a_closing_killed_at_any_instant_leaves_the_old_state_or_the_new_and_can_be_repeated(
    june: Company, dsn: str, schema: str, tmp_path: Path
) -> None:
    began = monotonic()
    codes = []
    for wait in (0.9, 1.3, 1.7, 2.1, 2.6):
        process = subprocess.Popen(
            [sys.executable, "-c", CLOSE],
            env={**os.environ, **settings(dsn, schema, tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[3],
        )
        try:
            codes.append(process.wait(wait))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert len(june.closings()) <= 1
        assert june.run.look("2024-06").digest if not june.closings() else june.rows("2024-06")
    if not june.closings():
        june.month("2024-06", "06-01 09:00", "07-02 09:00")

    assert set(codes) <= {0, 3}
    assert june.stated("2024-06") == june.attributed(june.closings()[0].position)
    assert june.ledger.refold().difference is None
    assert monotonic() - began < 60
