"""Who might become a customer: an unverified contact, looked at, rejected or converted. Facts state; they never judge.

A lead stands in the history of the customer that it may become, under the same id and the same key of personal data.
"""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from domain.customer.facts import IdentityKey
from domain.fact import Id, OfCustomer, Text
from domain.money import Currency, Minor
from domain.personal import Personal

Course = Literal["waiting", "approved", "rejected", "converted"]
"""How far a lead has come; one that waits, waits for mid-office."""


class LeadRegistered(OfCustomer):
    """`source` is the channel by which the lead came. The lead holds its `keys` until it is rejected or converted."""

    kind: Literal["lead-registered.v1"] = "lead-registered.v1"
    by: Id
    source: Id
    customer_name: Personal
    phone: Personal | None = None
    licence: Personal | None = None
    contact: Personal | None = None
    address: Personal | None = None
    place: Personal | None = None
    expected_amount: Minor | None = None
    currency: Currency | None = None
    keys: tuple[IdentityKey, ...]
    policy: Id


class LeadApproved(OfCustomer):
    kind: Literal["lead-approved.v1"] = "lead-approved.v1"
    by: Id


class LeadRejected(OfCustomer):
    """`keys` are set free, so that the same phone or licence may be registered again."""

    kind: Literal["lead-rejected.v1"] = "lead-rejected.v1"
    by: Id
    ground: Text
    keys: tuple[IdentityKey, ...]


class LeadConverted(OfCustomer):
    """The customer's registration follows in the same commit; `keys` pass to it."""

    kind: Literal["lead-converted.v1"] = "lead-converted.v1"
    by: Id
    keys: tuple[IdentityKey, ...]


LeadFact = LeadRegistered | LeadApproved | LeadRejected | LeadConverted


@dataclass(frozen=True, slots=True)
class Lead:
    """The contact as it was registered, and how far it has come. `position` is that of the last step, `by` who took it."""

    registration: LeadRegistered | None = None
    course: Course | None = None
    by: str | None = None
    position: int = 0
    keys: tuple[IdentityKey, ...] = ()

    @property
    def is_registered(self) -> bool:
        return self.registration is not None


def evolve(lead: Lead, fact: LeadFact, position: int = 0) -> Lead:
    match fact:
        case LeadRegistered():
            return Lead(fact, "waiting", fact.by, position, fact.keys)
        case LeadApproved():
            return replace(lead, course="approved", by=fact.by, position=position)
        case LeadRejected():
            return replace(lead, course="rejected", by=fact.by, position=position, keys=())
        case LeadConverted():
            return replace(lead, course="converted", by=fact.by, position=position, keys=())
    assert_never(fact)
