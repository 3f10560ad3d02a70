"""The periods: which month is open, and what each closing pinned. Few, and kept whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.fact import Id, OfPayroll, Text
from domain.money import Currency
from domain.months import Month
from domain.rate.facts import RatePublished
from domain.returned.facts import ReturnReconciled


class PeriodOpened(OfPayroll):
    """The month [`begins`, `ends`) in the policy's time zone is being gathered, to be paid on `pay_day`."""

    kind: Literal["period-opened.v1"] = "period-opened.v1"
    period: Month
    policy: Id
    begins: AwareDatetime
    ends: AwareDatetime
    pay_day: date
    by: Id


class Totals(BaseModel):
    """The sums of all statements in a currency, in minor units and signed as on the statements; two counts.

    `clawback` is what the company bears, `owed` how the debts to it moved, `conversion` what was paid in another currency
    (negative) or came from one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: Currency
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
    conversion: int = 0


class Unusual(BaseModel):
    """Something that a person should have looked at before the closing: its kind, how many there are, and in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Id
    count: int
    told: Text


class PeriodClosed(OfPayroll):
    """The statements of a month are what the log said up to `position`, less all that earlier closings had said.

    `plans` are the content hashes of the policies by which its lines were reckoned; `digest` is SHA-256 over the rows of all
    statements, and `exports` those of the files, by format. Of a `settled` month nothing is paid from here: it was paid before,
    by whatever did so then, and counts as paid.
    """

    kind: Literal["period-closed.v1"] = "period-closed.v1"
    period: Month
    position: int
    policy: Id
    plans: dict[Id, str]
    totals: tuple[Totals, ...]
    digest: str
    exports: dict[Id, str] = Field(default_factory=dict)
    unusual: tuple[Unusual, ...] = ()
    ground: Text | None = None
    settled: bool = False
    by: Id


PayrollFact = PeriodOpened | PeriodClosed | RatePublished | ReturnReconciled


@dataclass(frozen=True, slots=True)
class Period:
    """A month; `closing` once it is closed, recorded at `closed_position`."""

    opening: PeriodOpened
    closing: PeriodClosed | None = None
    closed_position: int = 0

    @property
    def period(self) -> str:
        return self.opening.period


@dataclass(frozen=True, slots=True)
class Payroll:
    """Every period ever opened, in order. At most the last is open.

    `rates` are those that count, by period and currency; `reconciled` are the return files, by period and digest.
    """

    periods: dict[str, Period] = field(default_factory=dict)
    rates: dict[tuple[str, str], RatePublished] = field(default_factory=dict)
    reconciled: frozenset[tuple[str, str]] = frozenset()

    @property
    def last(self) -> Period | None:
        return next(reversed(self.periods.values()), None)

    @property
    def open(self) -> Period | None:
        return self.last if self.last and self.last.closing is None else None

    def closed(self) -> Iterator[PeriodClosed]:
        """The closings, in order."""
        return (period.closing for period in self.periods.values() if period.closing)

    def closed_until(self) -> int:
        """The position up to which closed periods reach; 0 before the first closing."""
        return max((closing.position for closing in self.closed()), default=0)

    def paying(self, position: int) -> PeriodClosed | None:
        """The closing whose statements show what was recorded at a position; None while none does."""
        return next((closing for closing in self.closed() if position <= closing.position), None)

    def closed_month_of(self, at: datetime) -> str | None:
        """The closed month in which an instant lies."""
        found = (p for p in self.periods.values() if p.closing and p.opening.begins <= at < p.opening.ends)
        return next((each.period for each in found), None)


def evolve(payroll: Payroll, fact: PayrollFact, position: int = 0) -> Payroll:
    match fact:
        case PeriodOpened():
            return replace(payroll, periods={**payroll.periods, fact.period: Period(fact)})
        case PeriodClosed():
            closed = replace(payroll.periods[fact.period], closing=fact, closed_position=position)
            return replace(payroll, periods={**payroll.periods, fact.period: closed})
        case RatePublished():
            return replace(payroll, rates={**payroll.rates, (fact.period, fact.currency): fact})
        case ReturnReconciled():
            return replace(payroll, reconciled=payroll.reconciled | {(fact.period, fact.file)})
    assert_never(fact)
