"""When a return file is done with: whole, once, and only when everything that it tells is recorded."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from domain.authority import reserved
from domain.effects import told_by
from domain.fact import MOST, CommandOnPayroll, Id, Sight
from domain.months import Month
from domain.refusals import Code, Refusal
from domain.returned.facts import ReturnReconciled
from domain.world import World


class ReconcileReturn(CommandOnPayroll):
    """Have the payouts count that were recorded of a return file. `payouts` is how many those must be."""

    name: Literal["reconcile-return"] = "reconcile-return"
    period: Month
    file: Id
    payouts: Annotated[int, Field(ge=0, le=MOST)]
    listed: dict[Id, Annotated[int, Field(ge=0, le=MOST)]] = Field(default_factory=dict)

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream,), tallies=(told_by(self.period, self.file),))


def reconcile(command: ReconcileReturn, world: World) -> Sequence[ReturnReconciled] | Refusal:
    """Close a return file. Refuses with `not-allowed`, `unknown-period`, `period-not-closed`, `return-repeated` or
    `return-unfinished`, in this order.
    """
    if refusal := reserved(world, command.actor, command.at, "finance", clause="payroll/return"):
        return refusal
    period = world.payroll.periods.get(command.period)
    if period is None:
        return Refusal(code=Code.UNKNOWN_PERIOD, clause="payroll/return", rival=command.period)
    if period.closing is None:
        return Refusal(code=Code.PERIOD_NOT_CLOSED, clause="payroll/return", rival=command.period)
    if (command.period, command.file) in world.payroll.reconciled:
        return Refusal(code=Code.RETURN_REPEATED, clause="payroll/return", rival=command.file)
    recorded = world.tally(told_by(command.period, command.file))
    if recorded != command.payouts:
        told = f"{recorded} payouts of {command.payouts} are recorded of it."
        return Refusal(code=Code.RETURN_UNFINISHED, clause="payroll/return", rival=command.file, detail=told)
    return [
        ReturnReconciled(
            at=command.at,
            period=command.period,
            file=command.file,
            payouts=command.payouts,
            listed=command.listed,
            by=command.actor,
        )
    ]
