"""Whose turn it is in a case, what to do, and by when: a question to the case as it stands, which decides nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.case.course import Case, Hearing
from domain.case.hearing import carried
from domain.policy.disputes import PanelTerms

COMMITTEE = "committee"
"""Whose turn it is where the committee as a whole is meant, and no one person."""


@dataclass(frozen=True, slots=True)
class Step:
    """`who` is a person, or the committee; `do` the command that is waited for; `by` its deadline, if it has one."""

    who: str
    do: str
    by: datetime | None


def next_steps(case: Case, terms: PanelTerms) -> list[Step]:
    """Everybody's next step, the earliest deadline first. What only may be done, such as to appeal, is among them."""
    return sorted(steps(case, terms), key=lambda step: (step.by is None, step.by, step.do, step.who))


def steps(case: Case, terms: PanelTerms) -> Iterator[Step]:
    filing, decision = case.filing, case.decision
    match case.status:
        case "filed" if filing:
            yield Step(COMMITTEE, "accept-case", filing.accept_by)
        case "open" | "appealed" if case.hearing and filing:
            if case.evidence_until and not case.hearing.votes:
                yield from (Step(party, "submit-evidence", case.evidence_until) for party in filing.parties)
            yield from in_hearing(case.hearing, terms)
        case "decided" if decision and filing and not case.appeal:
            yield from (Step(party, "file-appeal", decision.appeal_until) for party in filing.parties)
        case "final":
            yield Step(COMMITTEE, "execute-decision", None)
        case _:
            return


def in_hearing(hearing: Hearing, terms: PanelTerms) -> Iterator[Step]:
    if hearing.panel is None:
        yield Step(COMMITTEE, "seat-panel", hearing.decide_by)
        return
    found = carried(hearing, terms)
    waiting = [member for member in hearing.members if not hearing.has_voted(member)]
    if found or not waiting:
        yield Step(COMMITTEE, "issue-decision", None if found else hearing.decide_by)
    yield from (Step(member, "cast-vote", hearing.decide_by) for member in waiting)
