"""Closing a month in one go: arranged once, written down while its files are digested, and folded with the fact that closes it.

The read model of the lines is held where it stands from the look to the fold, so that what was seen is what is kept. Whoever
dies on the way leaves it untouched: then the fact was not recorded, or whoever folds it arranges the same again.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, sql

from projections import registry
from projections.closing import Arranged, in_generation, keep
from projections.folding import fold
from projections.lines import LINE, Lines
from projections.log import Log
from projections.registry import Generation
from services.payroll.looking import Looked
from services.payroll.statements import hold_views

BATCH: Final = 1_000


@dataclass(slots=True)
class Held:
    """The read model of the lines, held inside a transaction, and the statements that were written into it."""

    connection: Connection[Any]
    lines: Generation
    kept: Arranged | None = None

    @contextmanager
    def keeping(self, looked: Looked, arranged: Arranged, *, over: bool) -> Iterator[None]:
        """Write the statements down while something else is done; they are written when the context ends well.

        Nothing is written where something unusual forbids the closing, unless it is closed `over` that.
        """
        if looked.unusual and not over:
            yield
            return
        shelves = in_generation(LINE, self.lines.number)
        with ThreadPoolExecutor(1) as beside:
            written = beside.submit(keep, self.connection, shelves, arranged.cut)
            yield
            written.result()
        self.kept = arranged

    def go_on(self, log: Log, until: int) -> None:
        """Fold up to the closing, of which the statements are written, and let the read model go.

        Raises `ProjectionStopped` where a fact cannot be applied.
        """
        assert isinstance(self.lines.model, Lines), "the lines are held"
        self.lines.model.kept = self.kept
        while self.lines.position < until:
            batch = log.after(self.lines.position, min(BATCH, until - self.lines.position))
            fold(self.connection, log, self.lines, batch)
        self.connection.commit()


@contextmanager
def held(connection: Connection[Any], patience_s: float) -> Iterator[Held]:
    """Hold the read model of the lines where it stands, until it went on or the context ends.

    Raises `psycopg.errors.LockNotAvailable` when another has it for longer than the patience.
    """
    connection.execute("BEGIN")
    try:
        patience = sql.Literal(f"{round(patience_s * 1000)}ms")
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(patience))
        connection.execute("SET LOCAL synchronous_commit = off")
        hold_views(connection)
        connection.execute("UPDATE read_model SET position = position WHERE name = %s AND live", [Lines.name])
        yield Held(connection, registry.generations(connection, Lines)[0])
    finally:
        if not connection.closed:
            connection.rollback()
