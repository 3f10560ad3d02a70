"""How disputes are heard, as data: the deadlines of a case, the panel's seats, its quorum and majority, the calendar.

Days are calendar days where nothing else is said, working days by the calendar otherwise.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.calendar import Calendar
from domain.fact import Id
from domain.organisation.facts import Duty

Number = Annotated[int, Field(gt=0, le=1000)]


class Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeatTerms(Told):
    """`members` of a duty, and how many `alternates` wait to replace those recused."""

    seat: Id
    duty: Duty
    members: Number
    alternates: Annotated[int, Field(ge=0, le=1000)] = 0


class PanelTerms(Told):
    """`quorum` must have voted, and `majority` of the seated agree, for a ruling to be carried."""

    seats: Annotated[tuple[SeatTerms, ...], Field(min_length=1)]
    quorum: Number
    majority: Number

    @property
    def size(self) -> int:
        return sum(seat.members for seat in self.seats)


class AppealTerms(Told):
    """Working days in which the one appeal is filed, and in which it is decided."""

    within: Number
    decided_within: Number


class DisputeTerms(Told):
    """Filed within `filed_within_days` of the act, or `filed_after_statement` working days of the statement that shows it.

    The others count working days: acceptance from the filing, evidence and decision from the acceptance.
    """

    filed_within_days: Number
    filed_after_statement: Number
    accepted_within: Number
    evidence_within: Number
    decided_within: Number
    panel: PanelTerms
    appeal: AppealTerms
    calendar: Calendar

    @property
    def filed_within(self) -> timedelta:
        return timedelta(days=self.filed_within_days)


def contradictions(terms: DisputeTerms) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """What of the terms cannot be kept: a code, the path to the term, and why in words."""
    panel, path = terms.panel, ("disputes", "panel")
    names = [seat.seat for seat in panel.seats]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield "seat-repeated", (*path, "seats", i, "seat"), f"{name} is a seat already; each comes once"
    if panel.quorum > panel.size:
        yield "quorum-unreachable", (*path, "quorum"), f"the panel has {panel.size} members, fewer than the quorum"
    if panel.majority > panel.quorum:
        yield "majority-unreachable", (*path, "majority"), "the quorum alone could not come to a majority"
    if 2 * panel.majority <= panel.size:
        yield "two-majorities", (*path, "majority"), f"two rulings could each have {panel.majority} of {panel.size}"
