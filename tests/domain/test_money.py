"""Money is whole and divides without losing a unit, upwards and downwards alike."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MINOR_UNITS, WHOLE, major, part_of, split

amounts = st.integers(0, 2**63 - 1)
shares = st.lists(st.integers(0, 20_000), min_size=1, max_size=12).filter(any)


@given(amounts, shares)
def test_the_parts_sum_to_the_amount_and_none_is_negative(amount: int, given_shares: list[int]) -> None:
    parts = split(amount, given_shares)

    assert sum(parts) == amount
    assert min(parts) >= 0
    assert all(part == 0 for part, share in zip(parts, given_shares, strict=True) if share == 0)


@given(amounts, shares)
def test_no_part_is_a_whole_unit_away_from_its_exact_share(amount: int, given_shares: list[int]) -> None:
    whole = sum(given_shares)

    for part, share in zip(split(amount, given_shares), given_shares, strict=True):
        assert abs(part - Fraction(amount * share, whole)) < 1


@given(amounts, shares)
def test_who_has_the_larger_share_never_gets_less(amount: int, given_shares: list[int]) -> None:
    parts = split(amount, given_shares)

    for i, part in enumerate(parts):
        assert all(part >= other for j, other in enumerate(parts) if given_shares[i] > given_shares[j])
        assert all(part >= other for j, other in enumerate(parts[i + 1 :], i + 1) if given_shares[i] == given_shares[j])


@given(amounts, shares)
def test_taking_back_is_the_mirror_image_of_giving(amount: int, given_shares: list[int]) -> None:
    assert split(-amount, given_shares) == [-part for part in split(amount, given_shares)]


@given(amounts, shares, st.integers(2, 50))
def test_only_the_proportion_of_the_shares_counts(amount: int, given_shares: list[int], times: int) -> None:
    assert split(amount, [share * times for share in given_shares]) == split(amount, given_shares)


@given(shares)
def test_a_single_unit_goes_to_the_first_of_the_largest(given_shares: list[int]) -> None:
    assert split(1, given_shares).index(1) == given_shares.index(max(given_shares))


@pytest.mark.parametrize("given_shares", [[], [0], [0, 0], [-1, 2], [1, -1]])
def test_shares_that_divide_nothing_are_an_error(given_shares: list[int]) -> None:
    with pytest.raises(ValueError, match="shares must not be negative"):
        split(1, given_shares)


@given(amounts, st.integers(0, WHOLE))
def test_a_part_and_the_rest_lose_at_most_one_unit(amount: int, bps: int) -> None:
    assert amount - 1 <= part_of(amount, bps) + part_of(amount, WHOLE - bps) <= amount


@given(st.integers(-(2**62), 2**62), st.sampled_from(sorted(MINOR_UNITS)))
def test_what_people_read_is_the_amount_to_the_last_unit(amount: int, currency: str) -> None:
    written = major(amount, currency)

    assert int(written.replace(",", "").replace(".", "")) == amount
    assert len(written.partition(".")[2]) == MINOR_UNITS[currency]
