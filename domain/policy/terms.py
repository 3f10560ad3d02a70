"""A policy version as data: every number that the rules use, with the place where each applies.

Durations are whole days or minutes; shares and rates are basis points; amounts are minor units of the policy's currency.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from domain.fact import Id, Instant, Text
from domain.money import Currency
from domain.policy.disputes import DisputeTerms

Bps = Annotated[int, Field(ge=0, le=10_000)]
Days = Annotated[int, Field(ge=0, le=36_500)]
SomeDays = Annotated[int, Field(gt=0, le=36_500)]
Minutes = Annotated[int, Field(ge=0, le=36_500 * 24 * 60)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise PydanticCustomError("malformed", "there is no time zone of this name") from None
    return name


def is_unsaid(value: object) -> bool:
    """Whether a term that came in later is left out, so that versions published before are written as they were."""
    return value is None


class Terms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(Terms):
    """Where a policy applies; what is left out applies everywhere. The narrower scope goes first."""

    region: Id | None = None
    brand: Id | None = None
    team: Id | None = None
    product: Id | None = None

    @property
    def narrowness(self) -> int:
        return sum(value is not None for value in (self.region, self.brand, self.team, self.product))


class RetentionBand(Terms):
    """Customers whose expected amount is below `below` (minor units; None: all above) are kept for `days`."""

    below: Annotated[int, Field(gt=0)] | None = None
    days: SomeDays


class Retention(Terms):
    """How long a rep keeps a customer without success. An unknown amount falls into the first band.

    A verified visit moves the deadline to `visit + renewal` (in full: the band's days) where that is later, never beyond
    `claim + cap`. The cap is a number of days, or a multiple of the band's.
    """

    bands: Annotated[tuple[RetentionBand, ...], Field(min_length=1)]
    renewal: Literal["in-full"] | SomeDays = "in-full"
    cap_days: SomeDays | None = None
    cap_times: Annotated[int, Field(gt=0, le=50)] | None = None
    warned_days_before: Days


class Newcomer(Terms):
    """Whoever joined less than `days` ago has another quota of close customers."""

    days: Days
    close: Annotated[int, Field(gt=0)]

    @property
    def lasts(self) -> timedelta:
        return timedelta(days=self.days)


class Quotas(Terms):
    held: Annotated[int, Field(gt=0)]
    claims_a_day: Annotated[int, Field(gt=0)]
    close: Annotated[int, Field(gt=0)]
    newcomer: Newcomer


class PoolTerms(Terms):
    retention: Retention
    cool_down_days: Days
    quota: Quotas

    @property
    def cool_down(self) -> timedelta:
        return timedelta(days=self.cool_down_days)


class GradeTerms(Terms):
    """Scores of intent and potential from 1 to `highest`; their product reaches `a`, or `b`, or is C."""

    highest: Annotated[int, Field(gt=0, le=100)]
    a: Annotated[int, Field(gt=0)]
    b: Annotated[int, Field(gt=0)]


class VisitTerms(Terms):
    """Metres between visit and place that still verify, and the minutes after which a report is late."""

    distance_m: Annotated[int, Field(gt=0)]
    late_after_minutes: Minutes


class Stage(Terms):
    """`artefact` is the kind of thing that must be there to enter the stage; None needs nothing."""

    stage: Id
    artefact: Id | None = None


class PlanRole(Terms):
    """A stage role and its share of the pool. Pinned roles stand as they were when the contract was signed."""

    role: Id
    share: Annotated[int, Field(gt=0, le=10_000)]
    earned_by: Id
    held: Literal["pinned", "at-receipt"]
    fallback: Id | None = None


class FirstVisit(Terms):
    """Which role the first verified visit earns, and for how many days it is protected; None: without end."""

    role: Id
    protection_days: SomeDays | None = None


class CommissionPlan(Terms):
    """`rate` of the net received, after the platform's `fee`, is the pool that the roles divide, in their order."""

    rate: Bps
    fee: Bps = 0
    roles: Annotated[tuple[PlanRole, ...], Field(min_length=1)]
    first_visit: FirstVisit | None = None

    def role(self, name: str) -> PlanRole | None:
        return next((role for role in self.roles if role.role == name), None)


class MilestoneTerms(Terms):
    milestone: Id
    share: Annotated[int, Field(gt=0, le=10_000)]


class ContractTerms(Terms):
    """The usual milestones, and how long after its due day one is overdue."""

    milestones: tuple[MilestoneTerms, ...] = ()
    overdue_after_days: Days


class Donation(Terms):
    """What the donor is owed of the recipient's roles; a close customer earns more than an ordinary one."""

    ordinary: Bps
    close: Bps
    days: SomeDays | None = None


class Mentoring(Terms):
    share: Bps
    days: SomeDays | None = None


class SharingTerms(Terms):
    mentor: Mentoring
    donation: Donation


class PolicyVersion(Terms):
    """One immutable version of the rules, in force in its scope during [`effective_from`, `effective_until`).

    A version that `supersedes` another of its scope ends it: the other is in force no longer once this one begins.
    `artefacts` are the kinds of proof that people enter by hand, beside those that a stage or an act of the ledger makes.
    """

    policy: Id
    title: Text
    effective_from: Instant
    effective_until: Instant | None = None
    supersedes: Id | None = None
    scope: Scope = Scope()
    time_zone: Annotated[str, AfterValidator(_zone)]
    currency: Currency
    clock_tolerance_minutes: Minutes
    phone_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    pool: PoolTerms
    grades: GradeTerms
    visits: VisitTerms
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    signed_stage: Id
    artefacts: tuple[Id, ...] = ()
    commission: CommissionPlan
    contract: ContractTerms
    sharing: SharingTerms
    disputes: DisputeTerms | None = Field(default=None, exclude_if=is_unsaid)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON, in hex: equal for equal rules, however the file that they came from is written.

        Terms left at their default are not part of it, so that a term added later changes no published hash.
        """
        instants = {
            name: at.astimezone(UTC).isoformat()
            for name in ("effective_from", "effective_until")
            if (at := getattr(self, name)) is not None
        }
        rules = self.model_dump(mode="json", exclude_defaults=True) | instants
        return hashlib.sha256(json.dumps(rules, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def clause(self, rule: str) -> str:
        """The citation of one of this version's rules, such as `B2B-1/cool-down`."""
        return f"{self.policy}/{rule}"

    def is_in_force(self, at: datetime) -> bool:
        return self.effective_from <= at and (self.effective_until is None or at < self.effective_until)

    def stage_index(self, stage: str) -> int | None:
        return next((i for i, each in enumerate(self.stages) if each.stage == stage), None)

    def clock_tolerance(self) -> timedelta:
        return timedelta(minutes=self.clock_tolerance_minutes)
