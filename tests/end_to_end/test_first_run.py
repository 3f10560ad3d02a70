"""The first run, as someone has it who has just installed the product: nothing but a directory, and then the demo."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
import pytest
from psycopg import sql

from services.ledger.application import Ledger
from tests.samples import opening
from tests.services.cli.conftest import settings

PATIENCE_S = 60
FACTS = 36
LINES = [450_001, 225_000, 225_000, 450_000, 450_000, 2_700_002]
DEMO = [sys.executable, "-m", "services.cli", "demo"]


def demo(environment: dict[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*DEMO, *options], env=environment, text=True, capture_output=True, timeout=PATIENCE_S, check=False
    )


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """Someone without a database, with a directory."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    return {**inherited, "LEDGER_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "140"}


@pytest.fixture
def environment(dsn: str, schema: str, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, **settings(dsn, schema, tmp_path)}


@contextmanager
def head_held_from(
    position: int, dsn: str, schema: str, environment: dict[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """A demo that stands still because somebody holds the log's head, once it has recorded so many facts."""
    process = subprocess.Popen(DEMO, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = monotonic() + PATIENCE_S
    head = sql.SQL("select position from {}.ledger_head for update").format(sql.Identifier(schema))
    with psycopg.connect(dsn) as connection:
        while monotonic() < end:
            row = connection.execute(head).fetchone()
            if row and row[0] >= position:
                break
            connection.rollback()
        yield process


def test_the_first_run_starts_a_database_and_the_second_repeats_no_fact(newcomer: dict[str, str]) -> None:
    first, second = demo(newcomer), demo(newcomer)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert f"{FACTS} facts recorded." in first.stdout
    assert f"{FACTS} facts found, none repeated." in second.stdout
    assert first.stdout.partition("repeated.")[0].partition("recorded.")[2] == second.stdout.partition("repeated.")[2]
    for shown in (
        "The pool board",
        "History of 陈晓岚",
        "FIRST_VIEW",
        "10 % of the pool of 45,000.03",
        "2024-03,Ding,,3150002",
    ):
        assert shown in first.stdout
    key = Path(newcomer["LEDGER_DATA_DIR"]) / "master.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert first.stderr == second.stderr == ""


def test_the_demo_answers_scripts_too(environment: dict[str, str]) -> None:
    told = json.loads(demo(environment, "--json").stdout)

    assert (told["recorded"], told["found"], told["refused"], told["true_up_to"]) == (FACTS, 0, 1, FACTS)
    assert [line["amount"] for line in told["lines"]] == LINES
    assert {row["payee"]: row["amount"] for row in told["payroll"]}["Ding"] == 3_150_002
    assert {each["customer"]: each["owner"] for each in told["pool"]} == {
        "client-of-Ding": "Ding",
        "client-of-Wang": None,
    }


@pytest.mark.parametrize("killed_at", [3, 20, FACTS - 1])
def test_a_demo_killed_midway_is_completed_by_the_next(
    killed_at: int, environment: dict[str, str], ledger: Ledger, dsn: str, schema: str
) -> None:
    assert ledger.head().position == 0
    with head_held_from(killed_at, dsn, schema, environment) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=PATIENCE_S)

    told: dict[str, Any] = json.loads(demo(environment, "--json").stdout)

    assert killed_at <= told["found"] <= FACTS
    assert told["found"] + told["recorded"] == FACTS
    assert [line["amount"] for line in told["lines"]] == LINES
    assert [each.position for each in ledger.read_all(limit=100)] == list(range(1, FACTS + 1))


def test_the_demo_does_not_mix_with_a_ledger_in_use(environment: dict[str, str], ledger: Ledger) -> None:
    assert all(answer.accepted for answer in ledger.record_many(opening("li")))
    before = ledger.head()

    refused = demo(environment)

    assert refused.returncode == 2
    assert "has facts of its own" in refused.stderr
    assert ledger.head() == before
