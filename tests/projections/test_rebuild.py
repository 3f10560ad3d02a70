"""A read model folded again from the log is the one that lived through it, byte for byte."""

from random import Random
from typing import Any

import pytest
from psycopg import Connection

from domain.facts import KINDS
from projections import registry
from projections.catalogue import READ_MODELS
from projections.rebuild import RebuildDiffers, digest
from projections.runner import Runner
from services.ledger.application import Ledger
from tests.projections.conftest import MakeRunner, Play
from tests.projections.generated import Chance
from tests.projections.test_kinds import CHANGED_BY, NOT_PLAYED

NAMES = [model.name for model in READ_MODELS]


def live_through(play: Play, make_runner: MakeRunner, seed: int, commands: int) -> Runner:
    """Record a history while a runner follows in batches of chance sizes."""
    chance = Random(seed)
    drawn = list(Chance(seed).commands(commands))
    runner = make_runner()
    while drawn:
        size = chance.randrange(1, 300)
        now, drawn = drawn[:size], drawn[size:]
        play(now)
        runner = make_runner(batch_size=chance.choice((1, 3, 17, 1000)))
        runner.catch_up()
    return runner


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_rebuilt_read_model_equals_the_live_one(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any], seed: int
) -> None:
    runner = live_through(play, make_runner, seed, 1200)

    for model in READ_MODELS:
        live = registry.generations(reading, model)[0]
        before = [digest(reading, table, live.number) for table in model.tables]
        done = make_runner(batch_size=97).rebuild(model.name)

        assert done.generation == live.number + 1
        assert done.digest is not None
        assert [digest(reading, table, done.generation) for table in model.tables] == before
    runner.catch_up()
    assert {g.position for m in READ_MODELS for g in registry.generations(reading, m)} == {ledger.head().position}


def test_generated_histories_hold_every_kind_of_fact(ledger: Ledger, play: Play) -> None:
    play(Chance(1).commands(4000))

    found = {
        recorded.fact.kind
        for after in range(0, ledger.head().position, 2000)
        for recorded in ledger.read_all(after, 2000)
    }

    assert KINDS.keys() - found == NOT_PLAYED


@pytest.mark.parametrize("name", [name for name in NAMES if CHANGED_BY[name]])
def test_a_table_that_was_tampered_with_is_named_and_mended_when_the_difference_is_accepted(
    play: Play, make_runner: MakeRunner, reading: Connection[Any], name: str
) -> None:
    live_through(play, make_runner, 4, 900)
    [model] = [each for each in READ_MODELS if each.name == name]
    table = next(t for t in model.tables if reading.execute(f"SELECT 1 FROM {t.name} LIMIT 1").fetchone())
    reading.execute(f"DELETE FROM {table.name}_1 WHERE ctid = (SELECT min(ctid) FROM {table.name}_1)")

    with pytest.raises(RebuildDiffers, match=f"{name}: table {table.name} as shown at position"):
        make_runner().rebuild(name)
    mended = make_runner().rebuild(name, accept_difference=True)

    assert make_runner().rebuild(name).digest == mended.digest
