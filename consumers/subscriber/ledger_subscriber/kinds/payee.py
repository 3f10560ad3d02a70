"""Events of the story `payee`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact


class PayoutConfirmed(Fact):
    kind: Literal["payout-confirmed.v1"] = "payout-confirmed.v1"
    payee: str
    period: str
    currency: str
    amount: int
    external_id: str
    file: str | None = None
    by: str


class PayoutRejected(Fact):
    kind: Literal["payout-rejected.v1"] = "payout-rejected.v1"
    payee: str
    period: str
    currency: str
    amount: int
    external_id: str
    file: str | None = None
    by: str
    undone: bool = False
