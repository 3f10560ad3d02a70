"""Which master key wraps the data keys of a ledger, whether they open, and how they come under another one.

The master key that wraps the ledger's own first key is in force: whoever writes keys wraps them with it, and is refused with
another. So once another is in force, keys under the former one only become fewer, and whoever is killed goes on from there.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from psycopg import Connection, sql

from services.ledger.statements import KEY_IN_FORCE, LOCK, OWN_KEY, array, plain_array
from services.master_keys import MasterKeyUnusable
from services.vault import Vault, Wrapped

PAGE: Final = 500
"""Keys that are wrapped anew in one transaction, and read at a time."""

LEDGERS: Final = (
    "select n.nspname, exists (select from pg_attribute where attrelid = c.oid and attname = 'master')"
    " from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'personal_key' and c.relkind = 'r'"
    " and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'update') order by n.nspname"
)

COUNT: Final = "select master, count(wrapped), count(*) - count(wrapped) from personal_key group by master"

FORMER: Final = (
    "select subject, wrapped, master from personal_key where wrapped is not null and master is distinct from %s"
    " and subject > %s order by subject limit %s for update skip locked"
)

REWRAP: Final = (
    "update personal_key p set wrapped = decode(u.wrapped, 'hex'), master = u.master"
    " from unnest(%s::text[], %s::text[], %s::text[]) u(subject, wrapped, master) where p.subject = u.subject"
)

KEYS: Final = "select subject, wrapped, master from personal_key order by subject"

ERASED: Final = (
    "select position, record->'fact'->>'whose' from event where kind = 'subject-erased.v1' order by position"
)


@dataclass(frozen=True, slots=True)
class Wrappings:
    """How many keys each master key wraps, by name; None stands for those of which that was never written down."""

    in_force: str | None
    keys: dict[str | None, int]
    destroyed: int

    def missing(self, known: tuple[str, ...]) -> dict[str, int]:
        """The master keys that are not among those known, each with the number of keys that it alone opens."""
        return {name: count for name, count in self.keys.items() if name and name not in known}

    def to_rewrap(self, master: str) -> int:
        """The number of keys that another master key than this wraps."""
        return sum(count for name, count in self.keys.items() if name != master)


def ledgers(connection: Connection[Any]) -> dict[str, bool]:
    """The schemas of the ledgers of this database whose keys the role may wrap anew, and whether they name master keys yet."""
    return dict(connection.execute(LEDGERS).fetchall())


def is_opened_by(connection: Connection[Any], schema: str, safe: Vault) -> bool:
    """Whether a ledger's own first key opens with one of the vault's, so that the ledger is one of ours."""
    look_into(connection, schema)
    row = connection.execute(KEY_IN_FORCE).fetchone()
    return bool(row and row[0]) and opens(safe, OWN_KEY, Wrapped(*cast(tuple[bytes, str | None], row)))


def wrappings(connection: Connection[Any], schema: str) -> Wrappings:
    """How the data keys of a ledger are wrapped now."""
    look_into(connection, schema)
    own = connection.execute(KEY_IN_FORCE).fetchone()
    counted = cast(list[tuple[str | None, int, int]], connection.execute(COUNT).fetchall())
    return Wrappings(
        own[1] if own else None,
        {master: wrapped for master, wrapped, _ in counted if wrapped},
        sum(destroyed for *_, destroyed in counted),
    )


def put_in_force(connection: Connection[Any], schema: str, safe: Vault) -> int:
    """Have every writer of a ledger wrap with the vault's key from here on: wrap the ledger's own first key with it.

    Under the lock of the head, so that no batch is under way that has wrapped with the former one. Gives how many keys
    that took, one or none. Raises `MasterKeyUnusable`.
    """
    look_into(connection, schema)
    with connection.transaction():
        connection.execute(LOCK)
        row = connection.execute(KEY_IN_FORCE).fetchone()
        former = [(OWN_KEY, *row)] if row and row[0] and row[1] != safe.in_force else []
        rewrapped(connection, safe, former)
    return len(former)


def rewrap(connection: Connection[Any], schema: str, safe: Vault) -> Iterator[int]:
    """Wrap with the vault's key whatever another one wraps; gives how many keys each transaction took.

    Nobody is waited for: a key that somebody is at, such as one that is being destroyed, comes at the next round.
    Raises `MasterKeyUnusable` for a key that none of the vault's opens.
    """
    look_into(connection, schema)
    while wrappings(connection, schema).to_rewrap(safe.in_force):
        after = ""
        while True:
            with connection.transaction():
                page = connection.execute(FORMER, (safe.in_force, after, PAGE)).fetchall()
                rewrapped(connection, safe, page)
            if not page:
                break
            after = page[-1][0]
            yield len(page)


def rewrapped(connection: Connection[Any], safe: Vault, rows: list[tuple[Any, ...]]) -> None:
    """Wrap the keys of these rows, `(subject, wrapped, master)`, with the vault's."""
    if not rows:
        return
    made = {subject: safe.wrap(subject, safe.unwrap(subject, Wrapped(data, master))) for subject, data, master in rows}
    connection.execute(
        REWRAP,
        (
            array(made),
            plain_array(each.data.hex() for each in made.values()),
            plain_array(str(each.master) for each in made.values()),
        ),
    )


def check_keys(connection: Connection[Any], schema: str, safe: Vault) -> tuple[int, str | None]:
    """Whether every key opens that was not destroyed, and exactly those of erased subjects were.

    Gives how many keys there are, and the first difference in words. Reads one snapshot, a page at a time.
    """
    look_into(connection, schema)
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        erased = {whose: position for position, whose in connection.execute(ERASED)}
        destroyed, count = set[str](), 0
        unopened = Counter[str]()
        with connection.cursor("keys") as cursor:
            cursor.itersize = PAGE
            for subject, data, master in cursor.execute(KEYS):
                count += 1
                if data is None:
                    destroyed.add(subject)
                elif subject in erased:
                    return (
                        count,
                        f"the key of {subject} is there, although event {erased[subject]} says that it was erased",
                    )
                elif not opens(safe, subject, Wrapped(data, master)):
                    unopened[master or "that was never named"] += 1
    if unopened:
        name, number = unopened.most_common(1)[0]
        return count, f"{number} data keys do not open: they want the master key {name}"
    if lost := sorted(destroyed - set(erased)):
        return count, f"the key of {lost[0]} was destroyed, and no event says so"
    return count, None


def opens(safe: Vault, subject: str, wrapped: Wrapped) -> bool:
    try:
        safe.unwrap(subject, wrapped)
    except MasterKeyUnusable:
        return False
    return True


def look_into(connection: Connection[Any], schema: str) -> None:
    """Have the connection read and write this ledger."""
    path = sql.Identifier(schema).as_string(connection)
    connection.execute("select set_config('search_path', %s, false)", (path,))
