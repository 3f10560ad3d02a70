"""What was paid to a payee, or was not, as the payroll system or the bank reported it."""

from dataclasses import dataclass
from typing import Literal, assert_never

from domain.fact import Id, OfPayee
from domain.money import Currency, Minor
from domain.months import Month


class OfPayout(OfPayee):
    """About one payment of what a closed month's statement pays; `external_id` is the payroll system's or the bank's own.

    Told by a return `file`, it counts once that file is reconciled; without one, at once.
    """

    period: Month
    currency: Currency
    amount: Minor
    external_id: Id
    file: Id | None = None
    by: Id

    @property
    def statement(self) -> str:
        """The statement that it is about, as a key."""
        return statement_key(self.period, self.currency, self.payee)


class PayoutConfirmed(OfPayout):
    """What a closed month's statement said was paid, at `at`."""

    kind: Literal["payout-confirmed.v1"] = "payout-confirmed.v1"


class PayoutRejected(OfPayout):
    """The bank refused the payment, or sent it back: the statement is to be paid again, under another id.

    `undone` says that the payment had been confirmed.
    """

    kind: Literal["payout-rejected.v1"] = "payout-rejected.v1"
    undone: bool = False


PayeeFact = PayoutConfirmed | PayoutRejected


def statement_key(period: str, currency: str, payee: str) -> str:
    return f"{period}/{currency}/{payee}"


@dataclass(frozen=True, slots=True)
class Paid:
    """The payouts that stand, in the order of recording, and the ids of those that the bank rejected."""

    payouts: tuple[PayoutConfirmed, ...] = ()
    rejected: tuple[str, ...] = ()

    def by(self, external_id: str) -> PayoutConfirmed | None:
        """The payout that stands under an id of the bank's."""
        return next((each for each in self.payouts if each.external_id == external_id), None)


def evolve(paid: Paid, fact: PayeeFact, position: int = 0) -> Paid:
    del position
    match fact:
        case PayoutConfirmed():
            return Paid((*paid.payouts, fact), paid.rejected)
        case PayoutRejected():
            standing = tuple(each for each in paid.payouts if each.external_id != fact.external_id)
            return Paid(standing, (*paid.rejected, fact.external_id))
    assert_never(fact)
