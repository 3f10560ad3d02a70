"""A ledger with read models beside it, on real PostgreSQL."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import pytest
from psycopg import Connection

from domain.commands import AnyCommand
from projections.log import Log
from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.application import Ledger
from tests.conftest import OpenLedger
from tests.projections.generated import BEGIN

MakeRunner = Callable[..., Runner]
Play = Callable[[Iterable[tuple[str, AnyCommand]]], int]

TOGETHER = 8
"""How many commands are recorded at one time."""


class Clock:
    """The time of recording, as the commands have it."""

    def __init__(self) -> None:
        self.now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(open_here: OpenLedger, clock: Clock) -> Ledger:
    """A fresh ledger whose clock follows the commands that are played."""
    return open_here(clock)


@pytest.fixture
def play(ledger: Ledger, clock: Clock) -> Play:
    """Records commands, the clock going with them, and gives the head's position."""

    def played(commands: Iterable[tuple[str, AnyCommand]]) -> int:
        source = iter(commands)
        while together := list(islice(source, TOGETHER)):
            clock.now = max(clock.now, *(command.at for _, command in together))
            assert len(list(ledger.record_many(together))) == len(together)
        return ledger.head().position

    return played


@pytest.fixture
def log(ledger: Ledger) -> Log:
    return log_of(ledger.notification_log, ledger.mapper)


@pytest.fixture
def make_runner(ledger: Ledger, log: Log) -> MakeRunner:
    """Makes a runner of the test's ledger, as another process would."""
    return partial(Runner, partial(connect, ledger.dsn, ledger.schema), log, channel=ledger.log_recorder.channel)


@pytest.fixture
def runner(make_runner: MakeRunner) -> Runner:
    return make_runner()


@pytest.fixture
def reading(ledger: Ledger) -> Iterator[Connection[Any]]:
    """A connection of a reader."""
    with connect(ledger.dsn, ledger.schema) as connection:
        yield connection
