"""Rebuilding while others write, read, and die."""

from functools import partial
from threading import Thread
from typing import Any

import pytest
from psycopg import Connection

from projections import pool, registry
from projections.catalogue import READ_MODELS
from projections.lines import Lines
from projections.log import Log
from projections.pool import PoolBoard
from projections.rebuild import Site, catch_up, is_builder
from services.database import connect
from services.ledger.application import Ledger
from tests.projections.conftest import MakeRunner, Play
from tests.projections.generated import Chance
from tests.projections.test_runner import LIMIT_S, all_at, all_equal_to_the_log, running, wait_for


def test_a_rebuild_under_writes_changes_over_and_loses_nothing(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    drawn = list(Chance(21).commands(2500))
    half = len(drawn) // 2
    play(drawn[:half])
    with running(make_runner(batch_size=50)) as ended:
        writer = Thread(
            target=lambda: [list(ledger.record_many(drawn[n : n + 25])) for n in range(half, len(drawn), 25)]
        )
        writer.start()
        for model in READ_MODELS:
            assert make_runner(batch_size=200).rebuild(model.name).generation == 2
        writer.join(LIMIT_S)
        head = ledger.head().position
        wait_for(lambda: all_at(reading, head))

    assert ended == []
    assert all_equal_to_the_log(make_runner)


def test_readers_never_wait_for_a_rebuild_that_waits_for_one_of_them(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    play(Chance(22).commands(400))
    make_runner().catch_up()
    with connect(ledger.dsn, ledger.schema) as slow:
        slow.execute("BEGIN")
        slow.execute("SELECT count(*) FROM pool_board")
        rebuilding = Thread(target=partial(make_runner().rebuild, "pool"))
        rebuilding.start()
        wait_for(lambda: waits_for_a_lock(reading))
        with connect(ledger.dsn, ledger.schema) as quick:
            quick.execute("SET statement_timeout = '2s'")
            for _ in range(20):
                assert pool.public(quick).position == ledger.head().position
        assert registry.generations(reading, PoolBoard)[0].number == 1
        slow.execute("ROLLBACK")
        rebuilding.join(LIMIT_S)

    assert registry.generations(reading, PoolBoard)[0].number == 2


def waits_for_a_lock(reading: Connection[Any]) -> bool:
    row = reading.execute(
        "SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE NOT granted AND c.relname = 'pool_board' AND n.nspname = current_schema()"
    ).fetchone()
    return row is not None


def test_a_rebuild_that_was_interrupted_goes_on_where_it_stood(
    ledger: Ledger, play: Play, log: Log, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    head = play(Chance(23).commands(900))
    make_runner().catch_up()
    with connect(ledger.dsn, ledger.schema) as holding, connect(ledger.dsn, ledger.schema) as building:
        begun = registry.begin(holding, Lines)
        catch_up(Site(holding, building, log, 100), begun, head // 2)

    make_runner().catch_up()

    [only] = registry.generations(reading, Lines)
    assert (only.number, only.live, only.position) == (begun.number, True, head)


def test_a_rebuild_begun_by_other_code_is_cleaned_away(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    play(Chance(24).commands(300))
    make_runner().catch_up()
    begun = registry.begin(reading, PoolBoard)
    reading.execute("UPDATE read_model SET version = 0 WHERE NOT live")

    make_runner().catch_up()

    [only] = registry.generations(reading, PoolBoard)
    assert only.number == begun.number + 1
    assert reading.execute(f"SELECT to_regclass('pool_board_{begun.number}')").fetchone() == (None,)


def test_one_read_model_is_rebuilt_by_one_process_at_a_time(
    ledger: Ledger, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    make_runner().catch_up()

    assert is_builder(reading, "pool")
    with pytest.raises(BlockingIOError, match="pool is being rebuilt by another process"):
        make_runner().rebuild("pool")
