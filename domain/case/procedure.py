"""What every step of a case asks: which act, by which policy, by when, and whether the case has come so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from domain.case.course import Case
from domain.case.matter import (
    AnyMatter,
    DisputedHolding,
    DisputedPayment,
    DisputedRecord,
    DisputedRole,
    DisputedVisit,
)
from domain.fact import SYSTEM
from domain.policy.disputes import DisputeTerms
from domain.policy.terms import PolicyVersion
from domain.refusals import Code, Refusal
from domain.standing import plan_of
from domain.world import World


@dataclass(frozen=True, slots=True)
class Act:
    """When the disputed act was, and the event that recorded it; 0: one that the clock tells only now."""

    at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Of a hearing: until when evidence comes in, when the ruling is due, and when it can no longer be appealed."""

    evidence_until: datetime
    decide_by: datetime
    appeal_until: datetime


def act_of(matter: AnyMatter, world: World) -> Act | None:
    """The act that is disputed; None when the ledger knows of none."""
    match matter:
        case DisputedRecord():
            known = world.customer(matter.customer).customer
            return Act(known.registration.at, known.registered_position) if known.registration else None
        case DisputedHolding():
            holding = world.customer(matter.customer).holding
            return Act(holding.since, holding.position) if holding.since else None
        case DisputedVisit():
            visit = world.customer(matter.customer).visits.made.get(matter.visit)
            return Act(visit.at, visit.position) if visit else None
        case DisputedRole():
            tenures = world.deal(matter.deal).roles.tenures.get(matter.role)
            return Act(tenures[-1].since, tenures[-1].position) if tenures else None
        case DisputedPayment():
            receipt = world.deal(matter.deal).payments.received.get(matter.payment)
            return Act(receipt.at, receipt.position) if receipt else None
    assert_never(matter)


def policy_of(matter: AnyMatter, by: str, at: datetime, world: World) -> PolicyVersion | None:
    """The version by which a case is heard: the one that binds the deal at stake, else the one in force for who files."""
    return plan_of(world.deal(matter.deal), world, at) if matter.deal else world.policy(at, by)


def terms_of(case: Case, world: World) -> tuple[PolicyVersion, DisputeTerms]:
    assert case.filing is not None, "only a filed case has its policy"
    policy = world.policies[case.filing.policy]
    assert policy.disputes is not None, "no case is filed where the policy says nothing about disputes"
    return policy, policy.disputes


def working_days(at: datetime, days: int, policy: PolicyVersion) -> datetime | None:
    """When so many working days after the day of `at` are over; None beyond the calendar."""
    assert policy.disputes is not None, "working days are counted where disputes are regulated"
    return policy.disputes.calendar.after_working_days(at, days, policy.zone)


def first_deadlines(at: datetime, policy: PolicyVersion) -> Deadlines | Refusal:
    """The deadlines of a hearing that is opened then."""
    assert policy.disputes is not None, "a hearing is opened where disputes are regulated"
    terms = policy.disputes
    evidence_until = working_days(at, terms.evidence_within, policy)
    decide_by = working_days(at, terms.decided_within, policy)
    appeal_until = working_days(decide_by, terms.appeal.within, policy) if decide_by else None
    if evidence_until is None or decide_by is None or appeal_until is None:
        return calendar_ends(policy)
    return Deadlines(evidence_until, decide_by, appeal_until)


def calendar_ends(policy: PolicyVersion) -> Refusal:
    assert policy.disputes is not None, "a calendar is where disputes are regulated"
    years = ", ".join(map(str, policy.disputes.calendar.years))
    return Refusal(
        code=Code.CALENDAR_ENDS,
        clause=policy.clause("disputes/calendar"),
        detail=f"It has the years {years}; a newer policy version can tell more.",
    )


def clause_of(case: Case, rule: str) -> str:
    return f"{case.filing.policy}/{rule}" if case.filing else rule


def out_of_turn(case: Case) -> Refusal:
    """The case is at another step; or the step is dated before the one that it follows."""
    detail = f"The case is {case.status}."
    return Refusal(code=Code.OUT_OF_TURN, clause=clause_of(case, "disputes"), detail=detail)


def not_oneself(actor: str, person: str) -> Refusal | None:
    """Refuse with `not-allowed` who speaks for somebody else. The system acts for nobody but may record for all."""
    if actor in (SYSTEM, person):
        return None
    return Refusal(code=Code.NOT_ALLOWED, clause="case/in-person", rival=actor, detail=f"Only {person} may do this.")
