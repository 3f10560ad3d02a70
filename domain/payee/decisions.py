"""When a payout counts as made: for a closed month, each statement once, each of the bank's ids once."""

from collections.abc import Sequence
from typing import Literal

from domain.authority import reserved
from domain.fact import CommandOnPayee, Id, Sight
from domain.money import Currency, Minor
from domain.months import Month
from domain.payee.facts import PayeeFact, PayoutConfirmed, statement_key
from domain.refusals import Code, Refusal
from domain.world import World

Answer = Sequence[PayeeFact] | Refusal

EXTERNAL, STATEMENT = "payout", "paid-statement"
"""The kinds of keys that a payout holds: the bank's id, and the statement that it pays."""


class ConfirmPayout(CommandOnPayee):
    """Record that a statement was paid, under the payroll system's or the bank's own id."""

    name: Literal["confirm-payout"] = "confirm-payout"
    period: Month
    currency: Currency
    amount: Minor
    external_id: Id

    @property
    def statement(self) -> str:
        return statement_key(self.period, self.currency, self.payee)

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream,), keys=((EXTERNAL, self.external_id), (STATEMENT, self.statement)))


def confirm(command: ConfirmPayout, world: World) -> Answer:
    """Confirm a payout. Refuses with `not-allowed`, `unknown-period`, `period-not-closed`, `payout-repeated` or
    `payout-confirmed`, in this order.
    """
    if refusal := reserved(world, command.actor, command.at, "finance", clause="payroll/payout"):
        return refusal
    period = world.payroll.periods.get(command.period)
    if period is None:
        return Refusal(code=Code.UNKNOWN_PERIOD, clause="payroll/payout", rival=command.period)
    if period.closing is None:
        return Refusal(code=Code.PERIOD_NOT_CLOSED, clause="payroll/payout", rival=command.period)
    keys = {
        Code.PAYOUT_REPEATED: (EXTERNAL, command.external_id),
        Code.PAYOUT_CONFIRMED: (STATEMENT, command.statement),
    }
    for code, key in keys.items():
        if holder := world.holder(key):
            return Refusal(
                code=code, clause="payroll/payout", rival=holder.stream, rival_position=holder.position or None
            )
    return [
        PayoutConfirmed(
            at=command.at,
            payee=command.payee,
            period=command.period,
            currency=command.currency,
            amount=command.amount,
            external_id=command.external_id,
            by=command.actor,
        )
    ]
