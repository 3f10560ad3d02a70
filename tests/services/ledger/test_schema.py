"""Migrations: in order, once, under a lock; never a schema that this program does not understand."""

from threading import Thread

import psycopg
import pytest

from services.database import connect
from services.ledger.application import Ledger, open_ledger
from services.ledger.schema import Migration, SchemaUnusable, known_migrations, migrate
from services.master_keys import MasterKeyUnusable
from services.vault import Vault
from tests.samples import opening


def test_a_fresh_schema_gets_every_migration_and_the_next_time_none(dsn: str, schema: str) -> None:
    assert migrate(dsn, schema) == [migration.name for migration in known_migrations()]
    assert migrate(dsn, schema) == []


def test_ledgers_opened_at_the_same_instant_migrate_once(dsn: str, schema: str) -> None:
    applied: list[list[str]] = []
    threads = [Thread(target=lambda: applied.append(migrate(dsn, schema))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(len, applied)) == [0, 0, 0, 0, 0, len(known_migrations())]


def test_a_later_migration_is_added_to_a_ledger_in_use(ledger: Ledger) -> None:
    assert all(answer.accepted for answer in ledger.record_many(opening("Li")))
    later = Migration(9999, "9999_later.sql", "create table later (id integer primary key)")

    assert migrate(ledger.dsn, ledger.schema, [*known_migrations(), later]) == ["9999_later.sql"]
    with pytest.raises(SchemaUnusable, match=r"9999_later\.sql.*newer version"):
        open_ledger(ledger.dsn, ledger.schema, Vault(bytes(32)))


def test_a_migration_whose_file_has_changed_is_refused(ledger: Ledger) -> None:
    first, *others = known_migrations()
    changed = Migration(first.number, first.name, first.text + "-- changed")

    with pytest.raises(SchemaUnusable, match="another text"):
        migrate(ledger.dsn, ledger.schema, [changed, *others])


def test_a_migration_that_fails_leaves_nothing_behind(dsn: str, schema: str) -> None:
    half = Migration(1, "0001_half.sql", "create table whole (id integer primary key); select 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(dsn, schema, [half])
    with connect(dsn, "public") as connection:
        row = connection.execute("select to_regnamespace(%s)", (schema,)).fetchone()
    assert row == (None,)


def test_another_master_key_does_not_open_the_ledger(ledger: Ledger) -> None:
    with pytest.raises(MasterKeyUnusable, match="LEDGER_MASTER_KEY"):
        open_ledger(ledger.dsn, ledger.schema, Vault(bytes(32)))


def test_two_ledgers_of_one_database_know_nothing_of_each_other(ledger: Ledger, dsn: str) -> None:
    other = f"{ledger.schema}_b"
    assert all(answer.accepted for answer in ledger.record_many(opening("Li")))
    with open_ledger(dsn, other, Vault(bytes(32))) as second:
        assert second.head().position == 0
    with connect(dsn, other) as connection:
        connection.execute(f"drop schema {other} cascade")


def test_every_table_has_a_primary_key_and_nothing_stands_against_a_cluster(ledger: Ledger) -> None:
    with connect(ledger.dsn, ledger.schema) as connection:
        tables = connection.execute(
            "select count(*), count(*) filter (where exists (select from pg_index i where i.indrelid = c.oid"
            " and i.indisprimary)) from pg_class c where relkind = 'r' and relnamespace = %s::regnamespace",
            (ledger.schema,),
        ).fetchone()
        others = connection.execute(
            "select relkind from pg_class where relkind not in ('r', 'i', 't') and relnamespace = %s::regnamespace",
            (ledger.schema,),
        ).fetchall()
        triggers = connection.execute(
            "select tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid where not tgisinternal"
            " and relnamespace = %s::regnamespace",
            (ledger.schema,),
        ).fetchall()
    assert tables is not None
    assert tables[0] == tables[1]
    assert (others, triggers) == ([], [])
