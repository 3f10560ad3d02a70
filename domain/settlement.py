"""What a payee is paid in a period, what is taken back, and what carries forward: the arithmetic of a statement, whole.

`opening + accrual + adjustment + clawback + hold + release = payable + closing`, to the minor unit, always. All amounts are
in minor units of one currency. `clawback` is what this statement does about money that an earlier one paid and that is due
no longer: the adjustment took it off, `raised` puts it back as a debt of the payee's, `borne` puts it back for good because
it is too old, and `offset` is the part of the debt that this period's pay settles, never more than the policy's cap.
"""

from dataclasses import dataclass
from typing import NamedTuple

from domain.money import part_of
from domain.months import months_between
from domain.policy.terms import ClawbackTerms


@dataclass(frozen=True, slots=True)
class Account:
    """What an earlier statement left: `balance` is zero or negative, `owed` what is still to be taken back, zero or more."""

    balance: int = 0
    owed: int = 0


@dataclass(frozen=True, slots=True)
class Movements:
    """What happened in the period. Accruals, adjustments, holds and releases are signed; a hold of pay is negative."""

    accrual: int = 0
    adjustment: int = 0
    hold: int = 0
    release: int = 0
    raised: int = 0
    borne: int = 0


class Settlement(NamedTuple):
    """A statement's sums. `offset` is positive; `closing` zero or negative; `payable` and `owed` zero or more."""

    opening: int
    accrual: int
    adjustment: int
    raised: int
    borne: int
    offset: int
    hold: int
    release: int
    payable: int
    closing: int
    owed: int

    @property
    def clawback(self) -> int:
        """What the rows of the clawback come to."""
        return self.raised + self.borne - self.offset


class Reclaim(NamedTuple):
    """Of money paid and due no longer: what the payee owes, and what is too old and stays with the company."""

    raised: int
    borne: int


def reclaim(due_less: int, paid: int, paid_in: str, period: str, terms: ClawbackTerms) -> Reclaim:
    """Divide what a payee's line came to less in a period by what of it was paid, and how many months ago.

    `due_less` and `paid` are positive, of one line; `paid_in` is the month whose statement paid it. What was not paid is no
    clawback: it is simply less.
    """
    back = min(due_less, max(paid, 0))
    if months_between(paid_in, period) > terms.window_months:
        return Reclaim(0, back)
    return Reclaim(back, 0)


def settle(account: Account, moved: Movements, terms: ClawbackTerms) -> Settlement:
    """Settle a payee's account in one currency for one period.

    What can be paid is what came in, less what is held. Of that, the policy's cap settles debts for what earlier periods
    paid; the rest is paid. A balance below zero is not paid but carried.
    """
    before_offset = (
        account.balance + moved.accrual + moved.adjustment + moved.raised + moved.borne + moved.hold + moved.release
    )
    to_pay, owed = max(before_offset, 0), account.owed + moved.raised
    offset = min(owed, part_of(to_pay, terms.cap))
    return Settlement(
        opening=account.balance,
        accrual=moved.accrual,
        adjustment=moved.adjustment,
        raised=moved.raised,
        borne=moved.borne,
        offset=offset,
        hold=moved.hold,
        release=moved.release,
        payable=to_pay - offset,
        closing=min(before_offset, 0),
        owed=owed - offset,
    )
