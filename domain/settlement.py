"""What a payee is paid in a period, what is taken back, and what carries forward: the arithmetic of a statement, whole.

`opening + accrual + adjustment + borne + hold + release = payable + closing`, to the minor unit, always. All amounts are in
minor units of one currency. The closing balance is zero or below it: what earlier months paid, that is due no longer and not
yet taken back. It opens the next month. Of what a month would pay, the policy's cap says how much may settle it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from domain.money import part_of
from domain.months import months_between
from domain.policy.terms import ClawbackTerms


@dataclass(frozen=True, slots=True)
class Movements:
    """What happened in the period. Accruals, adjustments, holds and releases are signed; a hold of pay is negative.

    Of the adjustments, `raised` is what takes back money that an earlier month paid, and `borne` what would, but is too old:
    the company bears it. Both are positive.
    """

    accrual: int = 0
    adjustment: int = 0
    hold: int = 0
    release: int = 0
    raised: int = 0
    borne: int = 0


class Settlement(NamedTuple):
    """A statement's sums. `offset` is the part of the debt that this month's pay settles; it and `payable` are zero or more.

    `opening` and `closing` are zero or less: what the payee still owed at the end of the month before, and of this one.
    """

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

    @property
    def balances(self) -> bool:
        """Whether nothing is lost between what came in, what is paid, and what is carried."""
        came_in = self.opening + self.accrual + self.adjustment + self.borne + self.hold + self.release
        return came_in == self.payable + self.closing


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


def settle(opening: int, moved: Movements, terms: ClawbackTerms) -> Settlement:
    """Settle a payee's account in one currency for one period; `opening` is what the last statement closed with.

    What the month would pay is what came in, less what is held, before anything is taken back. The debt is what was carried
    and what is raised. Pay settles the debt up to the cap; the rest of the debt is carried, with whatever else is below zero.
    """
    earned = moved.accrual + moved.adjustment + moved.raised + moved.borne + moved.hold + moved.release
    to_pay, short = max(earned, 0), min(earned, 0)
    debt = moved.raised - opening
    offset = min(debt, part_of(to_pay, terms.cap))
    return Settlement(
        opening=opening,
        accrual=moved.accrual,
        adjustment=moved.adjustment,
        raised=moved.raised,
        borne=moved.borne,
        offset=offset,
        hold=moved.hold,
        release=moved.release,
        payable=to_pay - offset,
        closing=offset - debt + short,
    )
