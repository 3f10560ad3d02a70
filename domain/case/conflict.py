"""Who may not hear a case: parties, who worked in a party's unit or above it when the act was done, who heard it before."""

from collections.abc import Iterator
from datetime import datetime

from domain.case.course import Case
from domain.case.facts import DisputeFiled, Seat
from domain.organisation.facts import Organisation, Post
from domain.policy.disputes import PanelTerms


def conflict_of(member: str, case: Case, organisation: Organisation) -> str | None:
    """What stake the person has in the case, in words; None: none."""
    assert case.filing is not None, "only a case that was filed is heard"
    earlier = next((each for each in case.hearings if member in each.everyone()), None)
    if earlier:
        return f"sat on the panel of hearing {earlier.number}"
    return stake_of(member, case.filing, organisation)


def stake_of(member: str, filing: DisputeFiled, organisation: Organisation) -> str | None:
    if member in filing.parties:
        return "is a party"
    own = organisation.post(member, filing.act_at)
    if own is None:
        return None
    for party in filing.parties:
        unit = unit_of(party, filing.act_at, organisation)
        if unit is None:
            continue
        if own.unit == unit:
            return f"worked in the unit of {party}"
        if own.duty in ("lead", "manager") and own.unit in {
            above.unit for above in organisation.line(unit, filing.act_at)
        }:
            return f"was a superior of {party}"
    return None


def unit_of(person: str, at: datetime, organisation: Organisation) -> str | None:
    """The unit in which the person worked then; of who had left, the last one before."""
    known = organisation.reps.get(person)
    posts: tuple[Post, ...] = known.posts if known else ()
    return next((post.unit for post in reversed(posts) if post.since <= at and post.unit), None)


def eligible(case: Case, at: datetime, organisation: Organisation, terms: PanelTerms) -> Iterator[Seat]:
    """Everyone who may be drawn: has the duty of a seat at that time, and no stake. In the order of seats, then of names."""
    for seat in terms.seats:
        for member in sorted(organisation.reps):
            post = organisation.post(member, at)
            if post and post.duty == seat.duty and conflict_of(member, case, organisation) is None:
                yield Seat(member=member, seat=seat.seat)
