"""Events of the story `contract`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact


class ContractSigned(Fact):
    kind: Literal["contract-signed.v1"] = "contract-signed.v1"
    deal: str
    contract: str
    customer: str
    rep: str
    amount: int
    currency: str
    policy: str
    plan_hash: str


class MilestoneScheduled(Fact):
    kind: Literal["milestone-scheduled.v1"] = "milestone-scheduled.v1"
    deal: str
    milestone: str
    amount: int
    due: AwareDatetime | None = None
    overdue_at: AwareDatetime | None = None


class MilestoneDue(Fact):
    kind: Literal["milestone-due.v1"] = "milestone-due.v1"
    deal: str
    milestone: str
    amount: int
    overdue_at: AwareDatetime | None = None


class MilestoneOverdue(Fact):
    kind: Literal["milestone-overdue.v1"] = "milestone-overdue.v1"
    deal: str
    milestone: str
    open_amount: int
