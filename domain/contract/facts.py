"""The signed contract and its milestones."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime

from domain.fact import Id, OfDeal
from domain.money import Currency, Minor


class ContractSigned(OfDeal):
    """Pins the commission plan: `policy` is the version in force, `plan_hash` its content hash."""

    kind: Literal["contract-signed.v1"] = "contract-signed.v1"
    contract: Id
    customer: Id
    rep: Id
    amount: Minor
    currency: Currency
    policy: Id
    plan_hash: str


class MilestoneScheduled(OfDeal):
    """A part of the contract's amount. `due` and `overdue_at` are None while no date is agreed."""

    kind: Literal["milestone-scheduled.v1"] = "milestone-scheduled.v1"
    milestone: Id
    amount: Minor
    due: AwareDatetime | None = None
    overdue_at: AwareDatetime | None = None


class MilestoneDue(OfDeal):
    kind: Literal["milestone-due.v1"] = "milestone-due.v1"
    milestone: Id
    amount: Minor
    overdue_at: AwareDatetime | None = None


class MilestoneOverdue(OfDeal):
    kind: Literal["milestone-overdue.v1"] = "milestone-overdue.v1"
    milestone: Id
    open_amount: Minor


ContractFact = ContractSigned | MilestoneScheduled | MilestoneDue | MilestoneOverdue


@dataclass(frozen=True, slots=True)
class Milestone:
    amount: int
    due: datetime | None = None
    overdue_at: datetime | None = None
    told: Literal["nothing", "due", "overdue"] = "nothing"


@dataclass(frozen=True, slots=True)
class Contract:
    """The deal's contract and its milestones by name, in the contract's order."""

    signing: ContractSigned | None = None
    position: int = 0
    milestones: dict[str, Milestone] = field(default_factory=dict)

    @property
    def is_signed(self) -> bool:
        return self.signing is not None


def evolve(contract: Contract, fact: ContractFact, position: int = 0) -> Contract:
    match fact:
        case ContractSigned():
            return replace(contract, signing=fact, position=position)
        case MilestoneScheduled():
            milestone = Milestone(fact.amount, fact.due, fact.overdue_at)
            return replace(contract, milestones={**contract.milestones, fact.milestone: milestone})
        case MilestoneDue():
            return told(contract, fact.milestone, "due")
        case MilestoneOverdue():
            return told(contract, fact.milestone, "overdue")
    assert_never(fact)


def told(contract: Contract, name: str, what: Literal["due", "overdue"]) -> Contract:
    milestone = replace(contract.milestones[name], told=what)
    return replace(contract, milestones={**contract.milestones, name: milestone})
