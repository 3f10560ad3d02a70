"""Real PostgreSQL for every test that wants one, and real Kafka: our own, or those that LEDGER_TEST_DATABASE_URL and LEDGER_TEST_KAFKA name."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from services.database import embedded
from services.ledger.application import Ledger, open_ledger
from services.ledger.writer import Clock
from services.vault import Vault
from tests.kafka import some_kafka

MASTER_KEY = bytes(range(32))

OpenLedger = Callable[..., Ledger]


@contextmanager
def place_for_a_server() -> Iterator[Path]:
    """A directory for an embedded server. Not one of pytest's, which other runs of pytest shut to the server's user."""
    with TemporaryDirectory(prefix="ledger-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """The address of a PostgreSQL server for the whole session, as a plain role that owns what it makes."""
    given = os.environ.get("LEDGER_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with place_for_a_server() as place, embedded(place) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("create role ledger_tests login")
            connection.execute(
                sql.SQL("grant create on database {} to ledger_tests").format(sql.Identifier("postgres"))
            )
        yield address.replace("//postgres:", "//ledger_tests:", 1)


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap servers of a Kafka for the whole session. Tests keep apart by the names of their topics."""
    with some_kafka() as bootstrap:
        yield bootstrap


@pytest.fixture
def schema(dsn: str) -> Iterator[str]:
    """A schema of the test's own, dropped afterwards."""
    name = f"test_{uuid4().hex[:16]}"
    yield name
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name)))


@pytest.fixture
def open_here(dsn: str, schema: str) -> Iterator[OpenLedger]:
    """Opens the test's ledger, as often as it likes, each time as another process would."""
    with ExitStack() as opened:

        def open_it(clock: Clock | None = None) -> Ledger:
            return opened.enter_context(open_ledger(dsn, schema, Vault(MASTER_KEY), clock))

        yield open_it


@pytest.fixture
def ledger(open_here: OpenLedger) -> Ledger:
    """A fresh ledger in a schema of its own."""
    return open_here()
