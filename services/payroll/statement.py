"""A period's statements as rows: what every export writes, in the one order that there is, from one server-side cursor.

A statement is what one payee gets in one currency. Its rows come in the order of `SECTIONS`; the rows of the flows sum to
those of the results: `opening + accrual + adjustment + clawback + hold + release = payable + closing`, to the minor unit.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, Protocol

from psycopg import sql

SCHEMA_VERSION: Final = 1
"""The version of what follows: it rises whenever a column or the meaning of one changes."""

NOBODY: Final = ""
"""The payee of what nobody earned: no role is held, nor any that it falls to. It is held back, never paid."""

Section = Literal["opening", "accrual", "adjustment", "clawback", "hold", "release", "payable", "closing", "owed"]

FLOWS: Final[tuple[Section, ...]] = ("opening", "accrual", "adjustment", "clawback", "hold", "release")
"""What comes in and goes out. Signed: what is taken back, offset or held is negative."""

RESULTS: Final[tuple[Section, ...]] = ("payable", "closing")
"""What is paid, and what carries forward (zero or negative)."""

SECTIONS: Final[tuple[Section, ...]] = (*FLOWS, *RESULTS, "owed")
"""`owed` is beside the sum: what of earlier payments is still to be taken back, positive, once this period has had its part."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One row of a statement; `amount` is signed, in minor units of `currency` (ISO 4217).

    `payee` is `NOBODY` where nobody holds the role. `cause` says why: of an accrual or adjustment that of the commission
    line, or `late` for what happened in a month that was closed already; of a clawback `raised`, `borne` or `offset`; of a
    hold the clause; of closing and owed `receivable` where the payee has left, otherwise empty. `line` is the id of the
    commission line (`position.number`), `position` that of its event. An adjustment names the earlier line that it corrects
    and the period in which that stood. Sums have no deal, and everything that does not apply is None.
    """

    period: str
    number: int
    payee: str
    currency: str
    section: Section
    amount: int
    deal: str | None = None
    customer: str | None = None
    payment: str | None = None
    role: str | None = None
    of: str | None = None
    cause: str | None = None
    line: str | None = None
    position: int | None = None
    occurred_at: datetime | None = None
    recorded_at: datetime | None = None
    corrects_line: str | None = None
    corrects_period: str | None = None
    case: str | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of all statements in one currency, in minor units, by section; `statements` and `rows` are counts."""

    currency: str
    statements: int
    rows: int
    opening: int
    accrual: int
    adjustment: int
    clawback: int
    hold: int
    release: int
    payable: int
    closing: int
    owed: int


@dataclass(frozen=True, slots=True)
class Heading:
    """What every export says of its period.

    `digest` is SHA-256 in hex over the rows, whatever the format; `position` is the last of the log that is in it. `state`
    is `preview` for a period that is open: such a file says so, and its digest is pinned nowhere.
    """

    period: str
    state: Literal["closed", "preview"]
    position: int
    digest: str
    schema_version: int
    policy: str
    pay_day: date
    sums: tuple[Sums, ...]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.sums)


class OpenStatements(Protocol):
    """Opens a period's statements for one pass: the heading, and the rows in canonical order by a server-side cursor.

    Ordered by currency, payee, then number within the statement. Memory is flat however many rows there are. Raises
    `NoSuchPeriod`. The rows must be read inside the context.
    """

    def __call__(
        self, connection: Any, period: str, *, payee: str | None = None
    ) -> AbstractContextManager[tuple[Heading, Iterator[StatementRow]]]: ...


class NoSuchPeriod(LookupError):
    """The period was never opened."""


class SelectStatements(Protocol):
    """The same for exports, which read whole batches by COPY: the heading, and a SELECT without parameters.

    The SELECT gives the columns of `StatementRow` by their names and in their order, `amount` as bigint, times as timestamptz,
    in the canonical order. It is run once or several times inside the context, which must be one instant.
    """

    def __call__(
        self, connection: Any, period: str, *, payee: str | None = None
    ) -> AbstractContextManager[tuple[Heading, sql.Composed]]: ...
