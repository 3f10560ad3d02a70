"""How versions follow one another: when each ends, which meet in time, and where a scope is left without any."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.policy.terms import PolicyVersion, Scope

Span = tuple[datetime, datetime]
"""Half-open: from the first instant on, until before the second."""


def end(version: PolicyVersion, everything: Iterable[PolicyVersion]) -> datetime | None:
    """When the version ends: at its `effective_until`, or where one that supersedes it begins. None: not known yet."""
    ends = [other.effective_from for other in everything if supersedes(other, version)]
    return min([*ends, *([version.effective_until] if version.effective_until else [])], default=None)


def supersedes(new: PolicyVersion, old: PolicyVersion) -> bool:
    """Whether the new version ends the old one: it says so, has the same scope, and begins later."""
    return new.supersedes == old.policy and new.scope == old.scope and old.effective_from < new.effective_from


def meet(one: PolicyVersion, other: PolicyVersion, everything: Sequence[PolicyVersion]) -> bool:
    """Whether both are in force at some instant."""
    return before(one.effective_from, end(other, everything)) and before(other.effective_from, end(one, everything))


def before(at: datetime, until: datetime | None) -> bool:
    return until is None or at < until


def covers(wide: Scope, narrow: Scope) -> bool:
    """Whether everything in the narrow scope is in the wide one too."""
    return all(value is None or value == getattr(narrow, name) for name, value in wide)


def cross(one: Scope, other: Scope) -> bool:
    """Whether an act can lie in both scopes though neither is the narrower, so that only the beginnings tell them apart."""
    if one == other or one.narrowness != other.narrowness:
        return False
    return all(value is None or getattr(other, name) in (None, value) for name, value in one)


def holes(version: PolicyVersion, others: Sequence[PolicyVersion]) -> list[Span]:
    """The times beside this version in which its scope has no version in force, neither its own nor a wider one."""
    everything = [*others, version]
    same = [other for other in everything if other.scope == version.scope]
    wider = [other for other in others if covers(other.scope, version.scope)]
    found = []
    ended = [stop for other in same if (stop := end(other, everything)) and stop <= version.effective_from]
    if ended:
        found.append((max(ended), version.effective_from))
    stop = end(version, everything)
    begun = [other.effective_from for other in same if stop and other.effective_from >= stop]
    if stop and begun:
        found.append((stop, min(begun)))
    covering = [(other.effective_from, end(other, everything)) for other in wider]
    return [left for span in found for left in uncovered(span, covering)]


def uncovered(span: Span, covering: Iterable[tuple[datetime, datetime | None]]) -> list[Span]:
    """What of a span is left when all that covers it is taken away."""
    left: list[Span] = [span] if span[0] < span[1] else []
    for since, until in covering:
        left = [
            part
            for start, stop in left
            for part in ((start, min(stop, since)), (max(start, until) if until else stop, stop))
            if part[0] < part[1]
        ]
    return left
