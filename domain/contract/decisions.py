"""Signing a contract: it pins the plan and the roles, wins the customer, and schedules what is to be paid."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.authority import not_working
from domain.contract.facts import ContractFact, ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.credit import SIGNED_CONTRACT, earned_at_signing
from domain.deal.decisions import out_of_order, stages_between
from domain.deal.facts import StageAdvanced
from domain.fact import Artefact, CommandOnDeal, Id, Instant, Sight
from domain.mentorship.facts import SharingAgreed
from domain.money import WHOLE, Currency, Minor, split
from domain.policy.terms import PolicyVersion
from domain.pool.facts import TierChanged
from domain.refusals import Code, Refusal
from domain.role.facts import RoleEarned, RoleExpired
from domain.sharing import sharings_bound
from domain.standing import carried_on, deal_and_customer, not_open
from domain.streams import DealStream
from domain.world import World

Answer = Sequence[ContractFact | StageAdvanced | RoleEarned | RoleExpired | SharingAgreed | TierChanged] | Refusal


class AgreedMilestone(BaseModel):
    """A part of the contract, by its amount or by its share in basis points; `due` when a date is agreed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    milestone: Id
    amount: Minor | None = None
    share: Annotated[int, Field(gt=0)] | None = None
    due: Instant | None = None


class SignContract(CommandOnDeal):
    """Sign the deal's contract. Without milestones it is paid as it is paid; `usual_milestones` takes the policy's."""

    name: Literal["sign-contract"] = "sign-contract"
    contract: Id
    rep: Id
    amount: Minor
    currency: Currency
    milestones: tuple[AgreedMilestone, ...] = ()
    usual_milestones: bool = False

    def sees(self, world: World) -> Sight:
        return deal_and_customer(self.deal, world)


def sign(command: SignContract, world: World) -> Answer:
    """Sign. The plan is the version in force at the signing; roles up to here are pinned.

    Refuses with `unknown-deal` or `deal-closed`, `already-signed`, `no-policy`, `unknown-rep` or `rep-left`, `stage-order`
    or `milestones-not-whole`, in this order.
    """
    stream = world.deal(command.deal)
    opening = stream.deal.opening
    closed = not_open(stream)
    if closed or opening is None:
        return closed or Refusal(code=Code.UNKNOWN_DEAL, clause="deal")
    if stream.contract.is_signed:
        return Refusal(code=Code.ALREADY_SIGNED, clause="contract", rival_position=stream.contract.position or None)
    policy = world.policy(command.at, command.rep, opening.product)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.rep, command.at, policy.clause("contract")):
        return absent
    skipped = stages_between(stream, policy.signed_stage, policy)
    if refusal := out_of_order(stream, skipped, policy.signed_stage, command.actor, command, policy, world):
        return refusal
    amounts = milestone_amounts(command, policy)
    names = {each.milestone for each in command.milestones}
    if sum(amounts) not in (0, command.amount) or 0 in amounts or len(names) != len(command.milestones):
        detail = f"They sum to {sum(amounts)}, the contract is {command.amount}."
        return Refusal(code=Code.MILESTONES_NOT_WHOLE, clause=policy.clause("contract/milestones"), detail=detail)

    customer = world.customer(opening.customer)
    signed = ContractSigned(
        at=command.at,
        deal=command.deal,
        contract=command.contract,
        customer=opening.customer,
        rep=command.rep,
        amount=command.amount,
        currency=command.currency,
        policy=policy.policy,
        plan_hash=world.policies.hashes[policy.policy],
    )
    advanced = StageAdvanced(
        at=command.at,
        deal=command.deal,
        rep=command.rep,
        former=stream.deal.stage or "",
        stage=policy.signed_stage,
        artefact=Artefact(kind=SIGNED_CONTRACT, ref=command.contract),
        skipped=skipped,
        clause=policy.clause("stages"),
    )
    roles = tuple(earned_at_signing(command.deal, command.at, command.rep, command.contract, stream, customer, policy))
    return [
        signed,
        advanced,
        *roles,
        *sharings_bound(command.deal, command.at, command.at, reps_of(stream, roles, command.at), customer, world),
        *scheduled(command, amounts, policy),
        *won(command, opening.customer, world),
    ]


def milestone_amounts(command: SignContract, policy: PolicyVersion) -> list[int]:
    """Each milestone's amount in minor units: as agreed, or split by shares so that they sum to the contract."""
    usual = [each.share for each in policy.contract.milestones]
    if command.usual_milestones and not command.milestones:
        return split(command.amount, usual) if usual else []
    shares = [each.share for each in command.milestones if each.share is not None]
    if shares:
        whole = len(shares) == len(command.milestones) and sum(shares) == WHOLE
        return split(command.amount, shares) if whole else [0]
    return [each.amount or 0 for each in command.milestones]


def scheduled(command: SignContract, amounts: Sequence[int], policy: PolicyVersion) -> Iterator[MilestoneScheduled]:
    late = timedelta(days=policy.contract.overdue_after_days)
    usual = [AgreedMilestone(milestone=each.milestone) for each in policy.contract.milestones]
    for agreed, amount in zip(command.milestones or usual, amounts, strict=False):
        yield MilestoneScheduled(
            at=command.at,
            deal=command.deal,
            milestone=agreed.milestone,
            amount=amount,
            due=agreed.due,
            overdue_at=agreed.due + late if agreed.due else None,
        )


def reps_of(stream: DealStream, at_signing: Sequence[RoleEarned | RoleExpired], at: datetime) -> list[str]:
    """Who holds a role of the deal once the contract is signed, each once."""
    before = [part.rep for role in stream.roles.tenures for part in stream.roles.holders(role, at)]
    return list(dict.fromkeys([*before, *(fact.rep for fact in at_signing if isinstance(fact, RoleEarned))]))


def won(command: SignContract, customer: str, world: World) -> list[TierChanged]:
    """The customer is won, and so is whichever record carries it on after a merge."""
    *_, live = carried_on(customer, world)
    holding = world.customer(live).holding
    if holding.tier == "won":
        return []
    ground = f"contract {command.contract}"
    return [TierChanged(at=command.at, customer=live, owner=holding.owner, old=holding.tier, new="won", ground=ground)]


def milestones_told(deal: str, stream: DealStream, now: datetime) -> list[MilestoneDue | MilestoneOverdue]:
    """What the clock has to tell of the milestones that are not paid in full: that they are due, and then overdue; of one
    that was paid, not before the money went back.
    """
    told: list[MilestoneDue | MilestoneOverdue] = []
    for name, each in stream.contract.milestones.items():
        left = each.amount - stream.payments.net_of(name)
        if left <= 0 or each.due is None or each.told == "overdue":
            continue
        since = stream.payments.reopened(name) or each.due
        if each.told == "nothing" and each.due <= now:
            at = max(each.due, since)
            told.append(MilestoneDue(at=at, deal=deal, milestone=name, amount=each.amount, overdue_at=each.overdue_at))
        if each.overdue_at and each.overdue_at <= now:
            at = max(each.overdue_at, since)
            told.append(MilestoneOverdue(at=at, deal=deal, milestone=name, open_amount=left))
    return told
