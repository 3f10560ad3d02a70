"""Events of the story `mentorship`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds.parts import Part


class CustomerDonated(Fact):
    kind: Literal["customer-donated.v1"] = "customer-donated.v1"
    customer: str
    donor: str
    rep: str
    tier: Literal["ordinary", "close", "won"]
    share: int
    until: AwareDatetime | None = None
    clause: str


class SharingAgreed(Fact):
    kind: Literal["sharing-agreed.v1"] = "sharing-agreed.v1"
    deal: str
    of: str
    parts: tuple[Part, ...]
    effective_from: AwareDatetime
    ground: str


class MentorAssigned(Fact):
    kind: Literal["mentor-assigned.v1"] = "mentor-assigned.v1"
    rep: str
    mentor: str
    share: int
    until: AwareDatetime | None = None


class MentorshipEnded(Fact):
    kind: Literal["mentorship-ended.v1"] = "mentorship-ended.v1"
    rep: str
    mentor: str
