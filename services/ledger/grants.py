"""Least privilege: what the role that writes the ledger may do, and a look at what a role could do to the log.

The owner of the tables migrates; the writer records and arranges, and can alter nothing recorded; a reader only reads.
"""

from dataclasses import dataclass
from typing import Any, Final, LiteralString, cast

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict

from services.database import connect

RECORDED: Final = ("event", "receipt")
"""Tables to which rows are only ever added."""

WRITER: Final[dict[str, LiteralString]] = {
    "event": "select, insert",
    "receipt": "select, insert",
    "access_record": "select, insert",
    "migration": "select",
    "ledger_head": "select, update",
    "personal_key": "select, insert, update",
    "held_key": "select, insert, update, delete",
    "tally": "select, insert, update, delete",
    "alarm": "select, insert, update, delete",
    "merkle_tree": "select, update",
    "merkle_tile": "select, insert, update",
    "signed_head": "select, insert",
}
"""What the writer may do with each table of a ledger. Read models are its own, so it may create tables in the schema."""

READER: Final[LiteralString] = "select"
SECRET: Final = frozenset({"personal_key", "receipt", "access_record"})
"""What a reader does not see: keys, commands with what was refused, and who read whose data."""

TABLES: Final = "select relname from pg_class where relkind = 'r' and relnamespace = %s::regnamespace"

OWN: Final = (
    "select relname from pg_class where relkind in ('r', 'v') and relnamespace = %s::regnamespace"
    " and relowner = current_user::regrole order by relname"
)

INSERTED: Final = tuple(table for table, rights in WRITER.items() if rights == "select, insert")

POWERS: Final = """
    select r.rolsuper, pg_has_role(c.relowner, 'usage'), c.relname,
        has_table_privilege(c.oid, 'update'), has_table_privilege(c.oid, 'delete'), has_table_privilege(c.oid, 'truncate')
    from pg_roles r, pg_class c
    where r.rolname = current_user and c.relnamespace = %s::regnamespace and c.relname = any(%s)
    order by c.relname
"""


class RoleTooMighty(RuntimeError):
    """The database role could do more than the ledger needs: it is a superuser. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Powers:
    """What the role of a connection could do to what is only ever added to, in words; nothing is as it should be."""

    role: str
    superuser: bool
    could: tuple[str, ...]

    @property
    def owns(self) -> bool:
        """Whether the tables are its own, so that owner and writer are not parted."""
        return self.superuser or any(each.startswith("own ") for each in self.could)


def grant(owner_dsn: str, schema: str, role: str, *, reads_only: bool = False) -> None:
    """Give a role what a writer needs, or only what a reader needs, and take away whatever else it has of the tables.

    To be run as the owner of the tables. Raises `psycopg.Error` where that is not who asks or there is no such role.
    """
    with connect(owner_dsn, schema) as connection, connection.transaction():
        names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role)}
        may: LiteralString = "usage" if reads_only else "usage, create"
        connection.execute(sql.SQL("revoke all on all tables in schema {schema} from {role}").format(**names))
        connection.execute(sql.SQL("grant {may} on schema {schema} to {role}").format(may=sql.SQL(may), **names))
        for table in tables(connection, schema):
            rights = (None if table in SECRET else READER) if reads_only else WRITER.get(table, "select, insert")
            if rights:
                statement = sql.SQL("grant {rights} on {table} to {role}")
                connection.execute(
                    statement.format(rights=sql.SQL(rights), table=sql.Identifier(schema, table), role=names["role"])
                )


def let_read(writer_dsn: str, schema: str, reader: str) -> None:
    """Let a role read the read models, those too that are yet to be built. To be run as the writer, whose own they are.

    Raises `psycopg.Error` where there is no such role.
    """
    with connect(writer_dsn, schema) as connection, connection.transaction():
        names = {"schema": sql.Identifier(schema), "role": sql.Identifier(reader)}
        later = "alter default privileges in schema {schema} grant select on tables to {role}"
        connection.execute(sql.SQL(later).format(**names))
        for (table,) in cast(list[tuple[str]], connection.execute(OWN, (schema,)).fetchall()):
            if table not in SECRET:
                connection.execute(
                    sql.SQL("grant select on {} to {}").format(sql.Identifier(schema, table), names["role"])
                )


def tables(connection: Connection[Any], schema: str) -> list[str]:
    """The tables of a ledger that its migrations have made: those that belong to the owner."""
    owned = f"{TABLES} and pg_has_role(relowner, 'usage') order by relname"
    return [name for (name,) in connection.execute(owned.encode(), (schema,))]


def role_of(dsn: str) -> str | None:
    """The role that an address names, if it names one."""
    user = conninfo_to_dict(dsn).get("user")
    return str(user) if user else None


def powers(dsn: str, schema: str) -> Powers:
    """What the role of an address could do to what is recorded."""
    with connect(dsn, schema) as connection:
        rows = connection.execute(POWERS, (schema, list(INSERTED))).fetchall()
        role = connection.info.user
    found: list[str] = []
    for superuser, owns, table, *rights in rows:
        if superuser or owns:
            found.append(f"own {table}")
        found.extend(
            f"{right} {table}" for right, may in zip(("update", "delete", "truncate"), rights, strict=True) if may
        )
    return Powers(role, bool(rows and rows[0][0]), tuple(found))


def refuse_superuser(dsn: str) -> None:
    """Raise `RoleTooMighty` if the address leads in as a superuser, who could alter the log without a trace of doing so."""
    with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute("select rolsuper, rolname from pg_roles where rolname = current_user").fetchone()
    if row and row[0]:
        raise RoleTooMighty(
            f"The database role {row[1]} is a superuser, who could alter what is recorded. Name a plain role "
            "in LEDGER_DATABASE_URL and the owner of the tables in LEDGER_OWNER_URL, then run `salesledger migrate`; "
            "or set LEDGER_ALLOW_SUPERUSER=yes if you mean it."
        )
