"""Least privilege: whoever records can alter nothing that is recorded, and whoever reads sees no keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.application import Ledger, open_ledger
from services.ledger.grants import RECORDED, WRITER, RoleTooMighty, grant, let_read, powers, refuse_superuser, tables
from services.ledger.schema import SchemaUnusable, migrate
from services.replay.reexecution import reexecute
from services.vault import Vault
from tests.conftest import MASTER_KEY, OpenLedger
from tests.samples import claim, opening, register
from tests.services.evidence.on_record import sealer_of
from tests.services.ledger.ownership import as_superuser


@contextmanager
def a_role(dsn: str, name: str) -> Iterator[str]:
    """The address of a database role that may nothing yet, gone afterwards."""
    name = f"{name}_{uuid4().hex[:8]}"
    with psycopg.connect(as_superuser(dsn), autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
        yield make_conninfo(dsn, user=name)
        connection.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(name)))
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@pytest.fixture
def clerk(dsn: str) -> Iterator[str]:
    """The address of a role that is to write."""
    with a_role(dsn, "clerk") as address:
        yield address


@pytest.fixture
def onlooker(dsn: str) -> Iterator[str]:
    """The address of a role that is to read."""
    with a_role(dsn, "onlooker") as address:
        yield address


def role(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["user"])


@pytest.fixture
def writing(dsn: str, schema: str, clerk: str) -> Iterator[Ledger]:
    """A ledger of the owner's, opened by a role that was granted a writer's rights."""
    migrate(dsn, schema)
    grant(dsn, schema, role(clerk))
    with open_ledger(clerk, schema, Vault(MASTER_KEY)) as ledger:
        yield ledger


def test_the_writer_records_everything_that_a_ledger_records(writing: Ledger) -> None:
    commands = [*opening("Li"), ("r1", register("C-1")), ("c1", claim("C-1")), ("c2", claim("C-1"))]

    answers = list(writing.record_many(commands))

    assert [bool(answer.refusal) for answer in answers[-2:]] == [False, True]
    assert writing.refold().difference is None


def test_the_writer_decides_again_what_was_decided(writing: Ledger) -> None:
    assert all(answer.accepted for answer in writing.record_many([*opening("Li"), ("r1", register("C-1"))]))

    found = reexecute(writing)

    assert (found.divergence, found.erased) == (None, 0)
    assert found.equal > 1


def test_the_writer_seals_the_log(writing: Ledger, tmp_path: Path) -> None:
    assert all(answer.accepted for answer in writing.record_many(opening("Li")))

    head = sealer_of(writing, tmp_path).seal()

    assert head
    assert head.size == writing.head().position


@pytest.mark.parametrize("table", RECORDED)
@pytest.mark.parametrize("act", ["update {} set recorded_at = now()", "delete from {}", "truncate {}", "drop table {}"])
def test_the_writer_can_alter_nothing_that_is_recorded(writing: Ledger, table: str, act: str) -> None:
    with connect(writing.dsn, writing.schema) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(act.format(table))


def test_what_a_role_could_do_to_the_log_is_told(dsn: str, writing: Ledger) -> None:
    assert powers(writing.dsn, writing.schema).could == ()
    owner = powers(dsn, writing.schema)
    assert (owner.superuser, "delete event" in owner.could, "own receipt" in owner.could) == (False, True, True)
    assert powers(as_superuser(dsn), writing.schema).superuser


def test_a_reader_reads_the_log_and_sees_neither_keys_nor_receipts(dsn: str, schema: str, clerk: str) -> None:
    migrate(dsn, schema)
    grant(dsn, schema, role(clerk), reads_only=True)

    with connect(clerk, schema) as connection:
        assert connection.execute("select count(*) from event").fetchone() == (0,)
        for refused in (
            "select * from personal_key",
            "select * from receipt",
            "update ledger_head set position = 1",
            "create table own (n integer)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)


def test_a_reader_reads_every_read_model_those_too_that_are_built_later(
    dsn: str, clerk: str, onlooker: str, writing: Ledger
) -> None:
    grant(dsn, writing.schema, role(onlooker), reads_only=True)
    let_read(clerk, writing.schema, role(onlooker))
    assert all(answer.accepted for answer in writing.record_many([*opening("Li"), ("r1", register("C-1"))]))

    log = log_of(writing.notification_log, writing.mapper)
    Runner(lambda: connect(clerk, writing.schema), log, channel=writing.log_recorder.channel).catch_up()

    with connect(onlooker, writing.schema) as connection:
        assert connection.execute("select customer from pool_board").fetchall() == [("C-1",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from pool_board")


def test_what_a_role_could_do_beyond_its_part_is_told_of_whatever_is_only_added_to(
    dsn: str, writing: Ledger, clerk: str
) -> None:
    with connect(dsn, writing.schema) as connection:
        connection.execute(sql.SQL("grant update on access_record to {}").format(sql.Identifier(role(clerk))))

    found = powers(clerk, writing.schema)

    assert (found.could, found.owns) == (("update access_record",), False)
    assert powers(dsn, writing.schema).owns


def test_granting_again_takes_away_what_was_too_much(dsn: str, schema: str, clerk: str) -> None:
    migrate(dsn, schema)
    with connect(dsn, schema) as connection:
        connection.execute(sql.SQL("grant all on event to {}").format(sql.Identifier(role(clerk))))
    grant(dsn, schema, role(clerk))

    assert powers(clerk, schema).could == ()


def test_whoever_may_not_migrate_is_told_who_should(dsn: str, schema: str, clerk: str) -> None:
    with pytest.raises(SchemaUnusable, match="LEDGER_OWNER_URL"):
        migrate(clerk, schema)


def test_a_superuser_is_refused_and_told_what_to_do(dsn: str) -> None:
    refuse_superuser(dsn)
    with pytest.raises(RoleTooMighty, match="LEDGER_ALLOW_SUPERUSER"):
        refuse_superuser(as_superuser(dsn))


def test_every_table_of_a_ledger_says_what_its_writer_may(open_here: OpenLedger) -> None:
    ledger = open_here()
    with connect(ledger.dsn, ledger.schema) as connection:
        found = tables(connection, ledger.schema)

    assert set(found) == set(WRITER)
    assert {WRITER[table] for table in RECORDED} == {"select, insert"}
