"""A period's statements as rows: what every export writes, in the one order that there is.

A statement is what one payee gets in one currency. Its rows come in the order of `SECTIONS`; the rows of the flows sum to
those of the results: `opening + accrual + adjustment + clawback + hold + release = payable + closing`, to the minor unit.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

from psycopg import sql

from domain.payroll.facts import Totals as Sums
from projections.statements import FLOWS, NOBODY, RESULTS, SCHEMA_VERSION, SECTIONS, Section, StatementRow

__all__ = [
    "FLOWS",
    "NOBODY",
    "RESULTS",
    "SCHEMA_VERSION",
    "SECTIONS",
    "Heading",
    "NoSuchPeriod",
    "Section",
    "SelectStatements",
    "StatementRow",
    "Sums",
]


@dataclass(frozen=True, slots=True)
class Heading:
    """What every export says of its period.

    `digest` is SHA-256 in hex over the rows, whatever the format; `position` is the last of the log that is in it. `state`
    is `preview` for a period that is open: such a file says so, and its digest is pinned nowhere; it is `settled` for one that was
    paid elsewhere. `sums` has a row a currency.
    """

    period: str
    state: Literal["closed", "settled", "preview"]
    position: int
    digest: str
    schema_version: int
    policy: str
    pay_day: date
    sums: tuple[Sums, ...]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.sums)


class NoSuchPeriod(LookupError):
    """The period was never opened."""


class SelectStatements(Protocol):
    """Opens a period's statements: the heading, and a SELECT without parameters of the rows.

    The SELECT gives the columns of `StatementRow` by their names and in their order, `amount` as bigint, times as timestamptz,
    in the canonical order: by currency, payee, and number within the statement. It may be run several times inside the
    context, which is one instant. Raises `NoSuchPeriod`.
    """

    def __call__(
        self, connection: Any, period: str, *, payee: str | None = None
    ) -> AbstractContextManager[tuple[Heading, sql.Composed]]: ...
