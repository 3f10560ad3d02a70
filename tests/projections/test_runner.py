"""The runner under what happens to runners: company, lost connections, facts that cannot be applied, newer code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Event, Thread
from typing import Any

import pytest
from psycopg import Connection

from domain.contract.facts import ContractSigned
from projections import registry
from projections.catalogue import READ_MODELS
from projections.folding import Overtaken, apply, fold
from projections.lines import Lines
from projections.log import Log
from projections.pool import PoolBoard
from projections.registry import NewerThanTheCode
from projections.runner import ProjectionStopped, Runner
from services.ledger.application import Ledger
from tests.projections.conftest import MakeRunner, Play
from tests.projections.generated import Chance

LIMIT_S = 30


class NewerPoolBoard(PoolBoard):
    version = 2


@contextmanager
def running(*runners: Runner) -> Iterator[list[BaseException]]:
    """The runners, each in a thread of its own; gives what ended one before it was told to stop."""
    stop, ended = Event(), list[BaseException]()

    def run(runner: Runner) -> None:
        try:
            runner.run_forever(stop)
        except BaseException as error:  # noqa: BLE001 (handed to the test)
            ended.append(error)

    threads = [Thread(target=run, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    try:
        yield ended
    finally:
        stop.set()
        for thread in threads:
            thread.join(LIMIT_S)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it holds. Fails after half a minute."""
    tick = Event()
    for _ in range(LIMIT_S * 50):
        if condition():
            return
        tick.wait(0.02)
    raise AssertionError("it never came to hold")


def positions(reading: Connection[Any]) -> dict[str, int]:
    found = reading.execute("SELECT to_regclass('read_model') IS NOT NULL").fetchone()
    if not found or not found[0]:
        return {}
    return dict(reading.execute("SELECT name, position FROM read_model WHERE live").fetchall())


def all_at(reading: Connection[Any], position: int) -> bool:
    found = positions(reading)
    return len(found) == len(READ_MODELS) and set(found.values()) == {position}


def all_equal_to_the_log(make_runner: MakeRunner) -> bool:
    return all(make_runner().rebuild(model.name).digest for model in READ_MODELS)


def test_a_runner_is_woken_by_the_ledger_and_follows_it(
    ledger: Ledger, play: Play, runner: Runner, reading: Connection[Any]
) -> None:
    with running(runner) as ended:
        wait_for(lambda: all_at(reading, 0))
        head = play(Chance(5).commands(300))
        wait_for(lambda: all_at(reading, head))

    assert ended == []


def test_a_runner_whose_connections_are_killed_comes_back_and_applies_each_fact_once(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    drawn = list(Chance(6).commands(900))
    with running(make_runner(batch_size=20)) as ended:
        for n in range(0, len(drawn), 100):
            play(drawn[n : n + 100])
            reading.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND (query LIKE 'LISTEN%%' OR query LIKE '%%read_model%%') AND query NOT LIKE '%%pg_stat_activity%%'"
                " AND datname = current_database() AND state <> 'active'"
            )
        head = ledger.head().position
        wait_for(lambda: all_at(reading, head))

    assert ended == []
    assert all_equal_to_the_log(make_runner)


def test_two_runners_at_once_apply_each_fact_once(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    with running(make_runner(batch_size=7), make_runner(batch_size=11)) as ended:
        head = play(Chance(7).commands(1500))
        wait_for(lambda: all_at(reading, head))

    assert ended == []
    assert all_equal_to_the_log(make_runner)


def test_who_finds_the_checkpoint_moved_applies_nothing(
    ledger: Ledger, play: Play, log: Log, runner: Runner, reading: Connection[Any]
) -> None:
    runner.catch_up()
    [late] = registry.generations(reading, PoolBoard)
    head = play(Chance(8).commands(400))
    runner.catch_up()
    before = reading.execute("SELECT count(*), sum(n) FROM pool_tally").fetchone()

    with pytest.raises(Overtaken):
        apply(reading, log, late, log.after(0, 1000))

    assert reading.execute("SELECT count(*), sum(n) FROM pool_tally").fetchone() == before
    assert positions(reading)["pool"] == head


def test_a_fact_beyond_a_gap_is_not_applied(
    ledger: Ledger, play: Play, log: Log, runner: Runner, reading: Connection[Any]
) -> None:
    runner.catch_up(0)
    play(Chance(9).commands(50))
    [generation] = registry.generations(reading, PoolBoard)

    with pytest.raises(ProjectionStopped, match="gap: after 0 came 2 to 2"):
        fold(reading, log, generation, log.after(1, 1))

    assert positions(reading)["pool"] == 0


def stop_at_a_signing(ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]) -> tuple[int, int]:
    """Take the plan from the lines' tables before a contract is signed; gives the first position that needs it, and the head."""
    head = play(Chance(10).commands(900))
    facts = [each for after in range(0, head, 2000) for each in ledger.read_all(after, 2000)]
    signed = next(each for each in facts if isinstance(each.fact, ContractSigned))
    make_runner().catch_up(signed.position - 1)
    reading.execute("DELETE FROM commission_plan_1")
    return signed.position, head


def test_a_projection_of_money_stops_loudly_at_a_fact_that_it_cannot_apply_and_never_skips(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    position, head = stop_at_a_signing(ledger, play, make_runner, reading)

    with pytest.raises(
        ProjectionStopped, match=rf"lines stopped at position {position} \(contract-signed.v1\)"
    ) as told:
        make_runner().catch_up()

    assert (told.value.projection, told.value.position, told.value.kind) == ("lines", position, "contract-signed.v1")
    others = {model.name: head for model in READ_MODELS}
    assert positions(reading) == {**others, "lines": position - 1}
    row = reading.execute("SELECT stopped FROM read_model WHERE name = 'lines'").fetchone()
    assert row
    assert f"position {position} (contract-signed.v1): KeyError" in row[0]


def test_a_stopped_projection_of_money_ends_the_runner_and_goes_on_once_mended(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    _, head = stop_at_a_signing(ledger, play, make_runner, reading)

    with running(make_runner()) as ended:
        wait_for(lambda: bool(ended))
    mended = make_runner().rebuild("lines", accept_difference=True)
    make_runner().catch_up()

    assert isinstance(ended[0], ProjectionStopped)
    assert mended.position < head
    assert all_at(reading, head)
    assert make_runner().rebuild("lines").digest


def test_another_projection_that_stops_leaves_the_others_running(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    play(islice(Chance(11).commands(900), 300))
    make_runner().catch_up()
    reading.execute("DELETE FROM pool_board_1")
    head = play(islice(Chance(11).commands(900), 300, None))

    with running(make_runner()) as ended:
        wait_for(lambda: {n: p for n, p in positions(reading).items() if p == head}.keys() >= {"lines", "history"})
        wait_for(lambda: positions(reading)["pool"] < head)

    assert ended == []
    with pytest.raises(ProjectionStopped, match="pool stopped"):
        make_runner().catch_up()


def test_newer_code_rebuilds_and_older_code_keeps_its_hands_off(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    head = play(Chance(12).commands(300))
    make_runner().catch_up()
    newer = [NewerPoolBoard if model is PoolBoard else model for model in READ_MODELS]

    make_runner(models=newer).catch_up()

    shown = reading.execute("SELECT generation, version, position FROM read_model WHERE name = 'pool'").fetchall()
    assert shown == [(2, 2, head)]
    assert reading.execute("SELECT to_regclass('pool_board_1')").fetchone() == (None,)
    with pytest.raises(NewerThanTheCode, match="its tables are of version 2, this program knows version 1"):
        make_runner().catch_up()


def test_catching_up_to_a_position_goes_exactly_there(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    play(Chance(13).commands(300))

    assert make_runner(batch_size=7).catch_up(50) == 50
    assert all_at(reading, 50)


def test_deals_that_are_no_longer_at_hand_are_read_again_from_the_log(
    ledger: Ledger, play: Play, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.lines.DEALS_AT_HAND", 2)
    play(Chance(14).commands(900))

    make_runner(batch_size=13).catch_up()
    monkeypatch.undo()

    assert make_runner().rebuild(Lines.name).digest
