"""Every sequence of votes, recusals and counts over small panels, tried one by one against what must always hold.

A panel of three with quorum two and majority two, and one of four with quorum three and majority three, each with one
alternate; two rulings to vote for; every member votes for one of them or not at all, steps back or not, in every order; after
every step the votes are counted, and at the end the deadline passes.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import permutations, product
from typing import Any

import pytest

from domain.case.course import Case
from domain.case.facts import DecisionIssued, MemberRecused, VoteCast
from domain.case.hearing import carried
from domain.policy.disputes import PanelTerms, SeatTerms
from domain.policy.facts import PolicyBook
from tests.domain.court import Court, courtroom, ruling, seated, to
from tests.domain.story import kinds, shipped

RULINGS = {"for": to("Wang"), "against": ruling()}
ACTS = {
    "three": ("for", "against", "nothing", "recused", "for then recused"),
    "four": ("for", "against", "nothing", "recused"),
}
SMALL = {
    "three": PanelTerms(seats=(SeatTerms(seat="lead", duty="lead", members=3, alternates=1),), quorum=2, majority=2),
    "four": PanelTerms(seats=(SeatTerms(seat="lead", duty="lead", members=4, alternates=1),), quorum=3, majority=3),
}


@cache
def sitting(size: str) -> Court:
    """The panel sits; the version that binds the deal has another panel than the shipped one, and is otherwise as it is."""
    court = courtroom()
    book, told = court.world.policies, shipped("b2b-1").disputes
    assert told
    small = book["B2B-1"].model_copy(update={"disputes": told.model_copy(update={"panel": SMALL[size]})})
    court.world.policies = PolicyBook({**book.versions, "B2B-1": small}, book.hashes)
    return court.files().accepts().seats()


def sequences(acts_of: tuple[str, ...], size: int) -> Iterator[tuple[tuple[int, str], ...]]:
    """Every member once, each with one of the acts, in every order; votes alone count the same in any order."""
    for acts in product(acts_of, repeat=size):
        stays = not any("recused" in act for act in acts)
        for order in [tuple(range(size))] if stays else permutations(range(size)):
            yield tuple((member, acts[member]) for member in order)


def play(court: Court, sequence: tuple[tuple[int, str], ...]) -> None:
    members = court.members
    for number, act in sequence:
        member = members[number]
        if court.case.status != "open":
            return
        if act in ("for", "against"):
            vote(court, member, act)
        elif act != "nothing":
            if "for" in act:
                vote(court, member, "for")
            if court.case.status == "open":
                court.given("recuse-member", "02-27 10:00", case="K-1", member=member, cause="own-wish", actor=member)
        holds(court)
        court.when("issue-decision", "02-28 09:00", case="K-1", actor="Kong")


def vote(court: Court, member: str, act: str) -> None:
    court.given("cast-vote", "02-27 09:00", case="K-1", member=member, ruling=RULINGS[act], opinion="so")


def holds(court: Court) -> None:
    """What must hold after every step."""
    hearing = court.case.hearing
    assert hearing
    assert hearing.panel
    voters = [each.member for each in hearing.votes]
    eligible = {each.member for each in hearing.panel.eligible}
    assert len(voters) == len(set(voters))
    assert set(voters) <= set(hearing.members) <= eligible
    assert set(hearing.members).isdisjoint(hearing.recused)
    assert set(hearing.members).isdisjoint({"Wang", "Li", "Lu", "Lao", "Ma"})
    assert len(hearing.members) <= len(hearing.panel.members)


def well_decided(case: Case, terms: PanelTerms, log: list[Any]) -> None:
    """What must hold of a decision, whoever came to it."""
    (decision,) = (fact for fact in log if isinstance(fact, DecisionIssued))
    hearing = case.hearings[0]
    votes = {each.member: each.digest for each in hearing.votes}
    most = max(Counter(votes.values()).values(), default=0)
    if decision.cause == "majority":
        assert len(votes) >= terms.quorum
        assert sum(digest == decision.digest for digest in votes.values()) == most >= terms.majority
        assert set(decision.carried) == {member for member, digest in votes.items() if digest == decision.digest}
    else:
        assert len(votes) < terms.quorum or most < terms.majority
        assert (decision.ruling.finding, decision.ruling.remedies, decision.carried) == ("confirm", (), ())
    assert {*decision.carried, *decision.dissent} == set(votes)
    assert set(decision.carried).isdisjoint(decision.dissent)


def the_clock_agrees(log: list[Any], before: list[str]) -> None:
    """An alarm that says a decision is due rings if and only if no majority had been found when the deadline came."""
    alarm = True
    for fact in log:
        match fact:
            case VoteCast(carries=True) | DecisionIssued():
                alarm = False
            case MemberRecused(decide_by=at) if at is not None:
                alarm = True
            case _:
                continue
    assert ("decision-issued" in before) == alarm


@pytest.mark.parametrize("size", ["three", "four"])
def test_every_sequence_of_votes_and_recusals_keeps_to_the_law(size: str) -> None:
    terms = SMALL[size]
    seats = len(sitting(size).members)
    tried = 0
    for sequence in sequences(ACTS[size], seats):
        court = sitting(size).copy()
        begun = len(court.log)
        play(court, sequence)
        found = court.case.hearing and carried(court.case.hearing, terms)
        log = list(court.log[begun:])
        told = kinds(court.time_is("03-07 00:00"))
        if court.case.hearing is None:
            well_decided(court.case, terms, court.log[begun:])
        else:
            assert found is not None
            assert told == []
        if not any(isinstance(fact, DecisionIssued) for fact in log):
            the_clock_agrees(log, told)
        tried += 1
    assert tried == {"three": 98 * 6 + 27, "four": 175 * 24 + 81}[size]


def test_with_the_shipped_panel_every_split_of_votes_comes_out_as_the_law_says() -> None:
    for votes in product(("for", "against", "nothing"), repeat=5):
        court = seated()
        for member, each in zip(court.members, votes, strict=True):
            if each != "nothing":
                court.votes(member, RULINGS[each])
        verdict = court.judged("issue-decision", "02-28 09:00", case="K-1", actor="Kong")
        cast, ahead = 5 - votes.count("nothing"), max(votes.count("for"), votes.count("against"))
        if cast < 4:
            assert verdict.refusal
            assert verdict.refusal.code == "quorum-missing"
        elif ahead >= 3:
            assert not verdict.refusal
        else:
            assert verdict.refusal
            assert verdict.refusal.code == "majority-open"
