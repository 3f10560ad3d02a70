"""An open month looked at as it would be closed: what it comes to, what of it is unusual, and the digests of its files."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal

import pyarrow as pa
from psycopg import Connection

from domain.payroll.facts import Payroll, Totals, Unusual
from domain.policy.facts import PolicyPublished
from projections.closing import Also, Arranged
from services.payroll.check import unusual
from services.payroll.exports.aside import RowsAside
from services.payroll.exports.batches import batches
from services.payroll.exports.digests import export_digests
from services.payroll.statements import Opened, preview

Telling = Callable[[str, int, int | None], None]
"""Told what is being done, and rows done of how many; None: that is not known yet."""

ARRANGING, HASHING = "Arranging the statements", "Taking the digests of the files"


def nobody_asked(_what: str, _done: int, _of: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Looked:
    """An open month as it would be closed: what it comes to, what of it is unusual, and everything that a closing pins."""

    period: str
    position: int
    plans: dict[str, str]
    totals: tuple[Totals, ...]
    digest: str
    exports: dict[str, str]
    unusual: tuple[Unusual, ...]

    def pinned(self) -> dict[str, Any]:
        """The fields that the command to close it has of it."""
        names = ("position", "plans", "totals", "digest", "exports", "unusual")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Look:
    """What a month is looked at with: all periods, all policies, and the time of now."""

    payroll: Payroll
    policies: Mapping[str, PolicyPublished]
    now: datetime
    settled: bool = False
    telling: Telling = nobody_asked

    def at(
        self,
        connection: Connection[Any],
        period: str,
        *,
        exports: bool = True,
        beside: Callable[[Looked, Arranged], AbstractContextManager[object]] = lambda _looked, _arranged: nullcontext(),
    ) -> Looked:
        """Arrange a month inside a transaction. The digests of its files are taken inside the context of `beside`.

        Raises `NoSuchPeriod`.
        """
        with RowsAside() as aside:
            self.telling(ARRANGING, 0, None)
            laid = (self.laid(aside), aside.counted) if exports else ()
            found = preview(connection, period, *laid, settled=self.settled)
            looked = self.seen(found)
            assert found.arranged, "a preview is arranged"
            with beside(looked, found.arranged):
                return self.with_files(looked, found, aside.batches()) if exports else looked

    def of(self, found: Opened) -> Looked:
        """An open month that was opened for reading."""
        return self.with_files(self.seen(found), found, batches(found.connection, found.select()))

    def with_files(self, looked: Looked, found: Opened, rows: Iterable[pa.RecordBatch]) -> Looked:
        state: Literal["settled", "closed"] = "settled" if self.settled else "closed"
        heading = replace(found.heading, state=state)
        return replace(looked, exports=export_digests(heading, rows, partial(self.telling, HASHING)))

    def laid(self, aside: RowsAside) -> Also:
        def lay(block: bytes) -> None:
            aside.add(block)
            self.telling(ARRANGING, aside.rows, None)

        return lay

    def seen(self, found: Opened) -> Looked:
        heading, month = found.heading, self.payroll.periods[found.heading.period]
        terms = self.policies[month.opening.policy].version.payroll
        assert terms, "a period is opened by a policy with payroll terms"
        assert found.counted, "a preview is counted"
        plans = sorted({heading.policy, *found.counted.policies})
        return Looked(
            period=heading.period,
            position=heading.position,
            plans={name: self.policies[name].content_hash for name in plans},
            totals=heading.sums,
            digest=heading.digest,
            exports={},
            unusual=unusual(found, month, self.payroll, terms, self.now),
        )
