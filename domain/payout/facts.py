"""Which commission waits for the end of a case before it is paid."""

from dataclasses import dataclass
from typing import Literal, assert_never

from domain.fact import Id, OfDeal, Text


class PayoutHeld(OfDeal):
    """Because of a case, what these lines of the deal come to is not paid while it lasts.

    `payment`, `role` and `payee` narrow the lines; one left out means every one.
    """

    kind: Literal["payout-held.v1"] = "payout-held.v1"
    case: Id
    payment: Id | None = None
    role: Id | None = None
    payee: Id | None = None
    clause: str


class PayoutReleased(OfDeal):
    """The case no longer holds these lines; `payment`, `role` and `payee` name them as the hold did, or are left out for all."""

    kind: Literal["payout-released.v1"] = "payout-released.v1"
    case: Id
    payment: Id | None = None
    role: Id | None = None
    payee: Id | None = None
    ground: Text


PayoutFact = PayoutHeld | PayoutReleased


@dataclass(frozen=True, slots=True)
class Hold:
    """Lines that a case holds back since an event; None stands for every payment, role or payee."""

    case: str
    payment: str | None
    role: str | None
    payee: str | None
    position: int

    def covers(self, payment: str, role: str, payee: str | None) -> bool:
        return (
            self.payment in (None, payment)
            and self.role in (None, role)
            and (self.payee is None or self.payee == payee)
        )

    def lies_within(self, released: PayoutReleased) -> bool:
        return (
            self.case == released.case
            and released.payment in (None, self.payment)
            and released.role in (None, self.role)
            and released.payee in (None, self.payee)
        )


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds of a deal that stand, in the order of recording. A line is held while any of them covers it."""

    standing: tuple[Hold, ...] = ()

    def on(self, payment: str, role: str, payee: str | None) -> tuple[Hold, ...]:
        """The holds on one commission line."""
        return tuple(hold for hold in self.standing if hold.covers(payment, role, payee))

    def of(self, case: str) -> tuple[Hold, ...]:
        return tuple(hold for hold in self.standing if hold.case == case)


def evolve(holds: Holds, fact: PayoutFact, position: int = 0) -> Holds:
    match fact:
        case PayoutHeld():
            return Holds((*holds.standing, Hold(fact.case, fact.payment, fact.role, fact.payee, position)))
        case PayoutReleased():
            return Holds(tuple(hold for hold in holds.standing if not hold.lies_within(fact)))
    assert_never(fact)
