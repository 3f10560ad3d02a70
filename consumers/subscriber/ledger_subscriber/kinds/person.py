"""Events of the story `person`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds.customer import IdentityKey


class SubjectErased(Fact):
    kind: Literal["subject-erased.v1"] = "subject-erased.v1"
    whose: str
    keys: tuple[IdentityKey, ...] = ()
    ground: str


class LegalHoldPlaced(Fact):
    kind: Literal["legal-hold-placed.v1"] = "legal-hold-placed.v1"
    whose: str
    hold: str
    ground: str


class LegalHoldLifted(Fact):
    kind: Literal["legal-hold-lifted.v1"] = "legal-hold-lifted.v1"
    whose: str
    hold: str
    ground: str
