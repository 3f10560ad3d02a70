"""Events of the story `payment`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact


class PaymentReceived(Fact):
    kind: Literal["payment-received.v1"] = "payment-received.v1"
    deal: str
    payment: str
    external_id: str
    amount: int
    currency: str
    milestone: str | None = None
    settles: bool = False


class PaymentRefunded(Fact):
    kind: Literal["payment-refunded.v1"] = "payment-refunded.v1"
    deal: str
    payment: str
    refund: str
    amount: int
    currency: str
    milestone: str | None = None
    told_at: AwareDatetime | None = None
