"""Who earned which part of the commission: pure arithmetic over a deal's history and the plan that its contract pinned.

For each receipt: `pool = floor(rate x (net received - platform fee))`. The pool is split by the plan's roles (`money.split`);
an empty role falls to the plan's fallback; a role's parts and a payee's sharing agreement are split the same way. Lines of a
receipt always sum to its pool, refunds included, so refunding all nets zero for every payee.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.contract.facts import ContractSigned
from domain.fact import Part
from domain.money import WHOLE, part_of, split
from domain.payment.facts import Receipt
from domain.policy.terms import CommissionPlan, PlanRole, PolicyVersion
from domain.role.facts import Tenure
from domain.streams import DealStream


@dataclass(frozen=True, slots=True)
class Pool:
    """What a receipt leaves to divide, in minor units: `amount = floor((net - fee) x rate)`."""

    net: int
    fee: int
    rate: int
    amount: int


@dataclass(frozen=True, slots=True)
class Slice:
    """One step of a division in minor units: `bps` of `whole` is `floor`, and `amount` with the leftover unit, if it got one."""

    whole: int
    bps: int
    floor: int
    amount: int

    @property
    def leftover(self) -> int:
        return self.amount - self.floor


@dataclass(frozen=True, slots=True)
class Line:
    """What one payee earns of one receipt for one role, in minor units, and how that was reckoned.

    `of` is whose earning it is before a sharing agreement: the payee's own, or that of who shares it. `payee` is None where
    nobody holds the role nor any it falls back to. `held_by` is the role whose holder is paid, the role itself or its
    fallback. Positions are those of the events that decided it.
    """

    payment: str
    role: str
    of: str | None
    payee: str | None
    amount: int
    currency: str
    policy: str
    plan_hash: str
    receipt_position: int
    pool: Pool
    share: Slice
    held_by: str
    part: Slice
    ground: str
    ground_position: int
    sharing: Slice | None = None
    sharing_ground: str | None = None
    sharing_position: int | None = None

    @property
    def key(self) -> tuple[str, str, str | None, str | None]:
        """What makes it the same line when the deal is attributed again."""
        return (self.payment, self.role, self.of, self.payee)


def attribute(stream: DealStream, plan: PolicyVersion) -> list[Line]:
    """Every line of every receipt of a deal, in the order of receipts and of the plan's roles.

    `plan` is the version that the contract pinned. Empty without a contract or a receipt. A receipt from before the signing
    is divided as at the signing.
    """
    signing = stream.contract.signing
    if signing is None:
        return []
    return [
        line
        for payment, receipt in stream.payments.received.items()
        for line in lines_of(payment, receipt, signing, stream, plan)
    ]


def lines_of(
    payment: str, receipt: Receipt, signing: ContractSigned, stream: DealStream, plan: PolicyVersion
) -> Iterator[Line]:
    at = max(receipt.at, signing.at)
    pool = pool_of(receipt.net, plan.commission)
    roles = plan.commission.roles
    for role, share in zip(roles, slices(pool.amount, [role.share for role in roles]), strict=True):
        holder, tenure = holder_of(role, at, stream, plan.commission)
        for of, part in parted(tenure.parts if tenure else (), share.amount):
            for payee, amount, sharing in shared(of, part.amount, at, stream):
                agreement = stream.sharings.of(of, at) if of and sharing else None
                yield Line(
                    payment=payment,
                    role=role.role,
                    of=of,
                    payee=payee,
                    amount=amount,
                    currency=signing.currency,
                    policy=plan.policy,
                    plan_hash=signing.plan_hash,
                    receipt_position=receipt.position,
                    pool=pool,
                    share=share,
                    held_by=holder.role,
                    part=part,
                    ground=tenure.ground if tenure else "nobody holds the role, nor any it falls back to",
                    ground_position=tenure.position if tenure else 0,
                    sharing=sharing,
                    sharing_ground=agreement.ground if agreement else None,
                    sharing_position=agreement.position if agreement else None,
                )


def pool_of(net: int, plan: CommissionPlan) -> Pool:
    """The pool of what was received net of refunds, in minor units.

    >>> from domain.policy.terms import CommissionPlan, PlanRole
    >>> closer = PlanRole(role="CLOSER", share=10000, earned_by="signed-contract", held="pinned")
    >>> pool_of(5_000_003, CommissionPlan(rate=10000, fee=1000, roles=(closer,)))
    Pool(net=5000003, fee=500000, rate=10000, amount=4500003)
    """
    fee = part_of(net, plan.fee)
    return Pool(net=net, fee=fee, rate=plan.rate, amount=part_of(net - fee, plan.rate))


def slices(whole: int, shares: list[int]) -> list[Slice]:
    """The division of an amount, each step shown."""
    return [
        Slice(whole=whole, bps=bps, floor=whole * bps // sum(shares), amount=amount)
        for bps, amount in zip(shares, split(whole, shares), strict=True)
    ]


def holder_of(role: PlanRole, at: datetime, stream: DealStream, plan: CommissionPlan) -> tuple[PlanRole, Tenure | None]:
    """Who is paid for a role: its holder at that time, or that of the first role held on the way of its fallbacks."""
    seen: set[str] = set()
    each: PlanRole | None = role
    while each and each.role not in seen:
        seen.add(each.role)
        tenure = stream.roles.tenure(each.role, at)
        if tenure and tenure.parts:
            return each, tenure
        each = plan.role(each.fallback) if each.fallback else None
    return role, None


def parted(parts: tuple[Part, ...], amount: int) -> Iterator[tuple[str | None, Slice]]:
    """A role's amount among those who hold it; all of it to nobody where nobody does."""
    if not parts:
        yield None, Slice(whole=amount, bps=WHOLE, floor=amount, amount=amount)
        return
    for part, step in zip(parts, slices(amount, [part.bps for part in parts]), strict=True):
        yield part.rep, step


def shared(
    of: str | None, amount: int, at: datetime, stream: DealStream
) -> Iterator[tuple[str | None, int, Slice | None]]:
    """A holder's amount among those with whom it is shared; all of it the holder's own where nothing was agreed."""
    agreement = stream.sharings.of(of, at) if of else None
    if agreement is None:
        yield of, amount, None
        return
    for part, step in zip(agreement.parts, slices(amount, [part.bps for part in agreement.parts]), strict=True):
        yield part.rep, step.amount, step
