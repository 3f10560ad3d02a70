"""Money that came in for a deal, and went back."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime

from domain.fact import Id, OfDeal
from domain.money import Currency, Minor


class PaymentReceived(OfDeal):
    """`external_id` is the bank's or finance's own name of the receipt; `settles` says that it pays its milestone in full."""

    kind: Literal["payment-received.v1"] = "payment-received.v1"
    payment: Id
    external_id: Id
    amount: Minor
    currency: Currency
    milestone: Id | None = None
    settles: bool = False


class PaymentRefunded(OfDeal):
    """`milestone` is the one that was paid; `told_at` is when the clock has next to tell of it, if this opens it again."""

    kind: Literal["payment-refunded.v1"] = "payment-refunded.v1"
    payment: Id
    refund: Id
    amount: Minor
    currency: Currency
    milestone: Id | None = None
    told_at: AwareDatetime | None = None


PaymentFact = PaymentReceived | PaymentRefunded


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment, in minor units: what came in, and what of it went back."""

    at: datetime
    amount: int
    position: int
    milestone: str | None = None
    refunded: int = 0
    refunded_at: datetime | None = None
    refund_position: int = 0

    @property
    def net(self) -> int:
        return self.amount - self.refunded


@dataclass(frozen=True, slots=True)
class Payments:
    """The receipts of a deal by payment id, in the order of recording."""

    received: dict[str, Receipt] = field(default_factory=dict)
    refunds: tuple[str, ...] = ()

    def net_of(self, milestone: str) -> int:
        return sum(receipt.net for receipt in self.received.values() if receipt.milestone == milestone)

    def reopened(self, milestone: str) -> datetime | None:
        """When money for the milestone last went back."""
        of = (receipt.refunded_at for receipt in self.received.values() if receipt.milestone == milestone)
        return max((at for at in of if at), default=None)


def evolve(payments: Payments, fact: PaymentFact, position: int = 0) -> Payments:
    match fact:
        case PaymentReceived():
            receipt = Receipt(fact.at, fact.amount, position, fact.milestone)
            return replace(payments, received={**payments.received, fact.payment: receipt})
        case PaymentRefunded():
            receipt = payments.received[fact.payment]
            refunded = receipt.refunded + fact.amount
            receipt = replace(receipt, refunded=refunded, refunded_at=fact.at, refund_position=position)
            return Payments({**payments.received, fact.payment: receipt}, (*payments.refunds, fact.refund))
    assert_never(fact)
