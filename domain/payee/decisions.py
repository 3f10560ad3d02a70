"""When a payout counts as made: for a closed month, each statement once, each of the bank's ids once; and when no longer."""

from collections.abc import Sequence
from typing import Any, Literal, assert_never

from domain.authority import reserved
from domain.fact import CommandOnPayee, Id, Sight
from domain.money import Currency, Minor
from domain.months import Month
from domain.payee.facts import PayeeFact, PayoutConfirmed, PayoutRejected, statement_key
from domain.refusals import Code, Refusal
from domain.world import Holder, World

Answer = Sequence[PayeeFact] | Refusal

EXTERNAL, STATEMENT = "payout", "paid-statement"
"""The kinds of keys that a payout holds: the bank's id, and the statement that it pays."""


class CommandOnPayout(CommandOnPayee):
    """About one payment under the payroll system's or the bank's own id; `file` is the return file that tells of it."""

    period: Month
    currency: Currency
    amount: Minor
    external_id: Id
    file: Id | None = None

    @property
    def statement(self) -> str:
        return statement_key(self.period, self.currency, self.payee)

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream,), keys=((EXTERNAL, self.external_id), (STATEMENT, self.statement)))


class ConfirmPayout(CommandOnPayout):
    """Record that a statement was paid."""

    name: Literal["confirm-payout"] = "confirm-payout"


class RejectPayout(CommandOnPayout):
    """Record that the bank refused a payment, or sent it back: the statement is to be paid again, under another id."""

    name: Literal["reject-payout"] = "reject-payout"


PayeeCommand = ConfirmPayout | RejectPayout


def decide(command: PayeeCommand, world: World) -> Answer:
    match command:
        case ConfirmPayout():
            return confirm(command, world)
        case RejectPayout():
            return reject(command, world)
    assert_never(command)


def confirm(command: ConfirmPayout, world: World) -> Answer:
    """Confirm a payout. Refuses with `not-allowed`, `unknown-period`, `period-not-closed`, `settled-elsewhere`,
    `payout-repeated` or `payout-confirmed`, in this order.
    """
    if refusal := not_paid_here(command, world):
        return refusal
    if holder := world.holder((EXTERNAL, command.external_id)):
        return taken(Code.PAYOUT_REPEATED, holder)
    if holder := world.holder((STATEMENT, command.statement)):
        return taken(Code.PAYOUT_CONFIRMED, holder)
    return [PayoutConfirmed(**told(command))]


def reject(command: RejectPayout, world: World) -> Answer:
    """Record that a payout was rejected. Refuses with `not-allowed`, `unknown-period`, `period-not-closed`,
    `settled-elsewhere`, `payout-repeated` (the id is another statement's) or `payout-rejected`, in this order.
    """
    if refusal := not_paid_here(command, world):
        return refusal
    paid = world.payee(command.payee).paid
    standing, holder = paid.by(command.external_id), world.holder((EXTERNAL, command.external_id))
    if holder and (holder.stream != command.stream or (standing and standing.statement != command.statement)):
        return taken(Code.PAYOUT_REPEATED, holder)
    if command.external_id in paid.rejected:
        return Refusal(code=Code.PAYOUT_REJECTED, clause="payroll/payout", rival=command.external_id)
    return [PayoutRejected(**told(command), undone=standing is not None)]


def not_paid_here(command: PayeeCommand, world: World) -> Refusal | None:
    """Refuse who may not, and a month of which nothing is paid, or not yet.

    Refuses with `not-allowed`, `unknown-period`, `period-not-closed` or `settled-elsewhere`, in this order.
    """
    if refusal := reserved(world, command.actor, command.at, "finance", clause="payroll/payout"):
        return refusal
    period = world.payroll.periods.get(command.period)
    if period is None:
        return Refusal(code=Code.UNKNOWN_PERIOD, clause="payroll/payout", rival=command.period)
    if period.closing is None:
        return Refusal(code=Code.PERIOD_NOT_CLOSED, clause="payroll/payout", rival=command.period)
    if period.closing.settled:
        return Refusal(code=Code.SETTLED_ELSEWHERE, clause="payroll/settled", rival=command.period)
    return None


def taken(code: Code, holder: Holder) -> Refusal:
    return Refusal(code=code, clause="payroll/payout", rival=holder.stream, rival_position=holder.position or None)


def told(command: PayeeCommand) -> dict[str, Any]:
    """What the command says, as its fact has it."""
    fields = command.model_dump(include={"at", "payee", "period", "currency", "amount", "external_id", "file"})
    return {**fields, "by": command.actor}
