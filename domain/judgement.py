"""The one place where a command meets its rule: first what the clock has made happen, then what the command may.

`judge(command, world)` is pure: the same command in the same world gets the same verdict, today and in ten years.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, assert_never

from domain import clock
from domain.commands import AnyCommand
from domain.contract import decisions as contract
from domain.contract.decisions import SignContract
from domain.customer import decisions as customer
from domain.customer.decisions import CorrectCustomerPlace, GradeCustomer, MergeCustomers, RegisterCustomer
from domain.deal import decisions as deal
from domain.deal.decisions import AdvanceStage, BringDealClock, LoseDeal, OpenDeal, RevertStage
from domain.fact import Sight
from domain.facts import Answer, AnyFact
from domain.mentorship import decisions as mentorship
from domain.mentorship.decisions import AgreeSharing, AssignMentor, DonateCustomer, EndMentorship
from domain.organisation import decisions as organisation
from domain.organisation.decisions import CreateUnit, JoinRep, LeaveRep, MoveUnit, SetQuota, TransferRep
from domain.payment import decisions as payment
from domain.payment.decisions import ReceivePayment, RefundPayment
from domain.policy import decisions as policy
from domain.policy.decisions import PublishPolicy
from domain.pool import decisions as pool
from domain.pool.decisions import BringClock, ChangeTier, ClaimCustomer, ReassignCustomer, ReleaseCustomer
from domain.refusals import Code, Refusal
from domain.role import decisions as role
from domain.role.decisions import EarnRole, RevokeRole, TransferRole
from domain.visit import decisions as visit
from domain.visit.decisions import OverrideVisit, PlanVisit, RecordVisit
from domain.world import World

ENGINE: Final = "1"
"""The version of the rules' behaviour; a ruling is executed again by the version that made it."""

TOLERANCE_BEFORE_ANY_POLICY: Final = timedelta(minutes=5)
"""How far clocks may differ while no policy in force says it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is recorded because of a command, and, if it was refused, why.

    A refused command may still leave facts: those of the clock, and the attempt where the business keeps it.
    """

    facts: Sequence[AnyFact] = ()
    refusal: Refusal | None = None


def sight(command: AnyCommand, world: World) -> Sight:
    """What must be in the world before the command can be judged; ask again after filling it, until it is all there."""
    return command.sees(world)


def judge(command: AnyCommand, world: World, seen: Sight | None = None) -> Verdict:
    """Judge a command. What the clock has to tell of the histories in sight comes first, dated to its own instants.

    `seen` is the command's sight of this world, from whoever has asked for it already. Every command can be refused with
    `in-the-future`; what else is said at its decision. A command from a clock that is ahead of ours is judged at its time.
    """
    if early := in_the_future(command, world):
        return Verdict(refusal=early)
    world = world if command.at <= world.now else replace(world, now=command.at)
    told = clock.due(world, (seen or command.sees(world)).streams)
    answer = decide(command, world.after(told) if told else world)
    if not isinstance(answer, Refusal):
        return Verdict((*told, *answer))
    kept = pool.attempt(command, answer) if isinstance(command, ClaimCustomer) else []
    return Verdict((*told, *kept), answer)


def in_the_future(command: AnyCommand, world: World) -> Refusal | None:
    if command.at <= world.now:
        return None
    policy = world.policy(world.now, command.actor)
    latest = world.now + (policy.clock_tolerance() if policy else TOLERANCE_BEFORE_ANY_POLICY)
    if command.at <= latest:
        return None
    clause = policy.clause("clock") if policy else "ledger/clock"
    return Refusal(code=Code.IN_THE_FUTURE, clause=clause, until=command.at, detail=f"It is {world.now.isoformat()}.")


def decide(command: AnyCommand, world: World) -> Answer:  # noqa: C901, PLR0912 (one line a command)
    match command:
        case RegisterCustomer():
            return customer.register(command, world)
        case MergeCustomers():
            return customer.merge(command, world)
        case CorrectCustomerPlace():
            return customer.correct_place(command, world)
        case GradeCustomer():
            return customer.grade(command, world)
        case ClaimCustomer():
            return pool.claim(command, world)
        case ReleaseCustomer():
            return pool.release(command, world)
        case ReassignCustomer():
            return pool.reassign(command, world)
        case ChangeTier():
            return pool.change_tier(command, world)
        case PlanVisit():
            return visit.plan(command, world)
        case RecordVisit():
            return visit.record(command, world)
        case OverrideVisit():
            return visit.override(command, world)
        case OpenDeal():
            return deal.open_deal(command, world)
        case AdvanceStage():
            return deal.advance(command, world)
        case RevertStage():
            return deal.revert(command, world)
        case LoseDeal():
            return deal.lose(command, world)
        case EarnRole():
            return role.earn(command, world)
        case TransferRole():
            return role.transfer(command, world)
        case RevokeRole():
            return role.revoke(command, world)
        case SignContract():
            return contract.sign(command, world)
        case ReceivePayment():
            return payment.receive(command, world)
        case RefundPayment():
            return payment.refund(command, world)
        case AssignMentor():
            return mentorship.assign(command, world)
        case EndMentorship():
            return mentorship.end(command, world)
        case DonateCustomer():
            return mentorship.donate(command, world)
        case AgreeSharing():
            return mentorship.agree(command, world)
        case CreateUnit():
            return organisation.create_unit(command, world)
        case MoveUnit():
            return organisation.move_unit(command, world)
        case JoinRep():
            return organisation.join(command, world)
        case TransferRep():
            return organisation.transfer(command, world)
        case LeaveRep():
            return organisation.leave(command, world)
        case SetQuota():
            return organisation.set_quota(command, world)
        case PublishPolicy():
            return policy.publish(command, world)
        case BringClock() | BringDealClock():
            return ()
    assert_never(command)
