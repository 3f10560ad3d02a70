"""What a scenario file says: a policy, an organisation, what was done when, and what is expected of it.

Amounts are minor units, shares basis points, times those of the story's time zone.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.case.course import Status
from domain.case.ruling import Finding
from domain.fact import SYSTEM, Id, Text
from domain.organisation.facts import Duty
from domain.refusals import Code
from services.scenarios.moments import Moment, in_zone

NOBODY: Final = "nobody"
"""How a story writes that no one owns, holds or is paid."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("there is no time zone of this name; write one such as Asia/Shanghai") from None
    return name


class Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class PolicyChange(BaseModel):
    """A policy like another but for the terms given, which are written as in a policy file."""

    model_config = ConfigDict(frozen=True, extra="allow")

    like: str
    policy: Id


class UnitSetUp(Written):
    unit: Id
    title: Text | None = None
    parent: Id | None = None
    region: Id | None = None
    brand: Id | None = None


class PersonSetUp(Written):
    """`joined` is the story's beginning unless it is given."""

    rep: Id
    unit: Id
    duty: Duty = "rep"
    joined: Moment | None = None


class OrganisationSetUp(Written):
    units: tuple[UnitSetUp, ...] = ()
    people: tuple[PersonSetUp, ...] = ()


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

    @property
    def of_money(self) -> bool:
        """Whether commission lines are asked for."""
        return bool(self.receipts or self.booked or self.totals is not None)


class StepExpectations(Expectations):
    """What must come of one command at once: how it is refused, or the kinds of its facts in the histories it changed."""

    refused: Code | None = None
    rival: Id | None = None
    facts: tuple[Id, ...] | None = None


class Step(BaseModel):
    """A command (`do` and its fields), or a look at the story so far (`expect` alone).

    `recorded_at` is later than `at` where it was entered late.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    do: Id | None = None
    at: Moment | None = None
    recorded_at: Moment | None = None
    actor: Id = SYSTEM
    id: Id | None = None
    expect: StepExpectations | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The command's own fields, as written."""
        return dict(self.model_extra or {})


Policies = Annotated[tuple[str | PolicyChange, ...], Field(min_length=1)]


class Story(Written):
    """A scenario file. `begins` is when its policies and organisation are set up, `ends` when it is looked back upon."""

    title: Text
    story: Text = ""
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    begins: Moment
    ends: Moment | None = None
    policies: Policies
    organisation: OrganisationSetUp = OrganisationSetUp()
    steps: tuple[Step, ...]
    expect: Expectations = Expectations()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def instant(self, moment: datetime) -> datetime:
        return in_zone(moment, self.zone)

    def people(self) -> Iterator[tuple[PersonSetUp, datetime]]:
        """Everyone of the organisation with the instant of joining, in that order."""
        joined = ((person, self.instant(person.joined or self.begins)) for person in self.organisation.people)
        yield from sorted(joined, key=lambda each: each[1])
