"""What was paid to a payee, as the payroll system or the bank reported it."""

from dataclasses import dataclass
from typing import Literal, assert_never

from domain.fact import Id, OfPayee
from domain.money import Currency, Minor
from domain.months import Month


class PayoutConfirmed(OfPayee):
    """What a closed month's statement said was paid, at `at`; `external_id` is the payroll system's or the bank's own."""

    kind: Literal["payout-confirmed.v1"] = "payout-confirmed.v1"
    period: Month
    currency: Currency
    amount: Minor
    external_id: Id
    by: Id

    @property
    def statement(self) -> str:
        """The statement that was paid, as a key."""
        return statement_key(self.period, self.currency, self.payee)


PayeeFact = PayoutConfirmed


def statement_key(period: str, currency: str, payee: str) -> str:
    return f"{period}/{currency}/{payee}"


@dataclass(frozen=True, slots=True)
class Paid:
    """What was confirmed, in the order of recording."""

    payouts: tuple[PayoutConfirmed, ...] = ()


def evolve(paid: Paid, fact: PayeeFact, position: int = 0) -> Paid:
    del position
    match fact:
        case PayoutConfirmed():
            return Paid((*paid.payouts, fact))
    assert_never(fact)
