"""How a case ends: appealed once or not at all, final, carried out in one commit; and what the clock says of it."""

from datetime import datetime

from domain.authority import reserved
from domain.case.commands import ExecuteDecision, FileAppeal, PublishPrecedent
from domain.case.course import Case
from domain.case.execution import carried_out, ground_of
from domain.case.facts import (
    AppealFiled,
    DecisionExecuted,
    DecisionFinalized,
    DecisionIssued,
    DisputeFiled,
    Moved,
    PrecedentPublished,
)
from domain.case.hearing import carried, without_majority
from domain.case.prediction import digest_of, moved, predicted, told
from domain.case.procedure import (
    Deadlines,
    calendar_ends,
    clause_of,
    first_deadlines,
    not_oneself,
    out_of_turn,
    terms_of,
    working_days,
)
from domain.facts import Answer, AnyFact
from domain.payout.decisions import let_go
from domain.refusals import Code, Refusal
from domain.world import World


def appeal(command: FileAppeal, world: World) -> Answer:
    """Appeal, before a panel with no member of the first.

    Refuses with `unknown-case`, `not-a-party`, `not-allowed`, `appeal-used`, `appeal-late`, `out-of-turn` or
    `calendar-ends`, in this order.
    """
    case = world.case(command.case).case
    if case.filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case", rival=command.case)
    clause = clause_of(case, "disputes/appeal")
    if command.by not in case.filing.parties:
        return Refusal(code=Code.NOT_A_PARTY, clause=clause, rival=command.by)
    if refusal := not_oneself(command.actor, command.by):
        return refusal
    if case.appeal:
        return Refusal(code=Code.APPEAL_USED, clause=clause, rival=case.appeal.by, rival_at=case.appeal.at)
    if case.final:
        return Refusal(code=Code.APPEAL_LATE, clause=clause, rival_at=case.final.at)
    if case.status != "decided" or case.decision is None or command.at < case.decision.at:
        return out_of_turn(case)
    policy, terms = terms_of(case, world)
    decide_by = working_days(world.now, terms.appeal.decided_within, policy)
    if decide_by is None:
        return calendar_ends(policy)
    return [
        AppealFiled(
            at=command.at, case=command.case, by=command.by, ground=command.ground, decide_by=decide_by, clause=clause
        )
    ]


def execute(command: ExecuteDecision, world: World) -> Answer:
    """Carry out a final ruling: everything that it changes, and the release of what the case held back.

    Refuses with `unknown-case`, `already-executed`, `case-not-final` or `not-allowed`, in this order; then with whatever
    stands in the way of a remedy, and with `prediction-moved` where the amounts are no longer those predicted and the
    command does not confirm that very difference. A remand opens the next hearing, and may be refused with `calendar-ends`.
    """
    case = world.case(command.case).case
    filing, decision = case.filing, case.decision
    if filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case", rival=command.case)
    clause = clause_of(case, "disputes/execution")
    if case.executed:
        return Refusal(code=Code.ALREADY_EXECUTED, clause=clause, rival_at=case.executed.at)
    if case.final is None or decision is None or command.at < case.final.at:
        return Refusal(code=Code.CASE_NOT_FINAL, clause=clause, detail=f"The case is {case.status}.")
    if refusal := reserved(world, command.actor, command.at, "committee", clause=clause):
        return refusal
    if decision.ruling.finding == "remand":
        return heard_again(command, case, decision, world)
    consequences = carried_out(decision.ruling, command.case, command.at, world)
    if isinstance(consequences, Refusal):
        return consequences
    deals = concerned(filing, decision)
    amounts = predicted(world, world.after(consequences), deals, decision.at)
    difference = moved(decision.predicted, amounts, decision.position, world) if decision.predicted else ()
    if difference and command.confirms != digest_of(difference):
        return unconfirmed(difference, clause)
    ground = ground_of(decision.ruling, command.case)
    released = [
        fact for deal in deals for fact in let_go(world.deal(deal).holds, deal, command.case, command.at, ground)
    ]
    executed = DecisionExecuted(
        at=command.at,
        case=command.case,
        hearing=decision.hearing,
        digest=decision.digest,
        amounts=amounts,
        moved=difference,
        confirmed_by=command.actor if difference else None,
        subjects=filing.subjects,
    )
    return [*consequences, *released, executed]


def publish(command: PublishPrecedent, world: World) -> Answer:
    """Publish a precedent. Refuses with `unknown-case`, `case-not-final`, `not-allowed` or `id-taken`, in this order."""
    case = world.case(command.case).case
    if case.filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case", rival=command.case)
    clause = clause_of(case, "disputes/precedent")
    if case.final is None or case.decision is None:
        return Refusal(code=Code.CASE_NOT_FINAL, clause=clause, detail=f"The case is {case.status}.")
    if refusal := reserved(world, command.actor, command.at, "committee", clause=clause):
        return refusal
    if command.precedent in case.precedents:
        return Refusal(code=Code.ID_TAKEN, clause=clause, rival=command.precedent)
    return [
        PrecedentPublished(
            at=command.at,
            case=command.case,
            precedent=command.precedent,
            title=command.title,
            holding=command.holding,
            digest=case.decision.digest,
            by=command.actor,
        )
    ]


def heard_again(command: ExecuteDecision, case: Case, decision: DecisionIssued, world: World) -> Answer:
    """A remand carried out: the next hearing, with deadlines of its own. What is held back stays so."""
    policy, _ = terms_of(case, world)
    deadlines = first_deadlines(world.now, policy)
    if not isinstance(deadlines, Deadlines):
        return deadlines
    return [
        DecisionExecuted(
            at=command.at,
            case=command.case,
            hearing=decision.hearing,
            digest=decision.digest,
            amounts=(),
            evidence_until=deadlines.evidence_until,
            decide_by=deadlines.decide_by,
            appeal_until=None if case.appeal else deadlines.appeal_until,
        )
    ]


def unconfirmed(difference: tuple[Moved, ...], clause: str) -> Refusal:
    digest = digest_of(difference)
    detail = f"{told(difference)}. Who executes it all the same confirms {digest}."
    return Refusal(code=Code.PREDICTION_MOVED, clause=clause, rival=digest, detail=detail)


def concerned(filing: DisputeFiled, decision: DecisionIssued) -> tuple[str, ...]:
    """The deals whose commission the case is about, or that the ruling changes."""
    at_stake = (filing.matter.deal,) if filing.matter.deal else ()
    return tuple(dict.fromkeys((*at_stake, *decision.ruling.deals)))


def case_told(name: str, world: World, now: datetime) -> list[AnyFact]:
    """What the clock has to tell of a case: no majority by the deadline, and no appeal in time. Each at its own instant."""
    case = world.case(name).case
    told: list[AnyFact] = []
    hearing = case.hearing
    if hearing and hearing.decide_by <= now:
        _, terms = terms_of(case, world)
        if carried(hearing, terms.panel) is None:
            told += without_majority(case, hearing, hearing.decide_by, hearing.appeal_until, world)
            case = world.after(told).case(name).case
    until = case.decision.appeal_until if case.decision and case.status == "decided" else None
    if case.decision and until and until <= now:
        decision = case.decision
        told.append(
            DecisionFinalized(at=until, case=name, hearing=decision.hearing, digest=decision.digest, cause="no-appeal")
        )
    return told
