"""Brings in early what the clock has made happen: warnings, drops, ends of protection, milestones due and overdue.

No outcome depends on it: whoever judges a command brings the same facts in first, dated to the same instants.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from domain.case.commands import BringCaseClock
from domain.commands import AnyCommand
from domain.deal.decisions import BringDealClock
from domain.effects import RETENTION
from domain.organisation.facts import Organisation, OrganisationFact, evolve
from domain.pool.decisions import BringClock
from services.ledger.application import Ledger

DUE: Final = "select stream, at, position from alarm where at <= %s order by at, stream limit %s"

OF_LEAVERS: Final = (
    "select stream, who, position from alarm where alarm = %s and who = any(%s) order by stream limit %s"
)


class ClockSilent(RuntimeError):
    """An alarm is due, but the clock has nothing to tell of its history: the shared facts and the rules disagree."""


@dataclass(frozen=True, slots=True)
class Due:
    """A history of which the clock has something to tell since `at`; `position` is the event that set the alarm."""

    stream: str
    at: datetime
    position: int

    def command(self) -> tuple[str, AnyCommand]:
        """The command that brings it in. Its id follows from the alarm, so that a repetition is the same command."""
        story, _, key = self.stream.partition("/")
        command_id = f"clock:{self.stream}#{self.position}"
        match story:
            case "customer":
                return command_id, BringClock(at=self.at, customer=key)
            case "case":
                return command_id, BringCaseClock(at=self.at, case=key)
            case _:
                return command_id, BringDealClock(at=self.at, deal=key)


def sweep(ledger: Ledger, limit: int = 500) -> int:
    """Bring in all that is due by now, `limit` histories at a time, and return how many events were recorded.

    Raises `ClockSilent` rather than going round for ever, and whatever `Ledger.record` raises.
    """
    recorded = 0
    before: frozenset[Due] = frozenset()
    while page := frozenset(due(ledger, limit)):
        if silent := next(iter(page & before), None):
            raise ClockSilent(f"the alarm of {silent.stream}, set by event {silent.position}, rings without a reason")
        in_order = sorted(page, key=lambda each: (each.at, each.stream))
        recorded += sum(len(answer.positions) for answer in ledger.record_many(each.command() for each in in_order))
        before = page
    return recorded


def due(ledger: Ledger, limit: int) -> Iterator[Due]:
    """The histories whose alarm is due, at most `limit`, and as many holdings of people who have left."""
    now = ledger.now()
    left = leavers(ledger, now)
    with ledger.log_recorder.readers.connection() as connection:
        rang = connection.execute(DUE, (now, limit)).fetchall()
        abandoned = connection.execute(OF_LEAVERS, (RETENTION, list(left), limit)).fetchall()
    found = {cast(str, stream): (cast(datetime, at), cast(int, position)) for stream, at, position in rang}
    for stream, who, position in cast(list[tuple[str, str, int]], abandoned):
        found.setdefault(stream, (left[who], position))
    for stream, (at, position) in found.items():
        yield Due(stream, at, position)


def leavers(ledger: Ledger, now: datetime) -> dict[str, datetime]:
    """Who has left by now and has not come back, and when."""
    organisation = Organisation()
    for each in ledger.read("organisation"):
        organisation = evolve(organisation, cast(OrganisationFact, each.fact), each.position)
    left = ((rep, organisation.left_by(rep, now)) for rep in organisation.reps)
    return {rep: at for rep, at in left if at}
