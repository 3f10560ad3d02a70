"""Events of the story `customer`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact, Sealed, Told


class IdentityKey(Told):
    kind: Literal["name", "phone", "licence"]
    hash: str


class CustomerRegistered(Fact):
    kind: Literal["customer-registered.v1"] = "customer-registered.v1"
    customer: str
    by: str
    customer_name: Sealed
    phone: Sealed | None = None
    licence: Sealed | None = None
    contact: Sealed | None = None
    address: Sealed | None = None
    place: Sealed | None = None
    expected_amount: int | None = None
    currency: str | None = None
    source: str | None = None
    complete: bool
    keys: tuple[IdentityKey, ...]
    policy: str


class DuplicateSuspected(Fact):
    kind: Literal["duplicate-suspected.v1"] = "duplicate-suspected.v1"
    customer: str
    rival: str
    by_key: Literal["name", "phone", "licence"]
    rival_position: int | None = None


class CustomersMerged(Fact):
    kind: Literal["customers-merged.v1"] = "customers-merged.v1"
    customer: str
    survivor: str
    absorbed: str
    keys: tuple[IdentityKey, ...]
    ground: str


class CustomerPlaceCorrected(Fact):
    kind: Literal["customer-place-corrected.v1"] = "customer-place-corrected.v1"
    customer: str
    place: Sealed
    ground: str


class CustomerGraded(Fact):
    kind: Literal["customer-graded.v1"] = "customer-graded.v1"
    customer: str
    by: str
    intent: int
    potential: int
    grade: Literal["A", "B", "C"]
    policy: str
