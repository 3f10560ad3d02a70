"""What a fact changes in the shared facts: the few truths across histories that rules need at the moment of a decision.

Held keys say which history holds an identity key, a payment's external id or a photo. Tallies count what quotas limit.
Alarms say when the clock will next have something to tell about a history. All three are folds of the log and nothing else.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from domain.case.facts import (
    AppealFiled,
    CaseAccepted,
    CaseDismissed,
    CaseFact,
    DecisionExecuted,
    DecisionFinalized,
    DecisionIssued,
    DisputeFiled,
    EvidenceSubmitted,
    MemberRecused,
    PanelSeated,
    PrecedentPublished,
    VoteCast,
)
from domain.conduct.facts import PenaltyApplied, PenaltyLifted
from domain.contract.facts import ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.customer.facts import (
    CustomerGraded,
    CustomerPlaceCorrected,
    CustomerRegistered,
    CustomersMerged,
    DuplicateSuspected,
)
from domain.deal.facts import DealLost, DealOpened, StageAdvanced, StageReverted
from domain.fact import OfCase
from domain.facts import AnyFact
from domain.lead.facts import LeadApproved, LeadConverted, LeadRegistered, LeadRejected
from domain.mentorship.facts import CustomerDonated, MentorAssigned, MentorshipEnded, SharingAgreed
from domain.organisation.facts import QuotaSet, RepJoined, RepLeft, RepTransferred, UnitCreated, UnitMoved
from domain.payee.facts import PayoutConfirmed, PayoutRejected
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.payout.facts import PayoutHeld, PayoutReleased
from domain.payroll.facts import PeriodClosed, PeriodOpened
from domain.person.facts import LegalHoldLifted, LegalHoldPlaced, SubjectErased
from domain.policy.facts import PolicyPublished
from domain.pool.facts import (
    ClaimRefused,
    CustomerClaimed,
    CustomerDropped,
    CustomerReassigned,
    CustomerReleased,
    PoolFact,
    RetentionExtended,
    RetentionWarned,
    Tier,
    TierChanged,
    taken_over,
)
from domain.rate.facts import RatePublished
from domain.returned.facts import ReturnReconciled
from domain.role.facts import RoleEarned, RoleExpired, RoleRevoked, RoleTransferred
from domain.visit.facts import (
    ProtectionExpired,
    ProtectionStarted,
    VisitOverridden,
    VisitPlanned,
    VisitRecorded,
    VisitRejected,
    VisitVerified,
)


@dataclass(frozen=True, slots=True)
class Hold:
    """The fact's history holds the key from now on."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Free:
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Count:
    kind: str
    key: str
    n: int


@dataclass(frozen=True, slots=True)
class Wake:
    """The clock has something to tell at `at` (None: not by itself); `who` is the rep whose holding it is."""

    alarm: str
    at: datetime | None
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    alarm: str
    who: str | None = None


Effect = Hold | Free | Count | Wake | Rest

RETENTION = "retention"
PROTECTION = "protection"
DECISION = "decision"
APPEAL = "appeal"


def held_by(rep: str) -> tuple[str, str]:
    """The tally of customers that a rep holds and that count against the quota: all but the won ones."""
    return ("held", rep)


def close_of(rep: str) -> tuple[str, str]:
    """The tally of a rep's customers in the close tier."""
    return ("close", rep)


def claims_of(rep: str, day: date) -> tuple[str, str]:
    """The tally of a rep's claims on a day of the policy's time zone."""
    return ("claims", f"{rep}@{day.isoformat()}")


def kept_for_a_case(subject: str) -> tuple[str, str]:
    """The tally of open cases that keep a subject's personal data."""
    return ("open-case", subject)


def told_by(period: str, file: str) -> tuple[str, str]:
    """The tally of payouts that were recorded of a return file."""
    return ("return", f"{period}/{file}")


def effects(fact: AnyFact) -> tuple[Effect, ...]:
    """What the fact changes in the shared facts of its ledger."""
    if isinstance(fact, PoolFact):
        return effects_on_holding(fact)
    match fact:
        case CustomerRegistered() | LeadRegistered():
            return tuple(Hold(key.kind, key.hash) for key in fact.keys)
        case SubjectErased() | LeadRejected() | LeadConverted():
            return tuple(Free(key.kind, key.hash) for key in fact.keys)
        case CustomersMerged():
            passed_on = Free if fact.customer == fact.absorbed else Hold
            return tuple(passed_on(key.kind, key.hash) for key in fact.keys)
        case VisitRecorded():
            return (Hold("photo", fact.photo),)
        case ProtectionStarted():
            return (Wake(PROTECTION, fact.until),)
        case ProtectionExpired():
            return (Rest(PROTECTION),)
        case (
            MilestoneScheduled(milestone=str(name), due=datetime() as at)
            | PaymentRefunded(milestone=str(name), told_at=datetime() as at)
        ):
            return (Wake(milestone(name), at),)
        case MilestoneDue():
            name = milestone(fact.milestone)
            return (Wake(name, fact.overdue_at) if fact.overdue_at else Rest(name),)
        case MilestoneOverdue():
            return (Rest(milestone(fact.milestone)),)
        case PaymentReceived():
            settled = (Rest(milestone(fact.milestone)),) if fact.milestone and fact.settles else ()
            return (Hold("payment", fact.external_id), *settled)
        case OfCase():
            return of_case(fact)
        case PayoutConfirmed():
            return (Hold("payout", fact.external_id), Hold("paid-statement", fact.statement), *of_file(fact))
        case PayoutRejected():
            return (*((Free("paid-statement", fact.statement),) if fact.undone else ()), *of_file(fact))
        case (
            LeadApproved() | DuplicateSuspected() | CustomerPlaceCorrected() | CustomerGraded() | CustomerDonated()
            | VisitPlanned() | VisitVerified() | VisitRejected() | VisitOverridden()
            | DealOpened() | StageAdvanced() | StageReverted() | DealLost() | ContractSigned() | MilestoneScheduled() | PaymentRefunded()
            | RoleEarned() | RoleTransferred() | RoleRevoked() | RoleExpired() | SharingAgreed() | PayoutHeld() | PayoutReleased()
            | UnitCreated() | UnitMoved() | RepJoined() | RepTransferred() | RepLeft() | QuotaSet()
            | MentorAssigned() | MentorshipEnded() | PolicyPublished() | PenaltyApplied() | PenaltyLifted()
            | LegalHoldPlaced() | LegalHoldLifted() | PeriodOpened() | PeriodClosed() | RatePublished() | ReturnReconciled()
        ):  # fmt: skip
            return ()
    assert_never(fact)


def of_file(fact: PayoutConfirmed | PayoutRejected) -> tuple[Effect, ...]:
    return (Count(*told_by(fact.period, fact.file), 1),) if fact.file else ()


def of_case(fact: CaseFact) -> tuple[Effect, ...]:
    """When a case's deadlines have the clock say something: of a decision that has not come, of an appeal that has not."""
    match fact:
        case DisputeFiled():
            return tuple(Count(*kept_for_a_case(subject), 1) for subject in fact.subjects)
        case CaseDismissed() | DecisionExecuted(decide_by=None):
            return tuple(Count(*kept_for_a_case(subject), -1) for subject in fact.subjects)
        case CaseAccepted() | AppealFiled() | DecisionExecuted(decide_by=datetime()):
            return (Wake(DECISION, fact.decide_by), Rest(APPEAL))
        case VoteCast(carries=True):
            return (Rest(DECISION),)
        case MemberRecused(decide_by=datetime() as at):
            return (Wake(DECISION, at),)
        case DecisionIssued():
            return (Rest(DECISION), Wake(APPEAL, fact.appeal_until) if fact.appeal_until else Rest(APPEAL))
        case DecisionFinalized():
            return (Rest(APPEAL),)
        case (
            EvidenceSubmitted() | PanelSeated() | MemberRecused() | VoteCast()
            | DecisionExecuted() | PrecedentPublished()
        ):  # fmt: skip
            return ()
    assert_never(fact)


def effects_on_holding(fact: PoolFact) -> tuple[Effect, ...]:
    """Who holds how many customers, who claimed today, and when the clock next looks at a holding."""
    match fact:
        case CustomerClaimed():
            day = claims_of(fact.rep, fact.day)
            return (*counted(fact.rep, fact.tier, 1), Count(*day, 1), retention(fact.warn_at, fact.deadline, fact.rep))
        case CustomerReleased() | CustomerDropped():
            return (*counted(fact.former_owner, fact.tier, -1), Rest(RETENTION, fact.former_owner))
        case CustomerReassigned():
            woken = retention(fact.warn_at, fact.deadline, fact.owner)
            taken: tuple[Effect, ...] = (*counted(fact.owner, taken_over(fact.tier), 1), woken)
            if fact.former_owner is None:
                return taken
            return (*counted(fact.former_owner, fact.tier, -1), Rest(RETENTION, fact.former_owner), *taken)
        case RetentionWarned():
            return (retention(None, fact.deadline, fact.owner),)
        case RetentionExtended():
            return (retention(fact.warn_at, fact.deadline, fact.owner),)
        case TierChanged():
            if fact.owner is None:
                return ()
            moved = (*counted(fact.owner, fact.old, -1), *counted(fact.owner, fact.new, 1))
            return (*moved, retention(None, None, fact.owner)) if fact.new == "won" else moved
        case ClaimRefused():
            return ()
    assert_never(fact)


def counted(rep: str, tier: Tier, n: int) -> tuple[Count, ...]:
    match tier:
        case "ordinary":
            return (Count(*held_by(rep), n),)
        case "close":
            return (Count(*held_by(rep), n), Count(*close_of(rep), n))
        case "won":
            return ()
    assert_never(tier)


def retention(warn_at: datetime | None, deadline: datetime | None, who: str) -> Wake:
    return Wake(RETENTION, warn_at or deadline, who)


def milestone(name: str) -> str:
    return f"milestone/{name}"
