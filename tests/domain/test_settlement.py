"""The arithmetic of a statement: nothing lost, never more taken back than the cap, and never more than is owed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money import part_of
from domain.policy.terms import ClawbackTerms
from domain.settlement import Movements, Reclaim, reclaim, settle

AMOUNT = st.integers(-(10**12), 10**12)
OWED = st.integers(0, 10**12)
MOVED = st.builds(Movements, accrual=AMOUNT, adjustment=AMOUNT, hold=AMOUNT, release=AMOUNT, raised=OWED, borne=OWED)
TERMS = st.builds(ClawbackTerms, window_months=st.integers(0, 24), cap=st.integers(0, 10_000))
THIRTY = ClawbackTerms(window_months=12, cap=3000)


@settings(deadline=None)
@given(OWED, MOVED, TERMS)
def test_what_comes_in_is_what_is_paid_and_what_is_carried_to_the_fen(
    owed: int, moved: Movements, terms: ClawbackTerms
) -> None:
    settled = settle(-owed, moved, terms)

    came_in = -owed + moved.accrual + moved.adjustment + moved.borne + moved.hold + moved.release
    assert came_in == settled.payable + settled.closing
    assert settled.balances


@settings(deadline=None)
@given(OWED, MOVED, TERMS)
def test_nobody_pays_in_and_nothing_beyond_the_cap_or_the_debt_is_kept_back(
    owed: int, moved: Movements, terms: ClawbackTerms
) -> None:
    settled = settle(-owed, moved, terms)

    assert settled.payable >= 0 >= settled.closing
    assert 0 <= settled.offset <= min(owed + moved.raised, part_of(settled.payable + settled.offset, terms.cap))


@settings(deadline=None)
@given(st.lists(st.tuples(OWED, OWED), min_size=1, max_size=12), TERMS)
def test_over_any_number_of_months_all_that_was_earned_is_paid_or_still_carried(
    months: list[tuple[int, int]], terms: ClawbackTerms
) -> None:
    opening = paid = earned = 0
    for accrual, raised in months:
        settled = settle(opening, Movements(accrual=accrual, adjustment=-raised, raised=raised), terms)
        opening, paid, earned = settled.closing, paid + settled.payable, earned + accrual - raised

    assert paid + opening == earned


@settings(deadline=None)
@given(OWED, OWED, st.integers(0, 40), TERMS)
def test_what_was_paid_and_is_due_no_longer_is_either_owed_or_borne_and_never_more_than_was_paid(
    less: int, paid: int, age: int, terms: ClawbackTerms
) -> None:
    found = reclaim(less, paid, "2020-06", f"{2020 + (5 + age) // 12}-{(5 + age) % 12 + 1:02d}", terms)

    assert sum(found) == min(less, paid)
    assert (found.borne == 0) if age <= terms.window_months else (found.raised == 0)


def test_a_month_settles_thirty_per_cent_of_its_pay_and_carries_the_rest() -> None:
    settled = settle(0, Movements(accrual=90_000, adjustment=-180_000, raised=180_000), THIRTY)

    assert (settled.offset, settled.payable, settled.closing) == (27_000, 63_000, -153_000)


def test_a_debt_smaller_than_the_cap_is_settled_whole() -> None:
    assert settle(-3, Movements(accrual=30_000), THIRTY)[5:] == (3, 0, 0, 29_997, 0)


def test_a_month_without_pay_settles_nothing_and_carries_all() -> None:
    assert settle(-500, Movements(), THIRTY)[8:] == (0, -500)


def test_what_was_held_when_it_was_earned_was_never_paid_and_is_no_debt_when_it_goes() -> None:
    assert reclaim(100, 0, "2024-06", "2024-07", THIRTY) == Reclaim(0, 0)
    assert settle(0, Movements(adjustment=-100, release=100), THIRTY)[8:] == (0, 0)


def test_the_window_ends_after_its_last_month() -> None:
    assert reclaim(100, 100, "2023-06", "2024-06", THIRTY) == Reclaim(100, 0)
    assert reclaim(100, 100, "2023-06", "2024-07", THIRTY) == Reclaim(0, 100)
