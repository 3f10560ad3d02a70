"""Events of the story `payroll`, written from the ledger's own by `python -m consumers.models`."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact, Told


class PeriodOpened(Fact):
    kind: Literal["period-opened.v1"] = "period-opened.v1"
    period: str
    policy: str
    begins: AwareDatetime
    ends: AwareDatetime
    pay_day: date
    by: str


class Totals(Told):
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
    conversion: int = 0


class Unusual(Told):
    kind: str
    count: int
    told: str


class PeriodClosed(Fact):
    kind: Literal["period-closed.v1"] = "period-closed.v1"
    period: str
    position: int
    policy: str
    plans: dict[str, str]
    totals: tuple[Totals, ...]
    digest: str
    exports: dict[str, str] = {}
    unusual: tuple[Unusual, ...] = ()
    ground: str | None = None
    settled: bool = False
    by: str
