"""Ledgers to look back on: a shipped story told, or commands drawn by chance, each in a schema that is dropped afterwards."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from domain.commands import AnyCommand
from projections.deals import Deals
from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.application import Ledger
from services.replay.concerned import deals_of
from services.replay.replaying import Moment, Replay, replay
from services.replay.whatif import Question, WhatIf, what_if
from services.scenarios.reading import read_scenario
from services.scenarios.running import Telling
from services.scenarios.stage import StoryClock, throw_away_ledger
from tests.projections.generated import BEGIN, Chance


@dataclass(frozen=True)
class LookingBack:
    """A ledger with its read model of deals brought up."""

    ledger: Ledger

    def replayed(self, stream: str, *moments: Moment) -> list[Replay]:
        with closing(connect(self.ledger.dsn, self.ledger.schema)) as connection:
            return replay(connection, [stream], deals_of(connection), moments or (Moment(),))

    def supposing(self, stream: str, question: Question) -> WhatIf:
        with closing(connect(self.ledger.dsn, self.ledger.schema)) as connection:
            return what_if(self.ledger, connection, [stream], deals_of(connection), question)

    def position(self, kind: str, number: int = 0) -> int:
        """Where a fact of that kind stands in the log, the first one or a later one."""
        found = [each.position for each in self.ledger.read_all(limit=10_000) if each.fact.kind == kind]
        return found[number]

    def arrange(self) -> None:
        ledger = self.ledger
        log = log_of(ledger.notification_log, ledger.mapper)
        Runner(
            lambda: connect(ledger.dsn, ledger.schema), log, channel=ledger.log_recorder.channel, models=(Deals,)
        ).catch_up()

    def digests(self) -> dict[str, str]:
        """A digest of every table of the ledger."""
        with closing(connect(self.ledger.dsn, self.ledger.schema)) as connection:
            tables = connection.execute(
                "select table_name from information_schema.tables where table_schema = %s", (self.ledger.schema,)
            ).fetchall()
            found = {}
            for (table,) in tables:
                query = f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t"
                row = connection.execute(query.encode()).fetchone()
                found[str(table)] = str(row[0]) if row else ""
            return found

    def altered(self, statement: str) -> None:
        """Do what nobody may: change rows behind the ledger's back."""
        assert self.run(statement) > 0, "nothing was altered"

    def run(self, statement: str) -> int:
        """Run a statement on the ledger's tables; gives how many rows it touched."""
        with closing(connect(self.ledger.dsn, self.ledger.schema)) as connection:
            return connection.execute(statement.encode()).rowcount


@contextmanager
def story(dsn: str, name: str) -> Iterator[LookingBack]:
    """A shipped scenario, told to its end."""
    scenario = read_scenario(name).scenario
    assert scenario is not None, name
    clock = StoryClock()
    with throw_away_ledger(dsn, clock) as ledger:
        telling = Telling(scenario, ledger, clock, "on-time")
        for act in scenario.acts:
            telling.tell(act)
        telling.end()
        looking = LookingBack(ledger)
        looking.arrange()
        yield looking


@contextmanager
def by_chance(dsn: str, seed: int, number: int, customers: int = 12) -> Iterator[tuple[LookingBack, int]]:
    """Commands of every kind, recorded in batches of any size by a clock that stands still in between; and how many."""
    random, clock = Random(seed), StoryClock()
    clock.move_to(BEGIN)
    with throw_away_ledger(dsn, clock) as ledger:
        waiting: list[tuple[str, AnyCommand]] = []
        asked = 0
        for command_id, command in Chance(seed, customers=customers).commands(number):
            lag = timedelta(hours=random.choice((0, 0, 0, 5, 100)))
            waiting.append((command_id, command.model_copy(update={"at": max(BEGIN, command.at - lag)})))
            asked += 1
            if random.random() < 0.2:
                clock.move_to(command.at)
                list(ledger.record_many(waiting))
                waiting = []
        clock.move_to(clock.now + timedelta(days=1))
        list(ledger.record_many(waiting))
        looking = LookingBack(ledger)
        looking.arrange()
        yield looking, asked
