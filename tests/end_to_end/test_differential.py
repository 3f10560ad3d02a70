"""The ledger on PostgreSQL beside the rules in memory: the same commands get the same answers, facts and shared facts.

In memory every history is in sight. The ledger sees only what commands name, in batches, from two processes' worth of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, LiteralString

import psycopg
import pytest
from pydantic_core import from_json

from domain.commands import AnyCommand
from domain.deal.decisions import BringDealClock
from domain.facts import AnyFact
from domain.judgement import Verdict, judge
from domain.pool.decisions import BringClock
from domain.world import World
from services import vault
from services.ledger.application import Ledger
from services.ledger.mapper import read_fact
from tests.conftest import OpenLedger
from tests.domain.story import fingerprint
from tests.projections.generated import BEGIN, Chance

BATCHES = (1, 1, 2, 5, 20, 60)
LATENESS = (0, 0, 0, 1, 30, 120, 240)
OPENING = 25
"""So many commands set the organisation up; none of them is late."""


class InMemory:
    """Everything that was ever recorded, and the world that it adds up to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.log: list[AnyFact] = []

    def told(self, command: AnyCommand, now: datetime) -> Verdict:
        self.world.now = now
        verdict = judge(command, self.world)
        for fact in verdict.facts:
            self.log.append(fact)
            self.world.apply(fact, len(self.log))
        return verdict

    def swept(self, now: datetime) -> None:
        for stream in list(self.world.streams):
            story, _, key = stream.partition("/")
            self.told(
                BringClock(at=now, customer=key) if story == "customer" else BringDealClock(at=now, deal=key), now
            )

    def counts(self) -> dict[tuple[str, str], int]:
        return {key: n for key, n in self.world.tallies.items() if n}


def late_at_times(seed: int, number: int) -> Iterator[tuple[str, AnyCommand, datetime]]:
    """Commands by chance, each with its id and the time at which it is recorded, which may be days after its own."""
    random = Random(seed)
    for index, (command_id, command) in enumerate(Chance(seed, customers=14).commands(number)):
        late = timedelta(hours=random.choice(LATENESS) if index > OPENING else 0)
        yield command_id, command.model_copy(update={"at": max(BEGIN, command.at - late)}), command.at


def clear(fact: AnyFact) -> str:
    return fact.model_dump_json(context={"seal": str})


def rows(dsn: str, schema: str, query: LiteralString) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, options=f"-c search_path={schema}") as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("seed", range(6))
def test_what_the_ledger_sees_is_all_that_the_rules_need(
    open_here: OpenLedger, dsn: str, schema: str, seed: int
) -> None:
    random, now = Random(seed), BEGIN

    def clock() -> datetime:
        return now

    ledgers: list[Ledger] = [open_here(clock), open_here(clock)]
    key = ledgers[0].keyring.reserved("fingerprints")
    memory = InMemory(World(BEGIN, lambda kind, value: vault.fingerprint(key, kind, value), complete=True))
    commands = late_at_times(seed, 400)
    while batch := list(islice(commands, random.choice(BATCHES))):
        now = max(now, *(recorded for *_, recorded in batch))
        writer = random.choice(ledgers)
        answers = list(writer.record_many((command_id, command) for command_id, command, _ in batch))
        for (_, command, _), answer in zip(batch, answers, strict=True):
            verdict = memory.told(command, now)
            assert (answer.refusal, len(answer.positions)) == (verdict.refusal, len(verdict.facts)), command
            assert answer.last in (None, len(memory.log))

    stored = rows(dsn, schema, "select record::text from event order by position")
    opened = [clear(read_fact(from_json(text)["fact"], ledgers[0].keyring.unseal)) for (text,) in stored]
    assert opened == [clear(fact) for fact in memory.log]
    counts = {(kind, key): n for kind, key, n in rows(dsn, schema, "select kind, key, n from tally") if n}
    assert counts == memory.counts()
    held = {(kind, key): stream for kind, key, stream in rows(dsn, schema, "select kind, key, stream from held_key")}
    assert held == {key: holder.stream for key, holder in memory.world.held.items() if holder}


@pytest.mark.parametrize("seed", range(6))
def test_with_the_sweeper_always_there_and_never_there_everything_comes_out_the_same(seed: int) -> None:
    always, never = (InMemory(World(BEGIN, fingerprint, complete=True)) for _ in range(2))
    now = BEGIN
    for _, command, recorded in late_at_times(seed, 400):
        now = max(now, recorded)
        always.swept(now)
        swept, unswept = always.told(command, now).refusal, never.told(command, now).refusal
        assert placed_nowhere(swept) == placed_nowhere(unswept), command
    for each in (always, never):
        each.swept(now)

    assert always.counts() == never.counts()
    assert in_order(always.log) == in_order(never.log)


def placed_nowhere(told: Any) -> dict[str, Any] | None:
    """A fact or refusal without the rival's position, which differs when facts come in at another place of the log."""
    return told and {**told.model_dump(context={"seal": str}), "rival_position": None}


def in_order(log: list[AnyFact]) -> list[str]:
    return sorted(repr((fact.stream, fact.at.timestamp(), fact.kind, placed_nowhere(fact))) for fact in log)
