"""Events of the story `pool`, written from the ledger's own by `python -m consumers.models`."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact


class CustomerClaimed(Fact):
    kind: Literal["customer-claimed.v1"] = "customer-claimed.v1"
    customer: str
    rep: str
    deadline: AwareDatetime | None
    warn_at: AwareDatetime | None
    cap: AwareDatetime | None
    day: date
    tier: Literal["ordinary", "close", "won"]
    policy: str


class ClaimRefused(Fact):
    kind: Literal["claim-refused.v1"] = "claim-refused.v1"
    customer: str
    rep: str
    code: str
    clause: str
    rival: str | None = None
    rival_position: int | None = None
    rival_at: AwareDatetime | None = None
    until: AwareDatetime | None = None


class CustomerReleased(Fact):
    kind: Literal["customer-released.v1"] = "customer-released.v1"
    customer: str
    former_owner: str
    tier: Literal["ordinary", "close", "won"]
    policy: str


class CustomerDropped(Fact):
    kind: Literal["customer-dropped.v1"] = "customer-dropped.v1"
    customer: str
    former_owner: str
    tier: Literal["ordinary", "close", "won"]
    trigger: Literal["deadline", "departure"]
    clause: str


class CustomerReassigned(Fact):
    kind: Literal["customer-reassigned.v1"] = "customer-reassigned.v1"
    customer: str
    former_owner: str | None
    owner: str
    by: str
    ground: str
    tier: Literal["ordinary", "close", "won"]
    deadline: AwareDatetime | None
    warn_at: AwareDatetime | None
    cap: AwareDatetime | None
    policy: str


class RetentionWarned(Fact):
    kind: Literal["retention-warned.v1"] = "retention-warned.v1"
    customer: str
    owner: str
    deadline: AwareDatetime


class RetentionExtended(Fact):
    kind: Literal["retention-extended.v1"] = "retention-extended.v1"
    customer: str
    owner: str
    visit: str
    deadline: AwareDatetime
    warn_at: AwareDatetime | None
    clause: str


class TierChanged(Fact):
    kind: Literal["tier-changed.v1"] = "tier-changed.v1"
    customer: str
    owner: str | None
    old: Literal["ordinary", "close", "won"]
    new: Literal["ordinary", "close", "won"]
    ground: str
