"""Folding a read model again beside the one that is shown, comparing the two, and changing over without a reader waiting."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.errors import LockNotAvailable

from projections import registry
from projections.desk import names
from projections.folding import Overtaken, fold
from projections.log import Log
from projections.registry import Generation
from projections.table import Table

PATIENCE_MS: Final = 100
"""How long the change-over waits for readers, and so the longest that a reader can wait for it, before it tries again."""

PAUSE_S: Final = 0.4
"""How long readers have their way between two tries."""

ROUNDS: Final = 20
"""How often a rebuild runs after a log that grows before it has the shown generation wait for it."""


class RebuildDiffers(RuntimeError):
    """What was shown is not what the log says. It is shown still; accept the difference to show what was rebuilt."""

    def __init__(self, projection: str, table: str, position: int) -> None:
        super().__init__(
            f"{projection}: table {table} as shown at position {position} differs from what the log folds to. "
            "The rebuilt tables were dropped; rebuild again and accept the difference to show what the log says."
        )
        self.projection = projection
        self.table = table
        self.position = position


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A generation that is shown now. `digest` covers all its tables at `position`; None where nothing was to compare."""

    name: str
    generation: int
    position: int
    digest: str | None


def nothing() -> None:
    """Do nothing meanwhile."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a rebuild works: one connection holds what is shown still, the other builds beside it."""

    holding: Connection[Any]
    building: Connection[Any]
    log: Log
    batch_size: int
    meanwhile: Callable[[], object] = nothing
    """Called between two batches while nothing is held: what else is to be kept moving."""


def digest(connection: Connection[Any], table: Table[Any], generation: int) -> str:
    """SHA-256 over the rows in the order of their key, streamed."""
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        names(table.columns), table.in_generation(generation), names(table.key)
    )
    found = hashlib.sha256()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            found.update(block)
    return found.hexdigest()


def catch_up(site: Site, built: Generation, until: int) -> None:
    """Fold up to the position into the generation that is being built."""
    while built.position < until:
        one_batch(site, built, until)


def one_batch(site: Site, built: Generation, until: int) -> None:
    batch = site.log.after(built.position, min(site.batch_size, until - built.position))
    fold(site.building, site.log, built, batch)


def finish(site: Site, shown: Generation, built: Generation, *, accept_difference: bool = False) -> Rebuilt:
    """Compare a generation that has caught up with the one shown, and show it instead.

    Raises `RebuildDiffers`, and `Overtaken` when another process was faster.
    """
    same_rules = shown.version == built.version
    for _ in range(ROUNDS):
        until = target(site, shown)
        if until - built.position <= site.batch_size:
            break
        while built.position < until:
            one_batch(site, built, until)
            site.meanwhile()
    for table in built.model.tables:
        site.building.execute(sql.SQL("ANALYZE {}").format(table.in_generation(built.number)))
    try:
        found = compared(site, shown, built, accept_difference=accept_difference) if same_rules else None
    except RebuildDiffers:
        with site.holding.transaction():
            registry.discard(site.holding, built)
        raise
    change_over(site, shown, built)
    return Rebuilt(built.model.name, built.number, built.position, found)


def target(site: Site, shown: Generation) -> int:
    """How far to build: as far as what is shown, or where that is of an older version to the end of the log."""
    if shown.version != shown.model.version:
        head = site.holding.execute("SELECT position FROM ledger_head").fetchone()
        assert head, "a ledger has a head"
        return int(head[0])
    row = site.holding.execute(
        "SELECT position FROM read_model WHERE name = %s AND generation = %s AND live", [shown.model.name, shown.number]
    ).fetchone()
    if row is None:
        raise Overtaken(shown.model.name)
    return int(row[0])


@contextmanager
def held_still(site: Site, shown: Generation) -> Iterator[int]:
    """Keep what is shown from moving, and give how far to build meanwhile."""
    with site.holding.transaction():
        site.holding.execute("UPDATE read_model SET position = position WHERE name = %s AND live", [shown.model.name])
        yield target(site, shown)


def compared(site: Site, shown: Generation, built: Generation, *, accept_difference: bool) -> str:
    """The digest of both at one position. What is shown stands still only until the snapshot is taken."""
    building = site.building
    with held_still(site, shown) as position:
        catch_up(site, built, position)
        building.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        building.execute("SELECT 1 FROM ledger_head")
    try:
        building.execute("SET LOCAL statement_timeout = 0")
        whole = hashlib.sha256()
        for table in built.model.tables:
            found = digest(building, table, built.number)
            if found != digest(building, table, shown.number) and not accept_difference:
                raise RebuildDiffers(built.model.name, table.name, position)
            whole.update(found.encode())
    finally:
        building.execute("ROLLBACK")
    return whole.hexdigest()


def change_over(site: Site, shown: Generation, built: Generation) -> None:
    """Show the built generation, in a transaction that never makes a reader wait for longer than `PATIENCE_MS`."""
    while not changed_over(site, shown, built):
        sleep(PAUSE_S)
        catch_up(site, built, target(site, shown))
    built.live = True
    with site.holding.transaction():
        registry.discard(site.holding, shown)


def changed_over(site: Site, shown: Generation, built: Generation) -> bool:
    try:
        with held_still(site, shown) as position:
            catch_up(site, built, position)
            site.holding.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(f"{PATIENCE_MS}ms")))
            registry.swap(site.holding, shown, built)
    except LockNotAvailable:
        return False
    return True


def is_builder(connection: Connection[Any], name: str) -> bool:
    """Whether this connection is the one that builds the read model, from now until it closes."""
    row = connection.execute(
        "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '/read_model/' || %s, 0)) FROM ledger_head",
        [name],
    ).fetchone()
    return bool(row and row[0])
