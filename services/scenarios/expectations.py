"""What a story expects to be so: of owners, roles, money, cases, statements, of replays and of what might have been."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.case.course import Status
from domain.case.ruling import Finding
from domain.fact import Id
from domain.money import Currency
from domain.months import Month
from domain.refusals import Code
from services.scenarios.moments import Moment

NOBODY: Final = "nobody"
"""How a story writes that no one owns, holds or is paid."""


class Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class OwnerExpected(Written):
    """Who owns a customer at a time, and until when; `deadline: none` is a holding without end."""

    customer: Id
    at: Moment | None = None
    owner: Id
    deadline: Literal["none"] | Moment | None = None
    tier: Literal["ordinary", "close", "won"] | None = None


class IntervalExpected(Written):
    """A time of one owner: [`from`, `until`), `ended` naming the kind of fact that ended it."""

    owner: Id
    since: Moment = Field(alias="from")
    until: Moment | None = None
    ended: Id | None = None


class OwnershipExpected(Written):
    customer: Id
    intervals: tuple[IntervalExpected, ...]


class HistoryExpected(Written):
    """Every fact of a history, by kind, in order."""

    history: str
    facts: tuple[Id, ...]


class RolesExpected(Written):
    """Who holds each role named at a time: one rep, `nobody`, or each rep's basis points."""

    deal: Id
    at: Moment | None = None
    holders: dict[Id, Id | dict[Id, int]]


class ReceiptExpected(Written):
    """A payment's commission lines: each role's payees and amounts; `falls_to` names whose holder was paid instead."""

    deal: Id
    payment: Id
    pool: int
    fee: int | None = None
    lines: dict[Id, dict[Id, int]]
    falls_to: dict[Id, Id] = {}


class BookedExpected(Written):
    """What each payee gained or lost by one event, named by the id of the payment or refund, or by its position's kind."""

    deal: Id
    because: Id
    amounts: dict[Id, int]


class QuotaExpected(Written):
    """What a rep may still take at a time."""

    rep: Id
    at: Moment | None = None
    held: int | None = None
    close: int | None = None
    claims: int | None = None


class MilestoneExpected(Written):
    deal: Id
    milestone: Id
    amount: int
    at: Moment | None = None
    told: Literal["nothing", "due", "overdue"] | None = None


class CaseExpected(Written):
    """How a case stands at a time: its status, what was ruled and how, and what that comes to.

    `carried` and `dissent` count votes. `predicted` and `amounts` give each payee's minor units without and with the
    ruling, as it was issued and as it was executed; payees for whom it changes nothing may be left out.
    """

    case: Id
    at: Moment | None = None
    status: Status | None = None
    finding: Finding | None = None
    cause: Literal["majority", "no-majority"] | None = None
    hearing: int | None = None
    carried: int | None = None
    dissent: int | None = None
    final: Moment | None = None
    predicted: dict[Id, tuple[int, int]] | None = None
    amounts: dict[Id, tuple[int, int]] | None = None


class ReplayExpected(Written):
    """How things stand when a deal, a customer or a case is replayed, by the words of the replay; `facts` are all its kinds."""

    deal: Id | None = None
    customer: Id | None = None
    case: Id | None = None
    known_at: Moment | None = None
    true_at: Moment | None = None
    stands: dict[str, str | int | Moment | None] = {}
    facts: tuple[Id, ...] | None = None


class WhatIfExpected(Written):
    """What would have come of it. An event is named by its kind, or `kind#2` where it is the second of that kind.

    `payees` are what each would earn in all, `refused` the codes of what was accepted and would be refused, `accepted` how
    many were refused and would be accepted, `gone` the kinds that would not have happened; `impossible` is the code where
    it cannot be supposed. `insert` are commands, written as steps are.
    """

    deal: Id | None = None
    customer: Id | None = None
    case: Id | None = None
    omit: tuple[str, ...] = ()
    redate: dict[str, Moment] = {}
    insert: tuple[dict[str, Any], ...] = ()
    payees: dict[Id, int] | None = None
    refused: tuple[Code, ...] | None = None
    accepted: int | None = None
    gone: tuple[Id, ...] | None = None
    impossible: str | None = None


class StatementExpected(Written):
    """A payee's statement of a month in one currency; what is left out is not compared. A month that is open is previewed.

    Signed as on the statement. `corrects` are the months whose lines its adjustments name, `cases` those that hold or let go.
    """

    period: Month
    payee: Id
    currency: Currency = "CNY"
    opening: int | None = None
    accrual: int | None = None
    adjustment: int | None = None
    raised: int | None = None
    borne: int | None = None
    offset: int | None = None
    hold: int | None = None
    release: int | None = None
    conversion: int | None = None
    payable: int | None = None
    closing: int | None = None
    receivable: int | None = None
    corrects: tuple[Month, ...] | None = None
    causes: tuple[Id, ...] | None = None
    cases: tuple[Id, ...] | None = None


class Expectations(Written):
    """What must have come of the story so far. `refusals` are the codes of all commands refused, in order."""

    owners: tuple[OwnerExpected, ...] = ()
    ownership: tuple[OwnershipExpected, ...] = ()
    histories: tuple[HistoryExpected, ...] = ()
    refusals: tuple[Code, ...] | None = None
    roles: tuple[RolesExpected, ...] = ()
    receipts: tuple[ReceiptExpected, ...] = ()
    booked: tuple[BookedExpected, ...] = ()
    totals: dict[Id, int] | None = None
    quota_left: tuple[QuotaExpected, ...] = ()
    milestones: tuple[MilestoneExpected, ...] = ()
    cases: tuple[CaseExpected, ...] = ()
    replays: tuple[ReplayExpected, ...] = ()
    what_ifs: tuple[WhatIfExpected, ...] = ()
    statements: tuple[StatementExpected, ...] = ()

    @property
    def of_money(self) -> bool:
        """Whether commission lines are asked for."""
        return bool(self.receipts or self.booked or self.totals is not None)


class StepExpectations(Expectations):
    """What must come of one command at once: how it is refused, or the kinds of its facts in the histories it changed."""

    refused: Code | None = None
    rival: Id | None = None
    facts: tuple[Id, ...] | None = None
