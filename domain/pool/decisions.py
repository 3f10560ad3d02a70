"""What the pool allows. Every rule of holding and letting go stands here, in the order in which it is judged."""

from collections.abc import Sequence
from typing import Literal, assert_never

from domain.authority import has_duty, is_superior, not_working, reserved
from domain.effects import claims_of, close_of, held_by
from domain.fact import SYSTEM, CommandOnCustomer, Id, Sight, Text
from domain.handover import handed_over
from domain.policy.terms import PolicyVersion
from domain.pool.facts import (
    ClaimRefused,
    CustomerClaimed,
    CustomerReleased,
    Holding,
    PoolFact,
    TierChanged,
    taken_over,
)
from domain.quota import claims_quota, close_quota, held_quota
from domain.refusals import Code, Refusal
from domain.retention import first_deadline
from domain.standing import expected_amount, in_the_way, not_live, not_the_owner
from domain.world import World

Answer = Sequence[PoolFact] | Refusal


class ClaimCustomer(CommandOnCustomer):
    """Take a customer from the public pool into the rep's own."""

    name: Literal["claim-customer"] = "claim-customer"
    rep: Id

    def sees(self, world: World) -> Sight:
        policy = world.policy(self.at, self.rep)
        if policy is None:
            return Sight(streams=(self.stream,))
        day = self.at.astimezone(policy.zone).date()
        return Sight(
            streams=(self.stream, *world.lapsed(self.rep)),
            tallies=(held_by(self.rep), claims_of(self.rep, day)),
            lapsing=(self.rep,),
        )


class ReleaseCustomer(CommandOnCustomer):
    """Give a customer back to the public pool."""

    name: Literal["release-customer"] = "release-customer"
    rep: Id


class ReassignCustomer(CommandOnCustomer):
    """Move a customer to another rep, by authority. `actor` is the lead, manager or committee member who does it."""

    name: Literal["reassign-customer"] = "reassign-customer"
    to: Id
    ground: Text


class ChangeTier(CommandOnCustomer):
    """Say that a customer is close to signing, or no longer is."""

    name: Literal["change-tier"] = "change-tier"
    rep: Id
    tier: Literal["ordinary", "close"]
    ground: Text

    def sees(self, world: World) -> Sight:
        return Sight(streams=(self.stream, *world.lapsed(self.rep)), tallies=(close_of(self.rep),), lapsing=(self.rep,))


class BringClock(CommandOnCustomer):
    """Bring in what the clock has made happen to a customer; the sweeper's command, which decides nothing."""

    name: Literal["bring-clock"] = "bring-clock"


PoolCommand = ClaimCustomer | ReleaseCustomer | ReassignCustomer | ChangeTier | BringClock


def decide(command: PoolCommand, world: World) -> Answer:
    match command:
        case ClaimCustomer():
            return claim(command, world)
        case ReleaseCustomer():
            return release(command, world)
        case ReassignCustomer():
            return reassign(command, world)
        case ChangeTier():
            return change_tier(command, world)
        case BringClock():
            return ()
    assert_never(command)


def claim(command: ClaimCustomer, world: World) -> Answer:
    """Take a free customer into the rep's private pool. A won one does not count against what the rep may hold.

    Refuses with `no-policy`, `unknown-rep` or `rep-left`, `unknown-customer`, `customer-merged`, `customer-held`,
    `overtaken`, `cooling-down`, `pool-full` or `claims-spent`, in this order.
    """
    stream = world.customer(command.customer)
    holding = stream.holding
    policy = world.policy(command.at, command.rep)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.rep, command.at, policy.clause("who-may-claim")):
        return absent
    if unknown := not_live(stream, policy.clause("identity")):
        return unknown
    if holding.owner:
        return in_the_way(Code.CUSTOMER_HELD, holding, policy.clause("one-owner"))
    if holding.since and command.at < holding.since:
        return Refusal(
            code=Code.OVERTAKEN,
            clause=policy.clause("one-owner"),
            rival=holding.given_up[-1].owner if holding.given_up else None,
            rival_position=holding.position or None,
            rival_at=holding.since,
        )
    if wait := cooling_down(command, holding, policy):
        return wait
    quota = policy.pool.quota
    own = tuple(world.organisation.own_quotas(command.rep, command.at))
    won = holding.tier == "won"
    if not won and world.tally(held_by(command.rep)) >= held_quota(own, quota):
        return Refusal(code=Code.POOL_FULL, clause=policy.clause("quota/held"), rival=command.rep)
    day = command.at.astimezone(policy.zone).date()
    if world.tally(claims_of(command.rep, day)) >= claims_quota(own, quota):
        return Refusal(code=Code.CLAIMS_SPENT, clause=policy.clause("quota/claims-a-day"), rival=command.rep)

    deadline = first_deadline(policy.pool.retention, expected_amount(stream), command.at)
    return [
        CustomerClaimed(
            at=command.at,
            customer=command.customer,
            rep=command.rep,
            deadline=None if won else deadline.at,
            warn_at=None if won else deadline.warn_at,
            cap=None if won else deadline.cap,
            day=day,
            tier=taken_over(holding.tier),
            policy=policy.policy,
        )
    ]


def release(command: ReleaseCustomer, world: World) -> Answer:
    """Give a customer back. Refuses with `unknown-customer`, `customer-merged`, `not-held`, `not-owner` or `overtaken`."""
    stream = world.customer(command.customer)
    if unknown := not_live(stream, "pool/release"):
        return unknown
    if refusal := not_the_owner(command.rep, command.at, stream.holding):
        return refusal
    return [
        CustomerReleased(
            at=command.at,
            customer=command.customer,
            former_owner=command.rep,
            tier=stream.holding.tier,
            policy=stream.holding.policy or "",
        )
    ]


def reassign(command: ReassignCustomer, world: World) -> Answer:
    """Move a customer, or assign a free one, by authority. Quotas do not bind whoever decides; they count all the same.

    Refuses with `no-policy`, `unknown-rep` or `rep-left`, `unknown-customer`, `customer-merged`, `customer-held` (by the
    same rep), `overtaken`, `not-allowed` or `outside-subtree`.
    """
    stream = world.customer(command.customer)
    holding = stream.holding
    policy = world.policy(command.at, command.to)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.to, command.at, policy.clause("reassignment")):
        return absent
    if unknown := not_live(stream, policy.clause("identity")):
        return unknown
    if holding.owner == command.to:
        return in_the_way(Code.CUSTOMER_HELD, holding, policy.clause("reassignment"))
    if holding.since and command.at < holding.since:
        return in_the_way(Code.OVERTAKEN, holding, policy.clause("reassignment"))
    if refusal := reserved(
        world, command.actor, command.at, "lead", "manager", "committee", clause=policy.clause("reassignment")
    ):
        return refusal
    if outside := outside_subtree(command, world, holding, policy):
        return outside
    moved = handed_over(
        command.customer, stream, command.to, by=command.actor, ground=command.ground, at=command.at, policy=policy
    )
    return [moved]


def change_tier(command: ChangeTier, world: World) -> Answer:
    """Move a customer between ordinary and close. Won is the contract's to say.

    Refuses with `unknown-customer`, `customer-merged`, `not-held`, `not-owner`, `overtaken`, `no-policy`,
    `won-needs-contract`, `tier-unchanged` or `close-full`, in this order.
    """
    stream = world.customer(command.customer)
    holding = stream.holding
    if unknown := not_live(stream, "pool/tier"):
        return unknown
    if refusal := not_the_owner(command.rep, command.at, holding):
        return refusal
    policy = world.policy(command.at, command.rep)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if holding.tier == "won":
        return Refusal(code=Code.WON_NEEDS_CONTRACT, clause=policy.clause("tier"))
    if holding.tier == command.tier:
        return Refusal(code=Code.TIER_UNCHANGED, clause=policy.clause("tier"))
    own, joined = world.organisation.own_quotas(command.rep, command.at), world.organisation.reps[command.rep].joined
    most = close_quota(own, policy.pool.quota, joined, command.at)
    if command.tier == "close" and world.tally(close_of(command.rep)) >= most:
        return Refusal(code=Code.CLOSE_FULL, clause=policy.clause("quota/close"), rival=command.rep)
    return [
        TierChanged(
            at=command.at,
            customer=command.customer,
            owner=command.rep,
            old=holding.tier,
            new=command.tier,
            ground=command.ground,
        )
    ]


def attempt(command: ClaimCustomer, refusal: Refusal) -> list[ClaimRefused]:
    """What the business keeps of a refused claim: that it was made, and who or what stood in the way."""
    kept = {Code.CUSTOMER_HELD, Code.OVERTAKEN, Code.COOLING_DOWN, Code.POOL_FULL, Code.CLAIMS_SPENT}
    if refusal.code not in kept:
        return []
    return [
        ClaimRefused(
            at=command.at,
            customer=command.customer,
            rep=command.rep,
            code=refusal.code,
            clause=refusal.clause,
            rival=refusal.rival,
            rival_position=refusal.rival_position,
            rival_at=refusal.rival_at,
            until=refusal.until,
        )
    ]


def cooling_down(command: ClaimCustomer, holding: Holding, policy: PolicyVersion) -> Refusal | None:
    for given_up in reversed(holding.given_up):
        free_again = given_up.at + policy.pool.cool_down
        if given_up.owner == command.rep and command.at < free_again:
            return Refusal(
                code=Code.COOLING_DOWN,
                clause=policy.clause("cool-down"),
                rival=given_up.owner,
                rival_at=given_up.at,
                until=free_again,
            )
    return None


def outside_subtree(command: ReassignCustomer, world: World, holding: Holding, policy: PolicyVersion) -> Refusal | None:
    if command.actor == SYSTEM or has_duty(world, command.actor, command.at, "committee"):
        return None
    owner_working = holding.owner and world.organisation.post(holding.owner, command.at)
    concerned = [command.to, holding.owner] if owner_working and holding.owner else [command.to]
    for rep in concerned:
        if not is_superior(world, command.actor, rep, command.at):
            return Refusal(code=Code.OUTSIDE_SUBTREE, clause=policy.clause("reassignment"), rival=rep)
    return None
