"""When what a month pays in one currency is paid in another: because finance published the rate before the month was closed."""

from collections.abc import Sequence
from typing import Literal

from domain.authority import reserved
from domain.fact import CommandOnPayroll, Text
from domain.money import Currency, Rate
from domain.months import Month
from domain.rate.facts import RatePublished
from domain.refusals import Code, Refusal
from domain.world import World


class PublishRate(CommandOnPayroll):
    """Have what a month pays in one currency paid in another, at a rate. The last one published before the closing counts."""

    name: Literal["publish-rate"] = "publish-rate"
    period: Month
    currency: Currency
    into: Currency
    rate: Rate
    source: Text


def publish(command: PublishRate, world: World) -> Sequence[RatePublished] | Refusal:
    """Publish a rate. Refuses with `not-allowed`, `period-closed` or `rate-circular`, in this order."""
    if refusal := reserved(world, command.actor, command.at, "finance", clause="payroll/rate"):
        return refusal
    known = world.payroll.periods.get(command.period)
    if known and known.closing:
        return Refusal(
            code=Code.PERIOD_CLOSED,
            clause="payroll/rate",
            rival=command.period,
            rival_position=known.closed_position or None,
            detail="Publish the rate for a month that is not closed yet.",
        )
    if rival := in_a_circle(command, world):
        return Refusal(code=Code.RATE_CIRCULAR, clause="payroll/rate", rival=rival)
    return [
        RatePublished(
            at=command.at,
            period=command.period,
            currency=command.currency,
            into=command.into,
            rate=command.rate,
            source=command.source,
            by=command.actor,
        )
    ]


def in_a_circle(command: PublishRate, world: World) -> str | None:
    """What stands against the rate: the currency itself, or another rate of the month, as `USD/CNY`."""
    if command.currency == command.into:
        return command.into
    others = (each for (period, _), each in world.payroll.rates.items() if period == command.period)
    found = (each for each in others if each.currency == command.into or each.into == command.currency)
    return next((f"{each.currency}/{each.into}" for each in found), None)
