"""Who holds a customer, and until when. Facts state; they never judge."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime

from domain.fact import Id, OfCustomer, Text
from domain.refusals import Code

Tier = Literal["ordinary", "close", "won"]
Trigger = Literal["deadline", "departure"]


class CustomerClaimed(OfCustomer):
    """`deadline` ends the retention, `warn_at` warns before it, no renewal goes beyond `cap`; `day` is the day it counts on."""

    kind: Literal["customer-claimed.v1"] = "customer-claimed.v1"
    rep: Id
    deadline: AwareDatetime | None
    warn_at: AwareDatetime | None
    cap: AwareDatetime | None
    day: date
    tier: Tier
    policy: Id


class ClaimRefused(OfCustomer):
    """In a dispute, having tried is evidence."""

    kind: Literal["claim-refused.v1"] = "claim-refused.v1"
    rep: Id
    code: Code
    clause: str
    rival: str | None = None
    rival_position: int | None = None
    rival_at: AwareDatetime | None = None
    until: AwareDatetime | None = None


class CustomerReleased(OfCustomer):
    kind: Literal["customer-released.v1"] = "customer-released.v1"
    former_owner: Id
    tier: Tier
    policy: Id


class CustomerDropped(OfCustomer):
    kind: Literal["customer-dropped.v1"] = "customer-dropped.v1"
    former_owner: Id
    tier: Tier
    trigger: Trigger
    clause: str


class CustomerReassigned(OfCustomer):
    """Moved by authority. Stage, visits and roles stay as they were; `tier` is the one it had with the former owner."""

    kind: Literal["customer-reassigned.v1"] = "customer-reassigned.v1"
    former_owner: Id | None
    owner: Id
    by: Id
    ground: Text
    tier: Tier
    deadline: AwareDatetime | None
    warn_at: AwareDatetime | None
    cap: AwareDatetime | None
    policy: Id


class RetentionWarned(OfCustomer):
    kind: Literal["retention-warned.v1"] = "retention-warned.v1"
    owner: Id
    deadline: AwareDatetime


class RetentionExtended(OfCustomer):
    kind: Literal["retention-extended.v1"] = "retention-extended.v1"
    owner: Id
    visit: Id
    deadline: AwareDatetime
    warn_at: AwareDatetime | None
    clause: str


class TierChanged(OfCustomer):
    """`ground` names what made it so: the rep's word, or the contract that won the customer."""

    kind: Literal["tier-changed.v1"] = "tier-changed.v1"
    owner: Id | None
    old: Tier
    new: Tier
    ground: Text


PoolFact = (
    CustomerClaimed
    | ClaimRefused
    | CustomerReleased
    | CustomerDropped
    | CustomerReassigned
    | RetentionWarned
    | RetentionExtended
    | TierChanged
)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """That a rep held the customer until then; whoever did waits out the cool-down."""

    owner: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """A customer as the pool sees it: public, or held by one rep until a deadline (None: without end).

    `since` is when it last changed hands, and `position` the event that did it.
    """

    owner: str | None = None
    since: datetime | None = None
    position: int = 0
    deadline: datetime | None = None
    warn_at: datetime | None = None
    cap: datetime | None = None
    tier: Tier = "ordinary"
    policy: str | None = None
    given_up: tuple[GivenUp, ...] = ()


def evolve(holding: Holding, fact: PoolFact, position: int = 0) -> Holding:
    match fact:
        case CustomerClaimed():
            return Holding(
                owner=fact.rep,
                since=fact.at,
                position=position,
                deadline=fact.deadline,
                warn_at=fact.warn_at,
                cap=fact.cap,
                tier=fact.tier,
                policy=fact.policy,
                given_up=holding.given_up,
            )
        case CustomerReleased() | CustomerDropped():
            return set_free(holding, fact.former_owner, fact.at, position)
        case CustomerReassigned():
            return replace(
                set_free(holding, fact.former_owner, fact.at, position),
                owner=fact.owner,
                deadline=fact.deadline,
                warn_at=fact.warn_at,
                cap=fact.cap,
                policy=fact.policy,
            )
        case RetentionWarned():
            return replace(holding, warn_at=None)
        case RetentionExtended():
            return replace(holding, deadline=fact.deadline, warn_at=fact.warn_at)
        case TierChanged():
            if fact.new == "won":
                return replace(holding, tier=fact.new, deadline=None, warn_at=None, cap=None)
            return replace(holding, tier=fact.new)
        case ClaimRefused():
            return holding
    assert_never(fact)


def set_free(holding: Holding, former_owner: str | None, at: datetime, position: int) -> Holding:
    """The holding without its owner. A won customer stays won; a close one is ordinary again."""
    given_up = (*holding.given_up, GivenUp(former_owner, at)) if former_owner else holding.given_up
    return Holding(since=at, position=position, tier=taken_over(holding.tier), given_up=given_up)


def taken_over(tier: Tier) -> Tier:
    """The tier that a customer has with the next owner: won stays won, close begins again as ordinary."""
    return "won" if tier == "won" else "ordinary"
