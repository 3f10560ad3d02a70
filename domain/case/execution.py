"""What a ruling changes, as facts of the histories concerned: each remedy by the rule that the business has for it anyway."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

from domain.authority import not_working
from domain.case.ruling import (
    AnyRemedy,
    Finding,
    FreeCustomer,
    GiveCustomer,
    GiveRole,
    MergeRecords,
    OverruleVisit,
    PlaceAtVisit,
    Ruling,
    ShareEarnings,
    SplitRole,
    VoidRole,
)
from domain.conduct.facts import PenaltyApplied
from domain.customer import decisions as customer
from domain.customer.decisions import CorrectCustomerPlace, MergeCustomers
from domain.fact import Part
from domain.facts import Answer, AnyFact
from domain.mentorship import decisions as mentorship
from domain.mentorship.decisions import AgreeSharing
from domain.money import WHOLE
from domain.pool import decisions as pool
from domain.pool.decisions import ReassignCustomer, ReleaseCustomer
from domain.refusals import Code, Refusal
from domain.role import decisions as role
from domain.role.decisions import RevokeRole, TransferRole
from domain.visit import decisions as visit
from domain.visit.decisions import OverrideVisit
from domain.world import World

SAYS: Final[dict[Finding, tuple[type, ...]]] = {
    "transfer": (GiveRole, GiveCustomer),
    "split": (SplitRole, ShareEarnings),
    "void": (VoidRole, FreeCustomer, OverruleVisit),
}
"""What a ruling of each kind must change, among whatever else it changes."""


def inconsistent(ruling: Ruling, clause: str) -> Refusal | None:
    """Refuse a ruling that does not change what its kind says, or that cites nothing where it rests on a text."""
    wanted = SAYS.get(ruling.finding)
    if wanted and not any(isinstance(remedy, wanted) for remedy in ruling.remedies):
        detail = f"To {ruling.finding} is to change something of that kind."
        return Refusal(code=Code.RULING_INCONSISTENT, clause=clause, detail=detail)
    if ruling.finding == "remand" and (ruling.remedies or ruling.censures):
        return Refusal(code=Code.RULING_INCONSISTENT, clause=clause, detail="What is heard again is not decided yet.")
    if ruling.ground.by != "efficiency" and not ruling.ground.cites:
        detail = f"It rests on a {ruling.ground.by} and names none."
        return Refusal(code=Code.RULING_INCONSISTENT, clause=clause, detail=detail)
    return None


def carried_out(ruling: Ruling, case: str, at: datetime, world: World) -> list[AnyFact] | Refusal:
    """Every fact that follows from the ruling at that time, each remedy seeing what those before it have changed.

    Refuses with whatever stands in the way of a remedy.
    """
    facts: list[AnyFact] = []
    for remedy in ruling.remedies:
        answer = applied(remedy, ruling, case, at, world.after(facts))
        if isinstance(answer, Refusal):
            return answer
        facts += (in_the_name_of(case, fact) for fact in answer)
    for number, censure in enumerate(ruling.censures, 1):
        if censure.rep not in world.organisation.reps:
            return Refusal(code=Code.UNKNOWN_REP, clause="conduct", rival=censure.rep)
        facts.append(
            PenaltyApplied(
                at=at,
                penalty=f"{case}.{number}",
                rep=censure.rep,
                points=censure.points,
                clause=censure.clause,
                case=case,
                by=name_of(case),
            )
        )
    return facts


def applied(remedy: AnyRemedy, ruling: Ruling, case: str, at: datetime, world: World) -> Answer:
    ground = ground_of(ruling, case)
    match remedy:
        case GiveRole():
            parts = (Part(rep=remedy.to, bps=WHOLE),)
            return moved_to(parts, remedy, ruling, ground, at, world)
        case SplitRole():
            return moved_to(remedy.parts, remedy, ruling, ground, at, world)
        case VoidRole():
            since = ruling.since(remedy)
            revoke = RevokeRole(at=at, deal=remedy.deal, role=remedy.role, effective_from=since, ground=ground)
            return role.revoke(revoke, world)
        case ShareEarnings():
            agree = AgreeSharing(
                at=at,
                deal=remedy.deal,
                of=remedy.of,
                parts=remedy.parts,
                effective_from=ruling.since(remedy),
                ground=ground,
            )
            return mentorship.agree(agree, world)
        case OverruleVisit():
            override = OverrideVisit(
                at=at, customer=remedy.customer, visit=remedy.visit, verdict=remedy.verdict, ground=ground
            )
            return visit.override(override, world)
        case PlaceAtVisit():
            return placed(remedy, ground, at, world)
        case MergeRecords():
            merge = MergeCustomers(at=at, customer=remedy.customer, absorbed=remedy.absorbed, ground=ground)
            return customer.merge(merge, world)
        case GiveCustomer():
            return pool.reassign(ReassignCustomer(at=at, customer=remedy.customer, to=remedy.to, ground=ground), world)
        case FreeCustomer():
            owner = world.customer(remedy.customer).holding.owner
            return pool.release(ReleaseCustomer(at=at, customer=remedy.customer, rep=owner or "nobody"), world)
    assert_never(remedy)


def moved_to(
    parts: Sequence[Part], remedy: GiveRole | SplitRole, ruling: Ruling, ground: str, at: datetime, world: World
) -> Answer:
    """A role moved; not to who has left by then."""
    for part in parts:
        if absent := not_working(world, part.rep, at, f"roles/{remedy.role}"):
            return absent
    transfer = TransferRole(
        at=at,
        deal=remedy.deal,
        role=remedy.role,
        parts=tuple(parts),
        effective_from=ruling.since(remedy),
        ground=ground,
    )
    return role.transfer(transfer, world)


def placed(remedy: PlaceAtVisit, ground: str, at: datetime, world: World) -> Answer:
    made = world.customer(remedy.customer).visits.made.get(remedy.visit)
    if made is None or made.point is None:
        return Refusal(code=Code.UNKNOWN_VISIT, clause="visit/place", rival=remedy.visit)
    correct = CorrectCustomerPlace(at=at, customer=remedy.customer, place=made.point, ground=ground)
    return customer.correct_place(correct, world)


def in_the_name_of(case: str, fact: AnyFact) -> AnyFact:
    """The fact as done by the case, where it says by whom it is done."""
    return fact.model_copy(update={"by": name_of(case)}) if "by" in type(fact).model_fields else fact


def name_of(case: str) -> str:
    """How a case is named where a person would be."""
    return f"case:{case}"[:80]


def ground_of(ruling: Ruling, case: str) -> str:
    cites = f" {ruling.ground.cites}" if ruling.ground.cites else ""
    return f"case {case}: {ruling.ground.by}{cites}"
