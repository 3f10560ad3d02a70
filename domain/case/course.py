"""The course of a case: what its facts add up to, hearing by hearing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

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
    Seat,
    VoteCast,
)


@dataclass(frozen=True, slots=True)
class Hearing:
    """One hearing of a case: the first, one on appeal, or one after a remand. Numbered from 1.

    `since` and `position` are those of the event that opened it: only a head signed later may be its panel's seed.
    """

    number: int
    since: datetime
    position: int
    decide_by: datetime
    appeal_until: datetime | None
    panel: PanelSeated | None = None
    seated: tuple[Seat, ...] = ()
    waiting: tuple[Seat, ...] = ()
    recused: tuple[str, ...] = ()
    votes: tuple[VoteCast, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether what it decides is final at once: on appeal, and after it."""
        return self.appeal_until is None

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(seat.member for seat in self.seated)

    def has_voted(self, member: str) -> bool:
        return any(vote.member == member for vote in self.votes)

    def everyone(self) -> frozenset[str]:
        """All who ever sat on this hearing's panel."""
        return frozenset((*self.members, *self.recused))


Status = Literal["unknown", "filed", "dismissed", "open", "decided", "appealed", "final", "executed"]


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands. `decision` is the ruling that stands, `hearings` the ended ones before the `hearing` now open.

    `position` is that of the last event of the case.
    """

    filing: DisputeFiled | None = None
    dismissal: CaseDismissed | None = None
    evidence_until: datetime | None = None
    evidence: tuple[EvidenceSubmitted, ...] = ()
    hearings: tuple[Hearing, ...] = ()
    hearing: Hearing | None = None
    decision: DecisionIssued | None = None
    appeal: AppealFiled | None = None
    final: DecisionFinalized | None = None
    executed: DecisionExecuted | None = None
    precedents: tuple[str, ...] = ()
    position: int = 0

    @property
    def status(self) -> Status:
        match self:
            case Case(filing=None):
                return "unknown"
            case Case(dismissal=CaseDismissed()):
                return "dismissed"
            case Case(hearing=Hearing(), decision=DecisionIssued()):
                return "appealed"
            case Case(hearing=Hearing()):
                return "open"
            case Case(executed=DecisionExecuted()):
                return "executed"
            case Case(final=DecisionFinalized()):
                return "final"
            case Case(decision=DecisionIssued()):
                return "decided"
            case _:
                return "filed"


def evolve(case: Case, fact: CaseFact, position: int = 0) -> Case:
    return replace(moved_on(case, fact, position), position=position or case.position)


def moved_on(case: Case, fact: CaseFact, position: int) -> Case:
    match fact:
        case DisputeFiled():
            return replace(case, filing=fact)
        case CaseAccepted():
            opened = Hearing(1, fact.at, position, fact.decide_by, fact.appeal_until)
            return replace(case, hearing=opened, evidence_until=fact.evidence_until)
        case CaseDismissed():
            return replace(case, dismissal=fact)
        case EvidenceSubmitted():
            return replace(case, evidence=(*case.evidence, fact))
        case PanelSeated() | MemberRecused() | VoteCast():
            assert case.hearing is not None, "a panel sits in an open hearing"
            return replace(case, hearing=heard(case.hearing, fact))
        case DecisionIssued():
            assert case.hearing is not None, "an open hearing comes to a decision"
            ended = (*case.hearings, case.hearing)
            return replace(case, hearings=ended, hearing=None, decision=fact)
        case AppealFiled():
            opened = Hearing(len(case.hearings) + 1, fact.at, position, fact.decide_by, None)
            return replace(case, appeal=fact, hearing=opened)
        case DecisionFinalized():
            return replace(case, final=fact)
        case DecisionExecuted():
            return carried_out(case, fact, position)
        case PrecedentPublished():
            return replace(case, precedents=(*case.precedents, fact.precedent))
    assert_never(fact)


def heard(hearing: Hearing, fact: PanelSeated | MemberRecused | VoteCast) -> Hearing:
    match fact:
        case PanelSeated():
            return replace(hearing, panel=fact, seated=fact.members, waiting=fact.alternates)
        case MemberRecused():
            left = tuple(seat for seat in hearing.seated if seat.member != fact.member)
            return replace(
                hearing,
                seated=(*left, fact.alternate) if fact.alternate else left,
                waiting=tuple(seat for seat in hearing.waiting if seat != fact.alternate),
                recused=(*hearing.recused, fact.member),
                votes=tuple(vote for vote in hearing.votes if vote.member != fact.member),
            )
        case VoteCast():
            return replace(hearing, votes=(*hearing.votes, fact))
    assert_never(fact)


def carried_out(case: Case, fact: DecisionExecuted, position: int) -> Case:
    """Executed, and with it closed; a remand opens the next hearing instead."""
    if fact.decide_by is None:
        return replace(case, executed=fact)
    opened = Hearing(len(case.hearings) + 1, fact.at, position, fact.decide_by, fact.appeal_until)
    return replace(case, hearing=opened, evidence_until=fact.evidence_until, decision=None, final=None)
