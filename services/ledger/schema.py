"""The ledger's tables, brought up to date by numbered files, in order, each once, under a lock."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import cast

from psycopg import Connection, sql

from services.database import Row, connect
from services.settings import plain_schema


class SchemaUnusable(RuntimeError):
    """The ledger's schema is newer than this program, or was made by files that have changed since."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def known_migrations() -> list[Migration]:
    """The migrations that this program brings along, in order."""
    folder = resources.files("services.ledger") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(int(file.name[:4]), file.name, file.read_text(encoding="utf-8")) for file in files]


def migrate(dsn: str, schema: str, known: Sequence[Migration] | None = None) -> list[str]:
    """Bring the schema up to date and return the names of the migrations applied now.

    Raises `SchemaUnusable` for a schema newer than this program, for a migration whose file has changed, and where the role
    may not migrate.
    """
    known = known_migrations() if known is None else known
    with connect(dsn, schema, timeouts=False) as connection:
        if _is_current(connection, schema, known):
            return []
        if not _may_migrate(connection, schema):
            raise SchemaUnusable(
                f"The ledger's schema {schema} is to be made or brought up to date, and this database role may not. "
                "Name the tables' owner in LEDGER_OWNER_URL and run `salesledger migrate`."
            )
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"migrate {schema}",))
            connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(plain_schema(schema))))
            connection.execute(
                "create table if not exists migration"
                " (number integer primary key, name text not null, digest text not null, applied_at timestamptz not null)"
            )
            missing = _missing(_applied(connection), known)
            for migration in missing:
                connection.execute(sql.SQL(migration.text))
                connection.execute(
                    "insert into migration values (%s, %s, %s, clock_timestamp())",
                    (migration.number, migration.name, migration.digest),
                )
    return [migration.name for migration in missing]


def _is_current(connection: Connection[Row], schema: str, known: Sequence[Migration]) -> bool:
    """Whether nothing is to be done, found out without a lock."""
    table = connection.execute("select to_regclass(%s)", (f"{schema}.migration",)).fetchone()
    if table is None or table[0] is None:
        return False
    return not _missing(_applied(connection), known)


def _may_migrate(connection: Connection[Row], schema: str) -> bool:
    """Whether the role owns the ledger's tables, or may make its schema where there is none."""
    found = connection.execute(
        "select case when to_regnamespace(%s) is null then has_database_privilege(current_database(), 'create')"
        " else coalesce((select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass(%s)),"
        " has_schema_privilege(%s, 'create')) end",
        (schema, f"{schema}.migration", schema),
    ).fetchone()
    return bool(found and found[0])


def _applied(connection: Connection[Row]) -> dict[int, tuple[str, str]]:
    rows = connection.execute("select number, name, digest from migration").fetchall()
    return {cast(int, number): (cast(str, name), cast(str, digest)) for number, name, digest in rows}


def _missing(applied: dict[int, tuple[str, str]], known: Sequence[Migration]) -> list[Migration]:
    by_number = {migration.number: migration for migration in known}
    for number, (name, digest) in sorted(applied.items()):
        ours = by_number.get(number)
        if ours is None:
            raise SchemaUnusable(
                f"The ledger's schema has migration {number} ({name}), which this program does not know. "
                "It was made by a newer version: update the program."
            )
        if ours.digest != digest:
            raise SchemaUnusable(
                f"Migration {number} ({name}) was applied with another text than this program has. "
                "A migration once applied is never changed: install the version that made this ledger, or a newer one."
            )
    return [migration for migration in known if migration.number not in applied]
