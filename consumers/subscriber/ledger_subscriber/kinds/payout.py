"""Events of the story `payout`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact


class PayoutHeld(Fact):
    kind: Literal["payout-held.v1"] = "payout-held.v1"
    deal: str
    case: str
    payment: str | None = None
    role: str | None = None
    payee: str | None = None
    clause: str


class PayoutReleased(Fact):
    kind: Literal["payout-released.v1"] = "payout-released.v1"
    deal: str
    case: str
    payment: str | None = None
    role: str | None = None
    payee: str | None = None
    ground: str
