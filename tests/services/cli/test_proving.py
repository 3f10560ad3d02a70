"""`verify` finds what was altered, `rebuild` folds again, `run` keeps up until it is told to stop."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import psycopg
import pytest
from psycopg import sql

from domain.pool.decisions import ClaimCustomer
from services.ledger.application import Ledger
from tests.samples import opening, policy, register
from tests.services.cli.conftest import Salesledger

PATIENCE_S = 30


@pytest.fixture(autouse=True)
def story(ledger: Ledger) -> None:
    """C-1 is claimed by li, a little while ago and for a thousand days."""
    claim = ClaimCustomer(at=datetime.now(UTC) - timedelta(minutes=1), customer="C-1", rep="li", actor="li")
    commands = [*opening("li", terms=policy(days=1000)), ("register", register("C-1", "li")), ("claim", claim)]
    assert all(answer.accepted for answer in ledger.record_many(commands))


@pytest.fixture
def change(dsn: str, schema: str) -> Callable[[str], None]:
    """Changes the database behind the ledger's back."""

    def changed(statement: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
            assert connection.execute(statement.encode()).rowcount > 0

    return changed


def test_a_ledger_that_nobody_touched_verifies(salesledger: Salesledger) -> None:
    told = salesledger("verify", "--json")

    assert (told.code, told.json["chain"], told.json["differences"]) == (0, "holds", [])
    assert set(told.json["read_models"]) >= {
        "pool",
        "history",
        "ownership",
        "deals",
        "receipts",
        "lines",
        "organisation",
    }
    assert all(told.json["read_models"].values())


def test_an_empty_ledger_verifies(salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch, schema: str) -> None:
    monkeypatch.setenv("LEDGER_SCHEMA", f"{schema}_empty")
    try:
        assert salesledger("verify").code == 0
    finally:
        with psycopg.connect(os.environ["LEDGER_DATABASE_URL"], autocommit=True) as connection:
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(f"{schema}_empty")))


def test_an_altered_fact_is_found_and_named(salesledger: Salesledger, change: Callable[[str], None]) -> None:
    change(
        'update event set record = replace(record::text, \'"rep":"li"\', \'"rep":"lu"\')::json where kind like \'customer-claimed%\''
    )
    told = salesledger("verify", "--json")

    assert told.code == 1
    assert "event 6" in told.json["differences"][0]
    assert "event 6" in salesledger("verify", "--log-only").out


def test_a_tally_that_does_not_follow_from_the_log_is_found(
    salesledger: Salesledger, change: Callable[[str], None]
) -> None:
    change("update tally set n = n + 1 where kind like 'held%'")
    told = salesledger("verify", "--json")

    assert told.code == 1
    assert "tally" in told.json["differences"][0]


def test_a_read_model_that_was_altered_is_found_and_can_be_replaced(
    salesledger: Salesledger, change: Callable[[str], None]
) -> None:
    assert salesledger("pool").code == 0
    change("update pool_board set owner = 'zhou' where customer = 'C-1'")

    verified = salesledger("verify", "--json")
    differing = salesledger("rebuild", "pool", "--json")
    accepted = salesledger("rebuild", "pool", "--accept-difference", "--json")

    assert (verified.code, differing.code, accepted.code) == (1, 1, 0)
    assert "pool_board" in verified.json["differences"][0]
    assert differing.json["error"]["code"] == "rebuild-differs"
    assert salesledger("pool", "--json").json["customers"][0]["owner"] == "li"


def test_every_read_model_is_rebuilt(salesledger: Salesledger) -> None:
    told = salesledger("rebuild", "--all", "--json").json

    assert len(told["rebuilt"]) >= 7
    assert {each["position"] for each in told["rebuilt"]} == {told["true_up_to"]} == {6}


def test_one_round_brings_in_what_is_due_and_arranges_it(salesledger: Salesledger, ledger: Ledger) -> None:
    long_ago = ClaimCustomer(at=datetime(2024, 1, 2, tzinfo=UTC), customer="C-2", rep="li", actor="li")
    ledger.record(register("C-2", "li"), command_id="register-2")
    ledger.record(long_ago, command_id="claim-2")
    told = salesledger("run", "all", "--once", "--json")

    assert told.code == 0
    assert told.json["brought_in"] == 2
    assert salesledger("status", "--json").json["alarms_due"] == 0


@pytest.fixture
def running(salesledger: Salesledger) -> Iterator["subprocess.Popen[str]"]:
    del salesledger
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "run", "all", "--json"],
        env={**os.environ},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    yield process
    process.kill()
    process.wait()


def test_it_runs_on_keeps_up_and_stops_when_told(
    running: "subprocess.Popen[str]", ledger: Ledger, salesledger: Salesledger
) -> None:
    assert until(lambda: positions(salesledger) == {6})
    ledger.record(register("C-3", "li"), command_id="register-3")
    assert until(lambda: positions(salesledger) == {7})

    running.send_signal(signal.SIGTERM)
    out, errors = running.communicate(timeout=PATIENCE_S)

    assert running.returncode == 0
    assert json.loads(out)["head"] == 7
    logged = [json.loads(line) for line in errors.splitlines()]
    assert [each["event"] for each in logged if each["event"] != "sealed"] == ["running", "stopped"]
    assert [each["size"] for each in logged if each["event"] == "sealed"][:1] in ([6], [7])
    assert "shop" not in errors


def positions(salesledger: Salesledger) -> set[int]:
    return {each["position"] for each in salesledger("status", "--json").json["read_models"].values()}


def until(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within half a minute."""
    end = monotonic() + PATIENCE_S
    while not (held := holds()) and monotonic() < end:
        continue
    return held


def test_a_long_log_is_arranged_in_steps_up_to_the_head(
    salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cli.reader.AT_ONCE", 2)

    assert salesledger("pool", "--json").json["true_up_to"] == 6
    assert positions(salesledger) == {6}


def test_people_are_told_by_name_beside_their_id_or_by_id_alone(salesledger: Salesledger) -> None:
    assert "li the rep (li)" in salesledger("pool").out
    assert salesledger("pool", "--json").json["customers"][0]["owner_name"] == "li the rep"
    assert "the rep" not in salesledger("pool", "--ids").out
