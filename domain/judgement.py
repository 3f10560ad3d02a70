"""The one place where a command meets its rule: first what the clock has made happen, then what the command may.

`judge(command, world)` is pure: the same command in the same world gets the same verdict, today and in ten years.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, NamedTuple, assert_never

from domain import clock
from domain.case import decisions as case
from domain.case.commands import CaseCommand
from domain.commands import AnyCommand
from domain.conduct import decisions as conduct
from domain.conduct.decisions import ConductCommand
from domain.contract import decisions as contract
from domain.contract.decisions import SignContract
from domain.customer import decisions as customer
from domain.customer.decisions import CustomerCommand
from domain.deal import decisions as deal
from domain.deal.decisions import DealCommand
from domain.engine import ENGINE, ENGINES, Engine
from domain.fact import Sight
from domain.facts import Answer, AnyFact
from domain.lead import decisions as lead
from domain.lead.decisions import LeadCommand
from domain.mentorship import decisions as mentorship
from domain.mentorship.decisions import MentorshipCommand
from domain.organisation import decisions as organisation
from domain.organisation.decisions import OrganisationCommand
from domain.payee import decisions as payee
from domain.payee.decisions import PayeeCommand
from domain.payment import decisions as payment
from domain.payment.decisions import PaymentCommand
from domain.payroll import decisions as payroll
from domain.payroll.decisions import PayrollCommand
from domain.permissions import not_permitted
from domain.person import decisions as person
from domain.person.decisions import PersonCommand
from domain.policy import decisions as policy
from domain.policy.decisions import PublishPolicy
from domain.pool import decisions as pool
from domain.pool.decisions import ClaimCustomer, PoolCommand
from domain.refusals import Code, Refusal
from domain.role import decisions as role
from domain.role.decisions import RoleCommand
from domain.visit import decisions as visit
from domain.visit.decisions import VisitCommand
from domain.world import World

NOW: Final = ENGINES[ENGINE]
"""The version of the rules by which is judged unless an older one is asked for."""

TOLERANCE_BEFORE_ANY_POLICY: Final = timedelta(minutes=5)
"""How far clocks may differ while no policy in force says it."""


class Verdict(NamedTuple):
    """What is recorded because of a command, and, if it was refused, why.

    A refused command may still leave facts: those of the clock, and the attempt where the business keeps it.
    """

    facts: Sequence[AnyFact] = ()
    refusal: Refusal | None = None


def sight(command: AnyCommand, world: World) -> Sight:
    """What must be in the world before the command can be judged; ask again after filling it, until it is all there."""
    return command.sees(world)


def judge(
    command: AnyCommand, world: World, seen: Sight | None = None, engine: Engine = NOW, asker: str | None = None
) -> Verdict:
    """Judge a command. What the clock has to tell of the histories in sight comes first, dated to its own instants.

    `seen` is the command's sight of this world, from whoever has asked for it already. `engine` is the version of the rules
    to judge by. `asker` is who asks, where that is proven: the table of permissions is asked first, with
    `permissions.sight` in the world. Every command can be refused with `in-the-future`; what else is said at its decision.
    A command from a clock that is ahead of ours is judged at its time.
    """
    if early := in_the_future(command, world):
        return Verdict(refusal=early)
    world = world if command.at <= world.now else replace(world, now=command.at)
    if engine.version != world.engine:
        world = replace(world, engine=engine.version)
    told = (engine.due or clock.due)(world, (seen or command.sees(world)).streams)
    world = world.after(told) if told else world
    denied = not_permitted(command, asker, world) if asker else None
    former = engine.former.get(type(command))
    answer = denied or (former(command, world) if former else decide(command, world))
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


def decide(command: AnyCommand, world: World) -> Answer:
    """Ask the command's own story."""
    if isinstance(command, PoolCommand):
        return pool.decide(command, world)
    if isinstance(command, CustomerCommand):
        return customer.decide(command, world)
    if isinstance(command, LeadCommand):
        return lead.decide(command, world)
    if isinstance(command, VisitCommand):
        return visit.decide(command, world)
    if isinstance(command, DealCommand):
        return deal.decide(command, world)
    if isinstance(command, RoleCommand):
        return role.decide(command, world)
    if isinstance(command, SignContract):
        return contract.sign(command, world)
    if isinstance(command, PaymentCommand):
        return payment.decide(command, world)
    if isinstance(command, MentorshipCommand):
        return mentorship.decide(command, world)
    if isinstance(command, OrganisationCommand):
        return organisation.decide(command, world)
    if isinstance(command, CaseCommand):
        return case.decide(command, world)
    if isinstance(command, ConductCommand):
        return conduct.decide(command, world)
    if isinstance(command, PersonCommand):
        return person.decide(command, world)
    if isinstance(command, PayrollCommand):
        return payroll.decide(command, world)
    if isinstance(command, PayeeCommand):
        return payee.decide(command, world)
    if isinstance(command, PublishPolicy):
        return policy.publish(command, world)
    assert_never(command)
