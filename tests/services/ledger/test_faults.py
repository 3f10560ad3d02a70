"""Connections cut, servers restarted, processes killed: the next command works, and nothing acknowledged is missing."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Never

import psycopg
import pytest
from psycopg import Connection

from services.database import TIMEOUTS, embedded
from services.ledger.answer import LedgerUnavailable, OutcomeUnknown
from services.ledger.application import Ledger, open_ledger
from services.ledger.wire import Statement, Wire
from services.vault import Vault
from tests.conftest import MASTER_KEY, OpenLedger, place_for_a_server
from tests.samples import claim, opening, register

SEED = 20240317


@pytest.fixture
def shop(ledger: Ledger) -> Ledger:
    assert all(answer.accepted for answer in ledger.record_many(opening("Li", "Zhou")))
    return ledger


def cut_connections(dsn: str, schema: str) -> int:
    """End every backend that works in the schema's ledger; tell how many there were."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cut = connection.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where application_name = %s and pid <> pg_backend_pid()",
            (f"sales-ledger {schema}",),
        ).fetchone()
    assert cut is not None
    return int(cut[0])


def cutting_before(monkeypatch: pytest.MonkeyPatch, ledger: Ledger, times: int) -> list[str]:
    """Cut the connection as the batch is being sent, so many times."""
    left, send, seen = [times], Wire.send, list[str]()

    def cut_and_send(wire: Wire, statements: Sequence[Statement]) -> None:
        if left[0]:
            left[0] -= 1
            seen.append("cut")
            cut_connections(ledger.dsn, ledger.schema)
        send(wire, statements)

    monkeypatch.setattr(Wire, "send", cut_and_send)
    return seen


def test_a_connection_cut_between_commands_is_not_noticed(shop: Ledger) -> None:
    assert shop.record(register("C-1"), command_id="r1").accepted
    assert cut_connections(shop.dsn, shop.schema)
    assert shop.record(claim("C-1"), command_id="c1").accepted
    assert [each.position for each in shop.read_all()] == list(range(1, shop.head().position + 1))


def test_a_connection_cut_before_the_commit_is_repeated_and_recorded_once(
    shop: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = cutting_before(monkeypatch, shop, times=1)
    answer = shop.record(register("C-1"), command_id="r1")

    assert (seen, answer.accepted) == (["cut"], True)
    assert len(shop.read("customer/C-1")) == 1


def test_an_unknown_outcome_says_so_and_the_same_id_then_gets_the_first_answer(
    shop: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.writer.PAUSES", (0.0, 0.0))
    with monkeypatch.context() as during:
        during.setattr("services.ledger.writer.PAUSES", ())
        commit_then_cut(during, shop)
        with pytest.raises(OutcomeUnknown, match="same command id"):
            shop.record(register("C-1"), command_id="r1")

    again = shop.record(register("C-1"), command_id="r1")

    assert again.repeated
    assert [each.position for each in shop.read("customer/C-1")] == list(again.positions)


def commit_then_cut(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> None:
    """Let the commit happen, and lose the connection before it is acknowledged."""
    receive = Wire.receive

    def lose(wire: Wire) -> Never:
        receive(wire)
        cut_connections(ledger.dsn, ledger.schema)
        raise psycopg.OperationalError("lost")

    monkeypatch.setattr(Wire, "receive", lose)


def test_a_ledger_whose_database_is_gone_says_that_nothing_was_recorded(
    shop: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.writer.PAUSES", (0.0, 0.0))

    def unreachable(*_: object, **__: object) -> Connection[object]:
        raise psycopg.OperationalError("no route")

    with monkeypatch.context() as during:
        during.setattr("services.ledger.writer.connect", unreachable)
        cut_connections(shop.dsn, shop.schema)
        with pytest.raises(LedgerUnavailable):
            shop.record(register("C-1"), command_id="r1")

    assert not shop.record(register("C-1"), command_id="r1").repeated


def test_a_hung_writer_is_not_waited_for_for_ever(
    shop: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TIMEOUTS, "lock_timeout", "100ms")
    waiting = open_here()
    with psycopg.connect(shop.dsn, options=f"-c search_path={shop.schema}") as hung:
        hung.execute("update ledger_head set position = position")
        with pytest.raises(LedgerUnavailable, match="let go"):
            waiting.record(register("C-1"), command_id="r1")
        hung.rollback()
    assert waiting.record(register("C-1"), command_id="r1").accepted


@pytest.fixture
def own_server() -> Iterator[tuple[Path, str]]:
    with place_for_a_server() as place, embedded(place) as dsn:
        yield place, dsn


def test_after_a_restart_of_the_server_the_next_command_works(own_server: tuple[Path, str]) -> None:
    data_dir, dsn = own_server
    with open_ledger(dsn, "restarted", Vault(MASTER_KEY)) as ledger:
        before = [answer.last for answer in ledger.record_many(opening("Li"))]
        stop_at_once(data_dir)
        with embedded(data_dir):
            assert ledger.record(register("C-1"), command_id="r1").accepted
            assert [each.position for each in ledger.read_all(limit=len(before))] == before


def stop_at_once(data_dir: Path) -> None:
    """Stop the server as a power cut would: no checkpoint, no goodbye."""
    pid_file = data_dir / "postgresql" / "postmaster.pid"
    os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGQUIT)
    for _ in range(1_000):
        if not pid_file.exists():
            return
        Event().wait(0.02)
    pytest.fail("the server did not stop")


WRITER = """
import json, sys
from services.ledger.application import open_ledger
from services.ledger.wire import Statement, Wire
from services.vault import Vault
from tests.samples import register

dsn, schema, run = sys.argv[1:]
with open_ledger(dsn, schema, Vault(bytes(range(32)))) as ledger:
    n = 0
    while True:
        commands = [(f"{run}/{n}/{k}", register(f"{run}-{n}-{k}")) for k in range(n % 7 + 1)]
        for (command_id, command), answer in zip(commands, ledger.record_many(commands)):
            print(json.dumps([command_id, command.customer, answer.last]), flush=True)
        n += 1
"""


def test_a_writer_killed_at_any_moment_loses_nothing_that_it_was_told_was_recorded(shop: Ledger) -> None:
    moments = random.Random(SEED)
    told: list[tuple[str, str, int]] = []
    for run in range(5):
        told += killed_after(shop, f"K{run}", moments.randint(5, 120))
        assert shop.record(register(f"after-{run}"), command_id=f"after/{run}").accepted

    recorded = {each.command_id: each for each in shop.read_all(limit=100_000)}
    for command_id, customer, position in told:
        assert recorded[command_id].stream == f"customer/{customer}"
        assert recorded[command_id].position == position
    assert shop.refold().difference is None


def killed_after(ledger: Ledger, run: str, answers: int) -> list[tuple[str, str, int]]:
    """Let another process write, kill it after so many answers, and return what it had been told."""
    command = [sys.executable, "-c", WRITER, ledger.dsn, ledger.schema, run]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [tuple(json.loads(process.stdout.readline())) for _ in range(answers)]
        process.kill()
        rest = [line for line in process.stdout if line.endswith("\n")]
    return [*told, *(tuple(json.loads(line)) for line in rest)]


def test_a_subscription_outlives_its_connections(shop: Ledger) -> None:
    seen: list[int] = []
    enough = Event()

    def follow() -> None:
        with shop.recorder.subscribe(gt=0) as subscription:
            for notification in subscription:
                seen.append(notification.id)
                if notification.originator_id == "customer/last":
                    break
        enough.set()

    Thread(target=follow, daemon=True).start()
    for n in range(5):
        assert shop.record(register(f"C-{n}"), command_id=f"r{n}").accepted
        cut_connections(shop.dsn, shop.schema)
    assert shop.record(register("last"), command_id="last").accepted

    assert enough.wait(20)
    assert seen == list(range(1, shop.head().position + 1))
