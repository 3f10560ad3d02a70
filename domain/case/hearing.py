"""How a case is heard: a panel drawn, members recused and replaced, votes cast and counted."""

from collections import Counter
from datetime import datetime

from domain.authority import not_working, reserved
from domain.case.commands import CastVote, IssueDecision, RecuseMember, SeatPanel
from domain.case.conflict import conflict_of, eligible
from domain.case.course import Case, Hearing
from domain.case.execution import carried_out, inconsistent
from domain.case.facts import (
    DecisionFinalized,
    DecisionIssued,
    MemberRecused,
    PanelSeated,
    Seat,
    VoteCast,
)
from domain.case.panel import draw
from domain.case.prediction import predicted
from domain.case.procedure import calendar_ends, clause_of, not_oneself, out_of_turn, terms_of, working_days
from domain.case.ruling import Ruling, status_quo
from domain.facts import Answer
from domain.policy.disputes import PanelTerms
from domain.refusals import Code, Refusal
from domain.world import World


def seat(command: SeatPanel, world: World) -> Answer:
    """Draw and seat the panel. The seed must be a head that has the opening of the hearing in it, and no more than there is.

    Refuses with `unknown-case`, `out-of-turn`, `not-allowed`, `head-unfit` or `panel-short`, in this order.
    """
    case = world.case(command.case).case
    if case.filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case", rival=command.case)
    hearing = case.hearing
    if hearing is None or hearing.panel or command.at < hearing.since:
        return out_of_turn(case)
    clause = clause_of(case, "disputes/panel")
    if refusal := reserved(world, command.actor, command.at, "committee", clause=clause):
        return refusal
    if not hearing.position <= command.head.size <= world.position:
        detail = f"The hearing began with event {hearing.position}; the log has {world.position} events."
        return Refusal(code=Code.HEAD_UNFIT, clause=clause, rival_position=command.head.size, detail=detail)
    _, terms = terms_of(case, world)
    people = tuple(eligible(case, command.at, world.organisation, terms.panel))
    drawn = draw(command.head.root, command.case, hearing.number, people, terms.panel)
    if drawn.lacking:
        return Refusal(code=Code.PANEL_SHORT, clause=clause, rival=drawn.lacking[0])
    return [
        PanelSeated(
            at=command.at,
            case=command.case,
            hearing=hearing.number,
            head=command.head,
            eligible=people,
            members=drawn.members,
            alternates=drawn.alternates,
            clause=clause,
        )
    ]


def recuse(command: RecuseMember, world: World) -> Answer:
    """Let a member step back, for the next alternate of the same seat who has no stake. The member's vote no longer counts.
    The committee may ask for it because of a conflict or an absence; a wish is the member's own.

    Refuses with `unknown-case`, `out-of-turn`, `hearing-over`, `member-recused`, `not-seated` or `not-allowed`, in this order.
    """
    case = world.case(command.case).case
    hearing = sitting(case, world, command.at)
    if isinstance(hearing, Refusal):
        return hearing
    clause = clause_of(case, "disputes/panel")
    if refusal := not_a_member(command.member, hearing, clause):
        return refusal
    refusal = reserved(world, command.actor, command.at, "committee", clause=clause)
    if command.cause == "own-wish":
        refusal = not_oneself(command.actor, command.member)
    if command.actor != command.member and refusal:
        return refusal
    recused = MemberRecused(
        at=command.at,
        case=command.case,
        hearing=hearing.number,
        member=command.member,
        cause=command.cause,
        ground=command.ground,
        by=command.actor,
        alternate=next_alternate(command.member, command.at, case, hearing, world),
    )
    _, terms = terms_of(case, world)
    without = world.after([recused]).case(command.case).case.hearing
    undone = carried(hearing, terms.panel) and not (without and carried(without, terms.panel))
    return [recused.model_copy(update={"decide_by": hearing.decide_by}) if undone else recused]


def vote(command: CastVote, world: World) -> Answer:
    """Vote with a ruling. It must be one that could be carried out today.

    Refuses with `unknown-case`, `out-of-turn`, `hearing-over`, `member-conflicted`, `member-recused`, `not-seated`,
    `not-allowed`, `rep-left`, `already-voted` or `ruling-inconsistent`, in this order, and with whatever stands in the way
    of a remedy: `unknown-deal`, `role-not-in-plan`, `parts-not-whole`, `unknown-visit` and the like.
    """
    case = world.case(command.case).case
    hearing = sitting(case, world, command.at)
    if isinstance(hearing, Refusal):
        return hearing
    if refusal := not_voting(command, case, hearing, world):
        return refusal
    if refusal := inconsistent(command.ruling, clause_of(case, "disputes/ruling")):
        return refusal
    consequences = carried_out(command.ruling, command.case, command.at, world)
    if isinstance(consequences, Refusal):
        return consequences
    cast = VoteCast(
        at=command.at,
        case=command.case,
        hearing=hearing.number,
        member=command.member,
        ruling=command.ruling,
        digest=command.ruling.digest,
        opinion=command.opinion,
    )
    _, terms = terms_of(case, world)
    after = world.after([cast]).case(command.case).case.hearing
    return [cast.model_copy(update={"carries": True}) if after and carried(after, terms.panel) else cast]


def issue(command: IssueDecision, world: World) -> Answer:
    """Issue the ruling that has the majority of the seated, or, once all have voted and none has it, the status quo.

    Refuses with `unknown-case`, `out-of-turn`, `not-allowed`, `quorum-missing`, `majority-open` or `calendar-ends`, in this
    order, and with whatever has come in the way of a remedy since the votes.
    """
    case = world.case(command.case).case
    if case.filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case", rival=command.case)
    hearing = case.hearing
    if hearing is None or hearing.panel is None or command.at < hearing.panel.at:
        return out_of_turn(case)
    clause = clause_of(case, "disputes/majority")
    refusal = reserved(world, command.actor, command.at, "committee", clause=clause)
    if command.actor not in hearing.members and refusal:
        return refusal
    policy, terms = terms_of(case, world)
    if len(hearing.votes) < terms.panel.quorum:
        detail = f"{len(hearing.votes)} have voted, the quorum is {terms.panel.quorum}."
        return Refusal(code=Code.QUORUM_MISSING, clause=clause_of(case, "disputes/quorum"), detail=detail)
    found = carried(hearing, terms.panel)
    if found is None and len(hearing.votes) < len(hearing.seated):
        return Refusal(code=Code.MAJORITY_OPEN, clause=clause)
    until = None if hearing.is_last else working_days(world.now, terms.appeal.within, policy)
    if until is None and not hearing.is_last:
        return calendar_ends(policy)
    if found is None:
        return without_majority(case, hearing, command.at, until, world)
    consequences = carried_out(found, command.case, command.at, world)
    if isinstance(consequences, Refusal):
        return consequences
    deals = dict.fromkeys((*([case.filing.matter.deal] if case.filing.matter.deal else []), *found.deals))
    issued = DecisionIssued(
        at=command.at,
        case=command.case,
        hearing=hearing.number,
        cause="majority",
        ruling=found,
        digest=found.digest,
        carried=tuple(each.member for each in hearing.votes if each.digest == found.digest),
        dissent=tuple(each.member for each in hearing.votes if each.digest != found.digest),
        position=world.position,
        policy=policy.policy,
        policy_hash=world.policies.hashes[policy.policy],
        engine=world.engine,
        predicted=predicted(world, world.after(consequences), deals, command.at),
        appeal_until=until,
        clause=clause,
    )
    return [issued, *final_at_once(issued, hearing)]


def without_majority(
    case: Case, hearing: Hearing, at: datetime, appeal_until: datetime | None, world: World
) -> list[DecisionIssued | DecisionFinalized]:
    """The status quo, confirmed: the ruling that was appealed against, or else everything as it is.

    It is known up to the last event of the case, so that it is the same whenever it is noticed.
    """
    assert case.filing is not None, "only a filed case is heard"
    appealed = case.decision
    ruling = appealed.ruling if appealed else status_quo(case.filing.act_at)
    issued = DecisionIssued(
        at=at,
        case=case.filing.case,
        hearing=hearing.number,
        cause="no-majority",
        ruling=ruling,
        digest=ruling.digest,
        carried=(),
        dissent=tuple(each.member for each in hearing.votes),
        position=appealed.position if appealed else case.position,
        policy=case.filing.policy,
        policy_hash=case.filing.policy_hash,
        engine=appealed.engine if appealed else world.engine,
        predicted=appealed.predicted if appealed else (),
        appeal_until=appeal_until,
        clause=clause_of(case, "disputes/majority"),
    )
    return [issued, *final_at_once(issued, hearing)]


def final_at_once(issued: DecisionIssued, hearing: Hearing) -> list[DecisionFinalized]:
    if not hearing.is_last:
        return []
    return [
        DecisionFinalized(
            at=issued.at, case=issued.case, hearing=issued.hearing, digest=issued.digest, cause="appeal-decided"
        )
    ]


def carried(hearing: Hearing, terms: PanelTerms) -> Ruling | None:
    """The ruling for which the quorum has voted and a majority of the seated agree."""
    if len(hearing.votes) < terms.quorum:
        return None
    (digest, most), *_ = Counter(each.digest for each in hearing.votes).most_common(1)
    return next(each.ruling for each in hearing.votes if each.digest == digest) if most >= terms.majority else None


def sitting(case: Case, world: World, at: datetime) -> Hearing | Refusal:
    """The hearing whose panel sits, as long as its deadline has not passed."""
    if case.filing is None:
        return Refusal(code=Code.UNKNOWN_CASE, clause="case")
    hearing = case.hearing
    if hearing is None or hearing.panel is None or at < hearing.panel.at:
        return out_of_turn(case)
    if world.now >= hearing.decide_by:
        clause = clause_of(case, "disputes/deadlines")
        return Refusal(code=Code.HEARING_OVER, clause=clause, rival_at=hearing.decide_by)
    return hearing


def not_voting(command: CastVote, case: Case, hearing: Hearing, world: World) -> Refusal | None:
    clause = clause_of(case, "disputes/panel")
    if stake := conflict_of(command.member, case, world.organisation):
        detail = f"{command.member} {stake}."
        return Refusal(code=Code.MEMBER_CONFLICTED, clause=clause, rival=command.member, detail=detail)
    if refusal := not_a_member(command.member, hearing, clause):
        return refusal
    if refusal := not_oneself(command.actor, command.member):
        return refusal
    if absent := not_working(world, command.member, command.at, clause):
        return absent
    if hearing.has_voted(command.member):
        return Refusal(code=Code.ALREADY_VOTED, clause=clause_of(case, "disputes/vote"), rival=command.member)
    return None


def not_a_member(member: str, hearing: Hearing, clause: str) -> Refusal | None:
    if member in hearing.recused:
        return Refusal(code=Code.MEMBER_RECUSED, clause=clause, rival=member)
    if member not in hearing.members:
        return Refusal(code=Code.NOT_SEATED, clause=clause, rival=member)
    return None


def next_alternate(member: str, at: datetime, case: Case, hearing: Hearing, world: World) -> Seat | None:
    """The next in the order of the draw who has the same seat, no stake, and is there."""
    place = next(seat.seat for seat in hearing.seated if seat.member == member)
    waiting = (each for each in hearing.waiting if each.seat == place)
    return next(
        (
            each
            for each in waiting
            if world.organisation.post(each.member, at) and conflict_of(each.member, case, world.organisation) is None
        ),
        None,
    )
