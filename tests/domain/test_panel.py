"""The draw: nobody can choose it, anybody can repeat it."""

import hashlib
from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.case.facts import PanelSeated, Seat
from domain.case.panel import draw
from domain.policy.disputes import PanelTerms
from tests.domain.court import ROOT, Court, accepted, courtroom, decided, seated
from tests.domain.story import only, shipped

roots = st.binary(min_size=32, max_size=32).map(bytes.hex)


def terms() -> PanelTerms:
    told = shipped("b2b-1").disputes
    assert told
    return told.panel


def people() -> list[Seat]:
    of_each = {"sales-management": 3, "mid-office": 3, "lead": 7}
    return [Seat(member=f"{seat}-{n}", seat=seat) for seat, many in of_each.items() for n in range(many)]


@given(roots, st.randoms(use_true_random=False))
def test_the_draw_is_the_same_whatever_the_order_of_the_eligible(root: str, chance: Random) -> None:
    shuffled = people()
    chance.shuffle(shuffled)

    assert draw(root, "K-1", 1, shuffled, terms()) == draw(root, "K-1", 1, people(), terms())


@given(roots)
def test_a_panel_has_the_seats_of_the_policy_and_nobody_twice(root: str) -> None:
    drawn = draw(root, "K-1", 1, people(), terms())

    assert [each.seat for each in drawn.members] == ["sales-management", "mid-office", "lead", "lead", "lead"]
    assert [each.seat for each in drawn.alternates] == ["sales-management", "mid-office", "lead", "lead"]
    assert len({each.member for each in (*drawn.members, *drawn.alternates)}) == 9
    assert drawn.lacking == ()


def test_anybody_can_draw_again_with_a_hash_and_a_sorted_list() -> None:
    leads = [each.member for each in people() if each.seat == "lead"]

    by_hand = sorted(leads, key=lambda each: hashlib.sha256(f"{ROOT}/K-1/1/lead/{each}".encode()).hexdigest())

    drawn = draw(ROOT, "K-1", 1, people(), terms())
    assert [each.member for each in drawn.members if each.seat == "lead"] == by_hand[:3]
    assert [each.member for each in drawn.alternates if each.seat == "lead"] == by_hand[3:5]


def test_seed_case_and_hearing_each_change_the_draw() -> None:
    draws = {
        draw(root, case, hearing, people(), terms()).members
        for root in (ROOT, "7c" * 32)
        for case in ("K-1", "K-2")
        for hearing in (1, 2)
    }

    assert len(draws) == 8


def test_everybody_has_a_fair_chance() -> None:
    drawn = [draw(hashlib.sha256(bytes([n])).hexdigest(), "K", 1, people(), terms()).members for n in range(250)]
    times = [sum(seat in members for members in drawn) for seat in people() if seat.seat == "lead"]

    assert all(abs(each - 250 * 3 / 7) < 35 for each in times), times


def test_a_seat_for_which_nobody_is_there_is_named() -> None:
    few = [each for each in people() if each.seat != "mid-office"][:5]

    assert draw(ROOT, "K-1", 1, few, terms()).lacking == ("mid-office", "lead")


def test_the_panel_is_recorded_with_all_that_it_takes_to_draw_again() -> None:
    court = seated()
    fact = only(PanelSeated, court.log)

    again = draw(fact.head.root, "K-1", fact.hearing, fact.eligible, terms())

    assert (again.members, again.alternates) == (fact.members, fact.alternates)


def eligible(court: Court) -> set[str]:
    return {each.member for each in only(PanelSeated, court.seats().log[-1:]).eligible}


def test_no_party_no_one_of_a_partys_unit_and_no_superior_at_the_time_of_the_act_is_eligible() -> None:
    found = eligible(accepted())

    assert found.isdisjoint({"Wang", "Li", "Lu", "Lao", "Ma"})
    assert {"Mei", "manager-north", "mid-south", "lead-central-1"} <= found


def test_it_is_the_organisation_of_the_time_of_the_act_that_counts() -> None:
    court = courtroom()
    court.given("transfer-rep", "02-22 09:00", rep="Lao", unit="north-team-1", duty="lead")
    court.given("create-unit", "02-22 09:00", unit="east-new", parent="head-office", title="new")
    court.given("transfer-rep", "02-22 10:00", rep="Li", unit="east-new", duty="rep")
    court.given("join-rep", "02-22 11:00", rep="Newlead", unit="east-new", duty="lead")

    found = eligible(court.files().accepts())

    assert "Lao" not in found  # led Wang's team on 20 February
    assert "Newlead" in found  # leads Li only since the 22nd


def test_who_has_left_by_then_is_not_drawn() -> None:
    assert "mid-north" not in eligible(accepted().given("leave-rep", "02-26 10:30", rep="mid-north"))


def test_the_panel_of_the_appeal_has_no_member_of_the_first() -> None:
    for first, second in permutations((ROOT, "7c" * 32, "05" * 32), 2):
        court = accepted().seats(root=first)
        before = set(court.members)
        court.given("recuse-member", "02-26 12:00", case="K-1", member=court.members[0], cause="own-wish")
        before |= set(court.members)
        court = decide(court).given("file-appeal", "02-29 09:00", case="K-1", by="Li")
        court.seats("02-29 10:00", second)

        assert before.isdisjoint(court.members)
        assert before.isdisjoint({each.member for each in only(PanelSeated, court.log[-1:]).eligible})


def decide(court: Court) -> Court:
    told = {"finding": "confirm", "effective_from": "2024-02-20T00:00:00+08:00", "ground": {"by": "efficiency"}}
    return court.all_vote(*[told] * 5).issues()


def test_a_decided_case_has_no_panel_to_draw() -> None:
    assert decided().is_refused("seat-panel", "02-28 10:00", actor="Kong", head=decided().head()).code == "out-of-turn"
