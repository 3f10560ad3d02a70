"""Money in and money back: in the contract's currency, each receipt once, never more back than came in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, assert_never

from domain.fact import CommandOnDeal, Id, Sight
from domain.money import Currency, Minor
from domain.payment.facts import PaymentFact, PaymentReceived, PaymentRefunded
from domain.refusals import Code, Refusal
from domain.streams import DealStream
from domain.world import World

Answer = Sequence[PaymentFact] | Refusal


class ReceivePayment(CommandOnDeal):
    """Record money received for a deal, under the bank's or finance's own id."""

    name: Literal["receive-payment"] = "receive-payment"
    payment: Id
    external_id: Id
    amount: Minor
    currency: Currency
    milestone: Id | None = None

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream,), keys=(("payment", self.external_id),))


class RefundPayment(CommandOnDeal):
    """Record money given back of a payment."""

    name: Literal["refund-payment"] = "refund-payment"
    payment: Id
    refund: Id
    amount: Minor
    currency: Currency


PaymentCommand = ReceivePayment | RefundPayment


def decide(command: PaymentCommand, world: World) -> Answer:
    match command:
        case ReceivePayment():
            return receive(command, world)
        case RefundPayment():
            return refund(command, world)
    assert_never(command)


def receive(command: ReceivePayment, world: World) -> Answer:
    """Receive a payment.

    Refuses with `unknown-deal`, `not-signed`, `other-currency`, `unknown-milestone`, `id-taken` or `payment-repeated`, in
    this order.
    """
    stream = world.deal(command.deal)
    if refusal := not_payable(command.currency, stream):
        return refusal
    if command.milestone and command.milestone not in stream.contract.milestones:
        return Refusal(
            code=Code.UNKNOWN_MILESTONE,
            clause="contract/milestones",
            rival=command.milestone,
            detail=f"Milestones: {', '.join(stream.contract.milestones) or 'none'}.",
        )
    if known := stream.payments.received.get(command.payment):
        return Refusal(
            code=Code.ID_TAKEN, clause="payment/id", rival=command.payment, rival_position=known.position or None
        )
    if holder := world.holder(("payment", command.external_id)):
        return Refusal(
            code=Code.PAYMENT_REPEATED,
            clause="payment/external-id",
            rival=holder.stream,
            rival_position=holder.position or None,
        )
    return [
        PaymentReceived(
            at=command.at,
            deal=command.deal,
            payment=command.payment,
            external_id=command.external_id,
            amount=command.amount,
            currency=command.currency,
            milestone=command.milestone,
            settles=settles(command, stream),
        )
    ]


def refund(command: RefundPayment, world: World) -> Answer:
    """Give money back. Refuses with `unknown-deal`, `not-signed`, `other-currency`, `unknown-payment`, `id-taken` or
    `refund-exceeds`, in this order.
    """
    stream = world.deal(command.deal)
    if refusal := not_payable(command.currency, stream):
        return refusal
    receipt = stream.payments.received.get(command.payment)
    if receipt is None:
        return Refusal(code=Code.UNKNOWN_PAYMENT, clause="payment/refund", rival=command.payment)
    if command.refund in stream.payments.refunds:
        return Refusal(code=Code.ID_TAKEN, clause="payment/refund", rival=command.refund)
    if command.amount > receipt.net:
        return Refusal(
            code=Code.REFUND_EXCEEDS,
            clause="payment/refund",
            rival=command.payment,
            rival_position=receipt.position or None,
            detail=f"Received {receipt.amount}, refunded already {receipt.refunded}.",
        )
    return [
        PaymentRefunded(
            at=command.at,
            deal=command.deal,
            payment=command.payment,
            refund=command.refund,
            amount=command.amount,
            currency=command.currency,
            milestone=receipt.milestone,
            told_at=told_again(receipt.milestone, command.amount, stream) if receipt.milestone else None,
        )
    ]


def not_payable(currency: str, stream: DealStream) -> Refusal | None:
    if stream.deal.opening is None:
        return Refusal(code=Code.UNKNOWN_DEAL, clause="payment")
    signing = stream.contract.signing
    if signing is None:
        return Refusal(code=Code.NOT_SIGNED, clause="payment/contract")
    if currency != signing.currency:
        return Refusal(
            code=Code.OTHER_CURRENCY,
            clause="payment/currency",
            rival=signing.currency,
            rival_position=stream.contract.position or None,
        )
    return None


def settles(command: ReceivePayment, stream: DealStream) -> bool:
    """Whether the payment pays its milestone in full."""
    if command.milestone is None:
        return False
    paid = stream.payments.net_of(command.milestone) + command.amount
    return paid >= stream.contract.milestones[command.milestone].amount


def told_again(milestone: str, amount: int, stream: DealStream) -> datetime | None:
    """When the clock has next to tell of a milestone that was paid in full until this money went back."""
    each, net = stream.contract.milestones[milestone], stream.payments.net_of(milestone)
    if not net - amount < each.amount <= net or each.told == "overdue":
        return None
    return each.due if each.told == "nothing" else each.overdue_at
