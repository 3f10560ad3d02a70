"""Events of the story `lead`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact, Sealed
from ledger_subscriber.kinds.customer import IdentityKey


class LeadRegistered(Fact):
    kind: Literal["lead-registered.v1"] = "lead-registered.v1"
    customer: str
    by: str
    source: str
    customer_name: Sealed
    phone: Sealed | None = None
    licence: Sealed | None = None
    contact: Sealed | None = None
    address: Sealed | None = None
    place: Sealed | None = None
    expected_amount: int | None = None
    currency: str | None = None
    keys: tuple[IdentityKey, ...]
    policy: str


class LeadApproved(Fact):
    kind: Literal["lead-approved.v1"] = "lead-approved.v1"
    customer: str
    by: str


class LeadRejected(Fact):
    kind: Literal["lead-rejected.v1"] = "lead-rejected.v1"
    customer: str
    by: str
    ground: str
    keys: tuple[IdentityKey, ...]


class LeadConverted(Fact):
    kind: Literal["lead-converted.v1"] = "lead-converted.v1"
    customer: str
    by: str
    keys: tuple[IdentityKey, ...]
