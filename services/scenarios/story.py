"""What a scenario file says: a policy, an organisation, what was done when, and what is expected of it.

Amounts are minor units, shares basis points, times those of the story's time zone.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from domain.fact import SYSTEM, Id, Text
from domain.months import Month
from domain.organisation.facts import Duty
from services.scenarios.expectations import Expectations, StepExpectations, Written
from services.scenarios.moments import Moment, in_zone


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("there is no time zone of this name; write one such as Asia/Shanghai") from None
    return name


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


class MonthClosed(Written):
    """`do: close-period`: the month is looked at, and closed as it then stands."""

    name: Literal["close-period"]
    at: AwareDatetime
    actor: Id
    period: Month
    reason: Text | None = None
    settled: bool = False


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
