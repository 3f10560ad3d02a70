"""How a deal moves: stage by stage, each with its artefact; only a manager skips."""

from collections.abc import Sequence
from typing import Literal, assert_never

from domain.authority import has_duty, not_working
from domain.credit import earned_by_artefact
from domain.deal.facts import DealFact, DealLost, DealOpened, StageAdvanced, StageReverted
from domain.fact import Artefact, CommandOnDeal, Id, Sight, Text, customer_stream, deal_stream
from domain.mentorship.facts import SharingAgreed
from domain.money import Currency, Minor
from domain.policy.terms import PolicyVersion
from domain.refusals import Code, Refusal
from domain.role.facts import RoleEarned
from domain.sharing import bound_since_signing
from domain.standing import deal_and_customer, not_live, not_open, plan_of
from domain.streams import DealStream
from domain.world import World

Answer = Sequence[DealFact | RoleEarned | SharingAgreed] | Refusal


class OpenDeal(CommandOnDeal):
    """Open a deal with a customer, at the policy's first stage or a given one."""

    name: Literal["open-deal"] = "open-deal"
    customer: Id
    rep: Id
    stage: Id | None = None
    product: Id | None = None
    expected_amount: Minor | None = None
    currency: Currency | None = None

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(deal_stream(self.deal), customer_stream(self.customer)))


class AdvanceStage(CommandOnDeal):
    """Move a deal to a later stage, with the artefact that the stage needs."""

    name: Literal["advance-stage"] = "advance-stage"
    rep: Id
    stage: Id
    artefact: Artefact | None = None

    def sees(self, world: World) -> Sight:
        return deal_and_customer(self.deal, world)


class RevertStage(CommandOnDeal):
    """Move a deal back to an earlier stage."""

    name: Literal["revert-stage"] = "revert-stage"
    stage: Id
    ground: Text


class LoseDeal(CommandOnDeal):
    """Say that a deal will not come."""

    name: Literal["lose-deal"] = "lose-deal"
    rep: Id
    ground: Text


class BringDealClock(CommandOnDeal):
    """Bring in what the clock has made happen to a deal; the sweeper's command, which decides nothing."""

    name: Literal["bring-deal-clock"] = "bring-deal-clock"


DealCommand = OpenDeal | AdvanceStage | RevertStage | LoseDeal | BringDealClock


def decide(command: DealCommand, world: World) -> Answer:
    match command:
        case OpenDeal():
            return open_deal(command, world)
        case AdvanceStage():
            return advance(command, world)
        case RevertStage():
            return revert(command, world)
        case LoseDeal():
            return lose(command, world)
        case BringDealClock():
            return ()
    assert_never(command)


def open_deal(command: OpenDeal, world: World) -> Answer:
    """Open a deal. A rep need not own the customer: what is earned is decided by roles, not by ownership.

    Refuses with `id-taken`, `unknown-customer` or `customer-merged`, `no-policy`, `unknown-rep` or `rep-left`,
    `unknown-stage` or `not-signed` (a stage that needs a contract), in this order.
    """
    if world.deal(command.deal).deal.opening:
        return Refusal(code=Code.ID_TAKEN, clause="deal", rival=command.deal)
    if unknown := not_live(world.customer(command.customer), "deal"):
        return unknown
    policy = world.policy(command.at, command.rep, command.product)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.rep, command.at, policy.clause("stages")):
        return absent
    stage = command.stage or policy.stages[0].stage
    index = policy.stage_index(stage)
    if index is None:
        return unknown_stage(stage, policy)
    if index >= (policy.stage_index(policy.signed_stage) or 0):
        return Refusal(code=Code.NOT_SIGNED, clause=policy.clause("stages"))
    return [
        DealOpened(
            at=command.at,
            deal=command.deal,
            customer=command.customer,
            rep=command.rep,
            stage=stage,
            product=command.product,
            expected_amount=command.expected_amount,
            currency=command.currency,
            policy=policy.policy,
        )
    ]


def advance(command: AdvanceStage, world: World) -> Answer:
    """Advance a deal; the artefact earns the roles that the plan gives for it, as far as nobody holds them.

    Refuses with `unknown-deal` or `deal-closed`, `unknown-rep` or `rep-left`, `unknown-stage`, `stage-order`, `not-signed`
    or `artefact-missing`, in this order. The signed stage is reached by signing the contract.
    """
    stream = world.deal(command.deal)
    if closed := not_open(stream):
        return closed
    policy = plan_of(stream, world, command.at)
    if absent := not_working(world, command.rep, command.at, policy.clause("stages")):
        return absent
    target = policy.stage_index(command.stage)
    if target is None:
        return unknown_stage(command.stage, policy)
    skipped = stages_between(stream, command.stage, policy)
    if refusal := out_of_order(stream, skipped, command.stage, command.actor, command, policy, world):
        return refusal
    if target >= (policy.stage_index(policy.signed_stage) or 0) and not stream.contract.is_signed:
        return Refusal(code=Code.NOT_SIGNED, clause=policy.clause("stages"))
    wanted = policy.stages[target].artefact
    if wanted and (command.artefact is None or command.artefact.kind != wanted):
        return Refusal(code=Code.ARTEFACT_MISSING, clause=policy.clause("stages"), detail=f"It needs: {wanted}.")
    advanced = StageAdvanced(
        at=command.at,
        deal=command.deal,
        rep=command.rep,
        former=stream.deal.stage or "",
        stage=command.stage,
        artefact=command.artefact,
        skipped=skipped,
        clause=policy.clause("stages"),
    )
    if command.artefact is None:
        return [advanced]
    earned = tuple(earned_by_artefact(command.artefact, command.rep, command.at, stream, policy, command.deal))
    return [advanced, *earned, *bound_since_signing(earned[:1], stream, world)]


def revert(command: RevertStage, world: World) -> Answer:
    """Move a deal back. Refuses with `unknown-deal`, `deal-closed`, `unknown-stage`, `already-signed` or `stage-order`."""
    stream = world.deal(command.deal)
    if closed := not_open(stream):
        return closed
    policy = plan_of(stream, world, command.at)
    target, now = policy.stage_index(command.stage), policy.stage_index(stream.deal.stage or "")
    if target is None or now is None:
        return unknown_stage(command.stage, policy)
    if stream.contract.is_signed and target < (policy.stage_index(policy.signed_stage) or 0):
        position = stream.contract.position or None
        return Refusal(code=Code.ALREADY_SIGNED, clause=policy.clause("stages"), rival_position=position)
    if target >= now:
        detail = f"The deal stands at {stream.deal.stage}."
        return Refusal(code=Code.STAGE_ORDER, clause=policy.clause("stages"), detail=detail)
    return [
        StageReverted(
            at=command.at,
            deal=command.deal,
            by=command.actor,
            former=stream.deal.stage or "",
            stage=command.stage,
            ground=command.ground,
        )
    ]


def lose(command: LoseDeal, world: World) -> Answer:
    """Close a deal without a contract.

    Refuses with `unknown-deal`, `deal-closed`, `already-signed`, `unknown-rep` or `rep-left`.
    """
    stream = world.deal(command.deal)
    if closed := not_open(stream):
        return closed
    if stream.contract.is_signed:
        return Refusal(code=Code.ALREADY_SIGNED, clause="deal", rival_position=stream.contract.position or None)
    if absent := not_working(world, command.rep, command.at, "deal"):
        return absent
    stage = stream.deal.stage or ""
    return [DealLost(at=command.at, deal=command.deal, rep=command.rep, stage=stage, ground=command.ground)]


def stages_between(stream: DealStream, stage: str, policy: PolicyVersion) -> tuple[str, ...]:
    """The stages passed over on the way from where the deal stands."""
    now, target = policy.stage_index(stream.deal.stage or "") or 0, policy.stage_index(stage) or 0
    return tuple(each.stage for each in policy.stages[now + 1 : target])


def out_of_order(
    stream: DealStream,
    skipped: tuple[str, ...],
    stage: str,
    actor: str,
    command: CommandOnDeal,
    policy: PolicyVersion,
    world: World,
) -> Refusal | None:
    now, target = policy.stage_index(stream.deal.stage or "") or 0, policy.stage_index(stage) or 0
    clause = policy.clause("stages/order")
    if target <= now:
        return Refusal(code=Code.STAGE_ORDER, clause=clause, detail=f"The deal stands at {stream.deal.stage}.")
    if skipped and not has_duty(world, actor, command.at, "manager"):
        return Refusal(code=Code.STAGE_ORDER, clause=clause, detail=f"Skipped: {', '.join(skipped)}.")
    return None


def unknown_stage(stage: str, policy: PolicyVersion) -> Refusal:
    known = ", ".join(each.stage for each in policy.stages)
    return Refusal(code=Code.UNKNOWN_STAGE, clause=policy.clause("stages"), rival=stage, detail=f"Stages: {known}.")
