"""A ledger with read models beside it, on real PostgreSQL."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from psycopg import Connection

from projections.log import Log
from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.application import Ledger

MakeRunner = Callable[..., Runner]


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
