"""Every command ever judged is judged again from the log as it stood, and comes out the same to the byte."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import AnyCommand
from domain.engine import Engine
from domain.facts import Answer
from domain.judgement import decide
from domain.pool.decisions import ClaimCustomer
from domain.pool.decisions import claim as claim_as_it_is
from domain.pool.facts import CustomerClaimed
from domain.world import World
from services.ledger.application import Ledger
from services.replay.reexecution import EVERYTHING, Selection, reexecute
from services.scenarios.stage import StoryClock, throw_away_ledger
from tests.projections.generated import BEGIN, Chance


def recorded_by_chance(dsn: str, seed: int, number: int, customers: int = 12) -> Iterator[tuple[Ledger, int]]:
    """A ledger with commands of every kind, recorded in batches of any size by a clock that stands still in between."""
    random, clock = Random(seed), StoryClock()
    clock.move_to(BEGIN)
    with throw_away_ledger(dsn, clock) as ledger:
        waiting: list[tuple[str, AnyCommand]] = []
        asked = 0
        for command_id, command in Chance(seed, customers=customers).commands(number):
            waiting.append((command_id, late(command, random)))
            asked += 1
            if random.random() < 0.2:
                clock.move_to(command.at)
                list(ledger.record_many(waiting))
                waiting = []
        clock.move_to(clock.now + timedelta(days=1))
        list(ledger.record_many(waiting))
        yield ledger, asked


def late(command: AnyCommand, random: Random) -> AnyCommand:
    return command.model_copy(update={"at": max(BEGIN, command.at - timedelta(hours=random.choice((0, 0, 0, 5, 100))))})


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_random_histories_come_out_the_same(dsn: str, seed: int) -> None:
    for ledger, asked in recorded_by_chance(dsn, seed, 150):
        found = reexecute(ledger)

        assert (found.divergence, found.equal, found.erased, found.unplaced) == (None, asked, 0, 0)


def test_some_commands_are_reached_by_leaps_and_come_out_the_same_too(dsn: str) -> None:
    for ledger, _ in recorded_by_chance(dsn, 7, 300):
        some = reexecute(ledger, Selection(names=("claim-customer", "sign-contract", "leave-rep")))

        assert some.divergence is None
        assert some.equal > 20
