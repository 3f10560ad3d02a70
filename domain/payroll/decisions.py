"""When a month may be opened and closed. Months follow one another; one is open at a time; what is closed never changes."""

from collections.abc import Sequence
from typing import Literal, assert_never

from pydantic import Field

from domain.authority import reserved
from domain.fact import CommandOnPayroll, Id
from domain.months import Month, begins, day_in, following
from domain.payroll.facts import Payroll, PayrollFact, PeriodClosed, PeriodOpened, Totals, Unusual
from domain.policy.terms import PolicyVersion
from domain.rate.decisions import PublishRate, publish
from domain.refusals import Code, Refusal
from domain.returned.decisions import ReconcileReturn, reconcile
from domain.world import World

Answer = Sequence[PayrollFact] | Refusal


class OpenPeriod(CommandOnPayroll):
    """Begin to gather a month. The policy in force decides its time zone, pay day and clawback, unless one is named."""

    name: Literal["open-period"] = "open-period"
    period: Month
    policy: Id | None = None


class ClosePeriod(CommandOnPayroll):
    """Close the open month at a position of the log, pinning what its statements came to there.

    What is `unusual` needs the command's reason; so does a month that was `settled` elsewhere, of which nothing is paid here.
    """

    name: Literal["close-period"] = "close-period"
    period: Month
    position: int
    plans: dict[Id, str]
    totals: tuple[Totals, ...]
    digest: str
    exports: dict[Id, str] = Field(default_factory=dict)
    unusual: tuple[Unusual, ...] = ()
    settled: bool = False


PayrollCommand = OpenPeriod | ClosePeriod | PublishRate | ReconcileReturn


def decide(command: PayrollCommand, world: World) -> Answer:
    match command:
        case OpenPeriod():
            return open_period(command, world)
        case ClosePeriod():
            return close_period(command, world)
        case PublishRate():
            return publish(command, world)
        case ReconcileReturn():
            return reconcile(command, world)
    assert_never(command)


def open_period(command: OpenPeriod, world: World) -> Answer:
    """Open a month: the first one is free to choose, every other follows the one closed last.

    Refuses with `not-allowed`, `period-closed`, `period-open`, `period-order`, `no-policy` or `no-payroll-terms`, in this
    order.
    """
    if refusal := reserved(world, command.actor, command.at, "finance", clause="payroll/open"):
        return refusal
    known, last = world.payroll.periods.get(command.period), world.payroll.last
    if known and known.closing:
        return already_closed(known.closing, known.closed_position)
    if world.payroll.open:
        return Refusal(code=Code.PERIOD_OPEN, clause="payroll/one-open", rival=world.payroll.open.period)
    if last and command.period != following(last.period):
        return Refusal(
            code=Code.PERIOD_ORDER,
            clause="payroll/order",
            rival=last.period,
            detail=f"The next to open is {following(last.period)}.",
        )
    policy = governing(command, world)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force", rival=command.policy)
    if policy.payroll is None:
        return Refusal(code=Code.NO_PAYROLL_TERMS, clause=policy.clause("payroll"), rival=policy.policy)
    after = following(command.period)
    return [
        PeriodOpened(
            at=command.at,
            period=command.period,
            policy=policy.policy,
            begins=begins(command.period, policy.zone),
            ends=begins(after, policy.zone),
            pay_day=day_in(after, policy.payroll.pay_day),
            by=command.actor,
        )
    ]


def close_period(command: ClosePeriod, world: World) -> Answer:
    """Close the open month. From now on whatever comes to light belongs to the next one.

    Refuses with `not-allowed`, `period-closed`, `period-order` (another month is open), `unknown-period`,
    `closing-behind`, `settled-late` or `reason-missing`, in this order.
    """
    if refusal := reserved(world, command.actor, command.at, "finance", clause="payroll/close"):
        return refusal
    if refusal := not_open(command.period, world.payroll):
        return refusal
    gathering = world.payroll.periods[command.period]
    if command.position < world.payroll.closed_until():
        return Refusal(
            code=Code.CLOSING_BEHIND, clause="payroll/close", rival_position=world.payroll.closed_until() or None
        )
    paid = next((closing for closing in world.payroll.closed() if not closing.settled), None)
    if command.settled and paid:
        return Refusal(code=Code.SETTLED_LATE, clause="payroll/settled", rival=paid.period)
    if (command.unusual or command.settled) and not command.reason:
        told = "; ".join(each.told for each in command.unusual) or "Say who settled it, and how."
        return Refusal(code=Code.REASON_MISSING, clause="payroll/check", rival=command.period, detail=told)
    return [
        PeriodClosed(
            at=command.at,
            period=command.period,
            position=command.position,
            policy=gathering.opening.policy,
            plans=command.plans,
            totals=command.totals,
            digest=command.digest,
            exports=command.exports,
            unusual=command.unusual,
            ground=command.reason,
            settled=command.settled,
            by=command.actor,
        )
    ]


def not_open(period: str, payroll: Payroll) -> Refusal | None:
    """Refuse a month that is closed, that another comes before, or that was never opened."""
    known, gathering = payroll.periods.get(period), payroll.open
    if known and known.closing:
        return already_closed(known.closing, known.closed_position)
    if gathering and gathering.period != period:
        told = f"{gathering.period} is open; close it first."
        return Refusal(code=Code.PERIOD_ORDER, clause="payroll/order", rival=gathering.period, detail=told)
    if gathering is None:
        last = payroll.last
        first = following(last.period) if last else period
        told = f"Open it first: payroll open {first}" + ("." if first == period else ", and those after it.")
        return Refusal(code=Code.UNKNOWN_PERIOD, clause="payroll/close", rival=period, detail=told)
    return None


def governing(command: OpenPeriod, world: World) -> PolicyVersion | None:
    """The policy whose payroll terms the month goes by: the one named, that of who opens it, or the only one there is."""
    if command.policy:
        return world.policies.versions.get(command.policy)
    if policy := world.policy(command.at, command.actor):
        return policy
    in_force = [each for each in world.policies.versions.values() if each.payroll and each.is_in_force(command.at)]
    return in_force[0] if len(in_force) == 1 else None


def already_closed(closing: PeriodClosed, position: int) -> Refusal:
    return Refusal(
        code=Code.PERIOD_CLOSED,
        clause="payroll/closed",
        rival=closing.period,
        rival_position=position or None,
        rival_at=closing.at,
        detail=f"It was closed at position {closing.position}.",
    )
