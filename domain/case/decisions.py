"""How a case comes before the committee: filed in time, accepted or dismissed, its evidence handed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from domain.authority import reserved
from domain.case.commands import (
    AcceptCase,
    BringCaseClock,
    CaseCommand,
    CastVote,
    DismissCase,
    ExecuteDecision,
    FileAppeal,
    FileDispute,
    IssueDecision,
    PublishPrecedent,
    RecuseMember,
    SeatPanel,
    SubmitEvidence,
)
from domain.case.course import Case
from domain.case.ending import appeal, execute, publish
from domain.case.facts import CaseAccepted, CaseDismissed, DisputeFiled, EvidenceSubmitted
from domain.case.hearing import issue, recuse, seat, vote
from domain.case.matter import AnyMatter, OfCustomers, lines_of
from domain.case.procedure import (
    Act,
    Deadlines,
    act_of,
    calendar_ends,
    clause_of,
    first_deadlines,
    not_oneself,
    out_of_turn,
    policy_of,
    working_days,
)
from domain.facts import Answer
from domain.payout.decisions import hold_back
from domain.payout.facts import PayoutHeld
from domain.policy.disputes import DisputeTerms
from domain.policy.terms import PolicyVersion
from domain.refusals import Code, Refusal
from domain.world import World


def decide(command: CaseCommand, world: World) -> Answer:
    match command:
        case FileDispute():
            return file(command, world)
        case AcceptCase():
            return accept(command, world)
        case DismissCase():
            return dismiss(command, world)
        case SubmitEvidence():
            return submit(command, world)
        case SeatPanel():
            return seat(command, world)
        case RecuseMember():
            return recuse(command, world)
        case CastVote():
            return vote(command, world)
        case IssueDecision():
            return issue(command, world)
        case FileAppeal():
            return appeal(command, world)
        case ExecuteDecision():
            return execute(command, world)
        case PublishPrecedent():
            return publish(command, world)
        case BringCaseClock():
            return ()
    assert_never(command)


def file(command: FileDispute, world: World) -> Answer:
    """File a dispute. The time of the act is the ledger's; the case is heard by the policy of the act's deal, or of who files.

    Refuses with `id-taken`, `unknown-rep`, `not-allowed`, `unknown-act`, `no-policy`, `disputes-unregulated`,
    `period-not-closed`, `filed-late` or `calendar-ends`, in this order.
    """
    if world.case(command.case).case.filing:
        return Refusal(code=Code.ID_TAKEN, clause="case", rival=command.case)
    parties = tuple(dict.fromkeys((command.by, *command.against)))
    for party in parties:
        if party not in world.organisation.reps:
            return Refusal(code=Code.UNKNOWN_REP, clause="case/parties", rival=party)
    if refusal := not_oneself(command.actor, command.by):
        return refusal
    act = act_of(command.matter, world)
    if act is None or is_of_no_deal(command.matter, world):
        return Refusal(code=Code.UNKNOWN_ACT, clause="case/matter")
    policy = policy_of(command.matter, command.by, command.at, world)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    terms = policy.disputes
    if terms is None:
        return Refusal(code=Code.DISPUTES_UNREGULATED, clause=policy.clause("disputes"))
    issued = issued_at(command.statement, world)
    if isinstance(issued, Refusal):
        return issued
    if late := filed_late(act, issued, policy, terms, world):
        return late
    accept_by = working_days(world.now, terms.accepted_within, policy)
    if accept_by is None:
        return calendar_ends(policy)
    return [
        DisputeFiled(
            at=command.at,
            case=command.case,
            by=command.by,
            parties=parties,
            matter=command.matter,
            act_at=act.at,
            act_position=act.position,
            expected=command.expected,
            actual=command.actual,
            currency=command.currency,
            claim=command.claim,
            statement=command.statement,
            statement_at=issued,
            subjects=subjects_of(command.matter, parties, world),
            accept_by=accept_by,
            policy=policy.policy,
            policy_hash=world.policies.hashes[policy.policy],
        )
    ]


def accept(command: AcceptCase, world: World) -> Answer:
    """Accept a case, and hold back what is disputed and not paid.

    Refuses with `unknown-case`, `out-of-turn`, `not-allowed`, `member-conflicted` or `calendar-ends`, in this order.
    """
    known = world.case(command.case).case
    if refusal := not_before_the_committee(command, known, world):
        return refusal
    assert known.filing is not None, "what comes before the committee was filed"
    deadlines = first_deadlines(world.now, world.policies[known.filing.policy])
    if not isinstance(deadlines, Deadlines):
        return deadlines
    accepted = CaseAccepted(
        at=command.at,
        case=command.case,
        by=command.actor,
        evidence_until=deadlines.evidence_until,
        decide_by=deadlines.decide_by,
        appeal_until=deadlines.appeal_until,
        clause=clause_of(known, "disputes"),
    )
    return [accepted, *held(command, known.filing.matter, clause_of(known, "disputes/hold"), world)]


def dismiss(command: DismissCase, world: World) -> Answer:
    """Dismiss a case. Refuses with `unknown-case`, `out-of-turn`, `not-allowed` or `member-conflicted`, in this order."""
    known = world.case(command.case).case
    if refusal := not_before_the_committee(command, known, world):
        return refusal
    clause = clause_of(known, "disputes")
    assert known.filing is not None, "what comes before the committee was filed"
    return [
        CaseDismissed(
            at=command.at,
            case=command.case,
            by=command.actor,
            subjects=known.filing.subjects,
            ground=command.ground,
            clause=clause,
        )
    ]


def submit(command: SubmitEvidence, world: World) -> Answer:
    """Hand in evidence. Its deadline is kept by when the ledger receives it, not by what date it bears.

    Refuses with `unknown-case`, `out-of-turn`, `not-a-party`, `not-allowed`, `evidence-closed` or `id-taken`, in this order.
    """
    known = world.case(command.case).case
    if known.filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case", rival=command.case)
    if known.status == "dismissed":
        return out_of_turn(known)
    if command.by not in known.filing.parties:
        return Refusal(code=Code.NOT_A_PARTY, clause=clause_of(known, "disputes/evidence"), rival=command.by)
    if refusal := not_oneself(command.actor, command.by):
        return refusal
    if known.evidence_until and world.now >= known.evidence_until:
        clause = clause_of(known, "disputes/evidence")
        return Refusal(code=Code.EVIDENCE_CLOSED, clause=clause, rival_at=known.evidence_until)
    if any(each.evidence == command.evidence for each in known.evidence):
        return Refusal(code=Code.ID_TAKEN, clause=clause_of(known, "disputes/evidence"), rival=command.evidence)
    return [
        EvidenceSubmitted(
            at=command.at,
            case=command.case,
            evidence=command.evidence,
            by=command.by,
            sort=command.sort,
            sha256=command.sha256,
            kept_at=command.kept_at,
        )
    ]


def subjects_of(matter: AnyMatter, parties: Sequence[str], world: World) -> tuple[str, ...]:
    """Whose personal data may be evidence: the parties', and that of the customer whom the case is about."""
    opening = world.deal(matter.deal).deal.opening if matter.deal else None
    customer = matter.customer if isinstance(matter, OfCustomers) else opening.customer if opening else None
    return (*((f"customer/{customer}",) if customer else ()), *(f"rep/{party}" for party in parties))


def issued_at(statement: str | None, world: World) -> datetime | Refusal | None:
    """When the statements of that month were issued: at its closing, as the ledger recorded it. None where none is named."""
    if statement is None:
        return None
    known = world.payroll.periods.get(statement)
    if known is None or known.closing is None:
        return Refusal(code=Code.PERIOD_NOT_CLOSED, clause="payroll/statement", rival=statement)
    return known.closing.at


def filed_late(
    act: Act, issued: datetime | None, policy: PolicyVersion, terms: DisputeTerms, world: World
) -> Refusal | None:
    """Refuse with `filed-late`, or with `calendar-ends` where the statement's working days cannot be counted."""
    if world.now <= act.at + terms.filed_within:
        return None
    if issued is not None:
        until = working_days(issued, terms.filed_after_statement, policy)
        if until is None:
            return calendar_ends(policy)
        if world.now < until:
            return None
    return Refusal(
        code=Code.FILED_LATE,
        clause=policy.clause("disputes/filing"),
        rival_position=act.position or None,
        rival_at=act.at,
    )


def not_before_the_committee(command: AcceptCase | DismissCase, known: Case, world: World) -> Refusal | None:
    """Refuse a step that only the committee takes, before anything else is done in the case, and none of its parties."""
    if known.filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case", rival=command.case)
    if known.status != "filed" or command.at < known.filing.at:
        return out_of_turn(known)
    clause = clause_of(known, "disputes")
    if refusal := reserved(world, command.actor, command.at, "committee", clause=clause):
        return refusal
    if command.actor in known.filing.parties:
        return Refusal(code=Code.MEMBER_CONFLICTED, clause=clause, rival=command.actor)
    return None


def held(command: AcceptCase, matter: AnyMatter, clause: str, world: World) -> Sequence[PayoutHeld]:
    """What the case holds back from the payout: the disputed lines of the deal at stake, and no others."""
    if matter.deal is None:
        return ()
    payment, role = lines_of(matter)
    fact = PayoutHeld(at=command.at, deal=matter.deal, case=command.case, payment=payment, role=role, clause=clause)
    return tuple(hold_back(world.deal(matter.deal).holds, fact))


def is_of_no_deal(matter: AnyMatter, world: World) -> bool:
    return matter.deal is not None and world.deal(matter.deal).deal.opening is None
