"""How the difference between what is due and what was booked becomes a commission line, with its cause and its steps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, assert_never, cast

from domain.commission import Line, Slice
from domain.contract.facts import ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.deal.facts import DealLost, DealOpened, StageAdvanced, StageReverted
from domain.fact import case_stream
from domain.facts import DealStreamFact
from domain.mentorship.facts import SharingAgreed
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.payout.facts import PayoutHeld, PayoutReleased
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from domain.role.facts import RoleEarned, RoleExpired, RoleRevoked, RoleTransferred

Cause = Literal["payment", "refund", "role-earned", "transfer", "revocation", "expiry", "sharing", "signing", "ruling"]
Steps = dict[str, Any]
LineKey = tuple[str, str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class BookedLine:
    """An amount booked for one payee, in minor units; negative where it takes back.

    `period` is the month of booking: the cause's `recorded_at` in the time zone of the contract's policy. `of` is whose
    earning it is before a sharing agreement. `payee` is None where nobody holds the role nor any it falls back to.
    `derivation` has the steps: inputs, share, floor, leftover unit, fallback and sharing, what was booked `before`, and what
    is due `now`.
    """

    position: int
    number: int
    period: str
    recorded_at: datetime
    occurred_at: datetime
    deal: str
    customer: str
    payment: str
    role: str
    of: str | None
    payee: str | None
    amount: int
    currency: str
    cause: Cause
    policy: str
    plan_hash: str
    derivation: dict[str, Any]

    @property
    def line(self) -> str:
        """The line's id: the position of its cause, and its number among what that booked."""
        return f"{self.position}.{self.number}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What a line comes to now, and what is booked of it, in minor units. `line` is None where it is due no more."""

    key: LineKey
    before: int
    line: Line | None

    @property
    def due(self) -> int:
        return self.line.amount if self.line else 0


def cause_of(recorded: Recorded) -> Cause | None:
    """Why a fact changes what is due; None for a fact that cannot. What a case has caused is a ruling's, whatever it is."""
    cause = cause_by_kind(cast(DealStreamFact, recorded.fact))
    of_a_case = recorded.causation is not None and recorded.causation.startswith(case_stream(""))
    return "ruling" if cause and of_a_case else cause


def cause_by_kind(fact: DealStreamFact) -> Cause | None:
    match fact:
        case PaymentReceived():
            return "payment"
        case PaymentRefunded():
            return "refund"
        case RoleEarned():
            return "role-earned"
        case RoleTransferred():
            return "transfer"
        case RoleRevoked():
            return "revocation"
        case RoleExpired():
            return "expiry"
        case SharingAgreed():
            return "sharing"
        case ContractSigned():
            return "signing"
        case (
            DealOpened() | StageAdvanced() | StageReverted() | DealLost()
            | MilestoneScheduled() | MilestoneDue() | MilestoneOverdue() | PayoutHeld() | PayoutReleased()
        ):  # fmt: skip
            return None
    assert_never(fact)


def booked_line(
    recorded: Recorded,
    number: int,
    cause: Cause,
    difference: Difference,
    signing: ContractSigned,
    plan: PolicyVersion,
) -> BookedLine:
    """The line that books a difference under its cause."""
    key, line = difference.key, difference.line
    return BookedLine(
        position=recorded.position,
        number=number,
        period=recorded.recorded_at.astimezone(plan.zone).strftime("%Y-%m"),
        recorded_at=recorded.recorded_at,
        occurred_at=recorded.occurred_at,
        deal=signing.deal,
        customer=signing.customer,
        payment=key[0],
        role=key[1],
        of=key[2],
        payee=key[3],
        amount=difference.due - difference.before,
        currency=signing.currency,
        cause=cause,
        policy=plan.policy,
        plan_hash=signing.plan_hash,
        derivation={"before": difference.before, "now": difference.due, **(steps(line) if line else {})},
    )


def steps(line: Line) -> Steps:
    """How a line was reckoned, step by step, in minor units and basis points."""
    pool = line.pool
    found: Steps = {
        "receipt_position": line.receipt_position,
        "pool": {"net": pool.net, "fee": pool.fee, "rate": pool.rate, "amount": pool.amount},
        "share": step(line.share),
        "held_by": line.held_by,
        "part": step(line.part),
        "ground": line.ground,
        "ground_position": line.ground_position,
    }
    if line.sharing:
        found["sharing"] = step(line.sharing)
        found["sharing_ground"] = line.sharing_ground
        found["sharing_position"] = line.sharing_position
    return found


def step(cut: Slice) -> Steps:
    return {
        "whole": cut.whole,
        "bps": cut.bps,
        "floor": cut.floor,
        "amount": cut.amount,
        "leftover": cut.leftover,
    }
