"""The ledger and its read models, put together from the settings of this process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from psycopg import Connection

from domain.fact import ORGANISATION
from domain.organisation.facts import RepJoined
from domain.policy.facts import PolicyBook, PolicyPublished
from domain.record import Recorded
from projections.log import Log
from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.application import Ledger, open_ledger
from services.ledger.writer import Clock
from services.payroll.run import PayrollRun
from services.settings import Settings


@dataclass(frozen=True)
class Books:
    """An open ledger with what reads it. `runner` is for one thread; make another with `new_runner`."""

    settings: Settings
    ledger: Ledger

    @cached_property
    def log(self) -> Log:
        """The log as the read models see it: personal values stay sealed."""
        return log_of(self.ledger.notification_log, self.ledger.mapper)

    @cached_property
    def runner(self) -> Runner:
        return self.new_runner()

    def new_runner(self) -> Runner:
        return Runner(self.connection, self.log, channel=self.ledger.log_recorder.channel)

    def connection(self) -> Connection[Any]:
        """A connection whose search path is the ledger's schema; the caller closes it."""
        return connect(self.ledger.dsn, self.ledger.schema)

    def payroll(self) -> PayrollRun:
        """What opens and closes months. Not for threads: it reads with the runner of these books."""
        return PayrollRun(
            self.ledger, self.runner, lambda: connect(self.ledger.dsn, self.ledger.schema, timeouts=False)
        )

    def reps(self) -> frozenset[str]:
        """Everyone who ever belonged to the organisation."""
        facts = (each.fact for each in self.ledger.read(ORGANISATION))
        return frozenset(fact.rep for fact in facts if isinstance(fact, RepJoined))

    def policies(self) -> PolicyBook:
        """Every policy published so far."""
        facts = (each.fact for each in self.ledger.read("policies"))
        return PolicyBook({fact.policy: fact.version for fact in facts if isinstance(fact, PolicyPublished)})

    def was_asked(self, command_id: str) -> bool:
        """Whether a command of this id was ever judged."""
        with self.connection() as connection:
            return (
                connection.execute("SELECT 1 FROM receipt WHERE command_id = %s", [command_id]).fetchone() is not None
            )

    def fact_at(self, position: int) -> Recorded | None:
        """The fact at a position of the log, personal values sealed; None beyond its end."""
        found = self.ledger.read_all(after=position - 1, limit=1)
        return found[0] if found else None


@contextmanager
def open_books(env: Mapping[str, str], clock: Clock | None = None) -> Iterator[Books]:
    """Open the ledger of the settings in `env`; `clock` gives the time of recording instead of the database's.

    Raises `SettingInvalid`, `MasterKeyUnusable`, `SchemaUnusable` or `psycopg.OperationalError`, each saying what to do.
    """
    settings = Settings.from_environment(env)
    with open_ledger(settings, clock=clock) as ledger:
        yield Books(settings, ledger)
