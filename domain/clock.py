"""What the clock has made happen by now: warnings, drops, the end of protections, milestones due and overdue.

Each is dated to its own instant, whoever notices it first, so no outcome depends on when a sweeper ran.
"""

from collections.abc import Iterable
from datetime import datetime

from domain.case.ending import case_told
from domain.contract.decisions import milestones_told
from domain.facts import AnyFact
from domain.lapse import holding_lapsed
from domain.visit.decisions import protection_over
from domain.world import World


def due(world: World, streams: Iterable[str]) -> list[AnyFact]:
    """What the clock has to tell of these histories by the world's now, each history's facts in the order of their time."""
    return [fact for name in dict.fromkeys(streams) for fact in due_in(world, name)]


def due_in(world: World, name: str) -> list[AnyFact]:
    story, _, key = name.partition("/")
    told: list[AnyFact] = []
    match story:
        case "customer":
            stream = world.customer(key)
            told = [*holding_lapsed(key, stream, world), *protection_over(key, stream, world.now)]
        case "deal":
            told = [*milestones_told(key, world.deal(key), world.now)]
        case "case":
            told = case_told(key, world, world.now)
    return sorted(told, key=instant)


def instant(fact: AnyFact) -> datetime:
    return fact.at
