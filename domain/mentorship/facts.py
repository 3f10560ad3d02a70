"""Shares that one rep owes another: to a mentor, to who gave the customer, or by agreement."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime

from domain.fact import Id, OfCustomer, OfDeal, OfOrganisation, Part, Text
from domain.pool.facts import Tier


class MentorAssigned(OfOrganisation):
    """The mentor's share of what the rep earns, in basis points, for contracts signed in [`at`, `until`)."""

    kind: Literal["mentor-assigned.v1"] = "mentor-assigned.v1"
    rep: Id
    mentor: Id
    share: int
    until: AwareDatetime | None = None


class MentorshipEnded(OfOrganisation):
    kind: Literal["mentorship-ended.v1"] = "mentorship-ended.v1"
    rep: Id
    mentor: Id


class CustomerDonated(OfCustomer):
    """Given by one rep to another, who owes the donor a share of the contracts signed in [`at`, `until`)."""

    kind: Literal["customer-donated.v1"] = "customer-donated.v1"
    donor: Id
    rep: Id
    tier: Tier
    share: int
    until: AwareDatetime | None = None
    clause: str


class SharingAgreed(OfDeal):
    """From `effective_from` on, what `of` earns in this deal is divided among the parts, which sum to 10000."""

    kind: Literal["sharing-agreed.v1"] = "sharing-agreed.v1"
    of: Id
    parts: tuple[Part, ...]
    effective_from: AwareDatetime
    ground: Text


@dataclass(frozen=True, slots=True)
class Sharing:
    of: str
    parts: tuple[Part, ...]
    since: datetime
    position: int
    ground: str


@dataclass(frozen=True, slots=True)
class Sharings:
    """The sharing agreements of a deal; of one rep's, what is recorded later counts from its time on."""

    agreed: tuple[Sharing, ...] = ()

    def of(self, rep: str, at: datetime) -> Sharing | None:
        """The agreement that divides what the rep earns at that time."""
        return next((s for s in reversed(self.agreed) if s.of == rep and s.since <= at), None)


def evolve(sharings: Sharings, fact: SharingAgreed, position: int = 0) -> Sharings:
    match fact:
        case SharingAgreed():
            agreed = Sharing(fact.of, fact.parts, fact.effective_from, position, fact.ground)
            kept = tuple(s for s in sharings.agreed if s.of != agreed.of or s.since < agreed.since)
            return replace(sharings, agreed=(*kept, agreed))
    assert_never(fact)
