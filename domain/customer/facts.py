"""Who a customer is: registered, suspected double, merged, placed, graded. Facts state; they never judge."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from pydantic import BaseModel, ConfigDict

from domain.fact import Id, OfCustomer, Text
from domain.money import Currency, Minor
from domain.personal import Personal

KeyKind = Literal["name", "phone", "licence"]
Grade = Literal["A", "B", "C"]


class IdentityKey(BaseModel):
    """A normalised name, phone or licence as its keyed hash: equal for equal values, telling nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: KeyKind
    hash: str


class CustomerRegistered(OfCustomer):
    kind: Literal["customer-registered.v1"] = "customer-registered.v1"
    by: Id
    customer_name: Personal
    phone: Personal | None = None
    licence: Personal | None = None
    contact: Personal | None = None
    address: Personal | None = None
    place: Personal | None = None
    expected_amount: Minor | None = None
    currency: Currency | None = None
    source: Id | None = None
    complete: bool
    keys: tuple[IdentityKey, ...]
    policy: Id


class DuplicateSuspected(OfCustomer):
    kind: Literal["duplicate-suspected.v1"] = "duplicate-suspected.v1"
    rival: Id
    by_key: KeyKind
    rival_position: int | None = None


class CustomersMerged(OfCustomer):
    """Stands in both histories, the survivor's and the absorbed one's; `keys` pass to the survivor."""

    kind: Literal["customers-merged.v1"] = "customers-merged.v1"
    survivor: Id
    absorbed: Id
    keys: tuple[IdentityKey, ...]
    ground: Text


class CustomerPlaceCorrected(OfCustomer):
    kind: Literal["customer-place-corrected.v1"] = "customer-place-corrected.v1"
    place: Personal
    ground: Text


class CustomerGraded(OfCustomer):
    kind: Literal["customer-graded.v1"] = "customer-graded.v1"
    by: Id
    intent: int
    potential: int
    grade: Grade
    policy: Id


CustomerFact = CustomerRegistered | DuplicateSuspected | CustomersMerged | CustomerPlaceCorrected | CustomerGraded


@dataclass(frozen=True, slots=True)
class Customer:
    """Who the customer is. `place` is `latitude,longitude` in degrees; `keys` are what others may not register again."""

    registration: CustomerRegistered | None = None
    registered_position: int = 0
    place: Personal | None = None
    keys: tuple[IdentityKey, ...] = ()
    grade: Grade | None = None
    merged_into: str | None = None
    suspected: tuple[str, ...] = ()

    @property
    def is_registered(self) -> bool:
        return self.registration is not None


def evolve(customer: Customer, fact: CustomerFact, position: int = 0) -> Customer:
    match fact:
        case CustomerRegistered():
            return replace(customer, registration=fact, registered_position=position, place=fact.place, keys=fact.keys)
        case DuplicateSuspected():
            return replace(customer, suspected=(*customer.suspected, fact.rival))
        case CustomersMerged():
            if fact.customer == fact.absorbed:
                return replace(customer, merged_into=fact.survivor, keys=())
            return replace(customer, keys=(*customer.keys, *fact.keys))
        case CustomerPlaceCorrected():
            return replace(customer, place=fact.place)
        case CustomerGraded():
            return replace(customer, grade=fact.grade)
    assert_never(fact)
