"""How the read model of the lines follows the payroll: what is held, who has left, and which month was closed where."""

from collections.abc import Mapping
from typing import Any

from domain.organisation.facts import RepJoined, RepLeft
from domain.payout.facts import Holds, PayoutHeld
from domain.payroll.facts import PeriodClosed, PeriodOpened
from domain.policy.terms import PolicyVersion
from domain.rate.facts import RatePublished
from domain.record import Recorded
from projections.closing import Arranged, Cut, Shelves, arrange, clear, in_generation, keep
from projections.converting import RATE, note
from projections.desk import Desk
from projections.statements import (
    CLOSING,
    COMING,
    HOLD,
    LIFTED,
    PERIOD,
    ClosingRow,
    ComingRow,
    HoldRow,
    LiftedRow,
    PeriodRow,
)
from projections.table import Table


def hold(recorded: Recorded, before: Holds, after: Holds, desk: Desk) -> None:
    """Note a hold that a deal's fact made, and those that it lifted."""
    fact = recorded.fact
    if isinstance(fact, PayoutHeld):
        desk.open(HOLD).append(
            HoldRow(recorded.position, fact.deal, fact.case, fact.payment, fact.role, fact.payee, fact.clause)
        )
    for lifted in before.standing:
        if lifted not in after.standing:
            desk.open(LIFTED).append(LiftedRow(lifted.position, recorded.position))


def come_or_go(recorded: Recorded, desk: Desk) -> None:
    """Note who comes to the organisation, and who leaves it."""
    fact = recorded.fact
    if isinstance(fact, RepJoined | RepLeft):
        desk.open(COMING).append(ComingRow(recorded.position, fact.rep, isinstance(fact, RepLeft)))


def open_or_close(
    recorded: Recorded,
    desk: Desk,
    line: Table[Any],
    plans: Mapping[str, PolicyVersion],
    kept: Arranged | None,
) -> None:
    """Note a month opened or a rate published; arrange and keep the statements of a month that is closed, unless they are `kept`."""
    match recorded.fact:
        case RatePublished() as fact:
            desk.open(RATE).append(note(recorded, fact))
        case PeriodOpened() as fact:
            desk.open(PERIOD).append(
                PeriodRow(fact.period, fact.policy, fact.begins, fact.ends, fact.pay_day, recorded.position)
            )
        case PeriodClosed() as fact:
            desk.flush()
            cut = cut_of(fact, recorded.position, desk, plans[fact.policy])
            if kept is None or kept.cut != cut:
                kept = arranged(desk, in_generation(line, desk.generation), cut)
            desk.open(CLOSING).append(
                ClosingRow(
                    period=fact.period,
                    position=recorded.position,
                    since=cut.since,
                    until=cut.until,
                    closed_at=fact.at,
                    recorded_at=recorded.recorded_at,
                    digest=fact.digest,
                    found=kept.digest,
                    pinned=fact.model_dump(mode="json"),
                )
            )


def arranged(desk: Desk, shelves: Shelves, cut: Cut) -> Arranged:
    found = arrange(desk.connection, shelves, cut)
    keep(desk.connection, shelves, cut)
    clear(desk.connection)
    return found


def cut_of(fact: PeriodClosed, position: int, desk: Desk, policy: PolicyVersion) -> Cut:
    """What the closing takes in: nothing beyond itself, whatever position it names."""
    rows = desk.select(CLOSING, "SELECT period, until FROM {} ORDER BY position DESC LIMIT 1", [])
    previous, since = next(iter(rows), (None, 0))
    assert policy.payroll, "a period is opened by a policy with payroll terms"
    until = max(since, min(fact.position, position - 1))
    return Cut(fact.period, previous, since, until, policy.policy, policy.payroll.clawback)
