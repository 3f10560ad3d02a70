"""How long a customer is kept: the bands of B2B-1, its renewal in full, its cap; and the vendor's rule RC-1 to the day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import parse
from domain.facts import FACT
from domain.judgement import judge
from domain.policy.terms import Retention
from domain.pool.decisions import ClaimCustomer
from domain.pool.facts import CustomerClaimed, CustomerDropped, RetentionExtended, RetentionWarned
from domain.retention import band_of, first_deadline, renewed_deadline, warning
from tests.domain.story import Story, holding, in_business, kinds, metres_north, on, only, shipped, with_a_shop

B2B_1 = shipped("b2b-1").pool.retention
RC_1 = shipped("rc-1").pool.retention


@pytest.mark.parametrize(
    ("expected", "days"), [(None, 7), (1, 7), (4_999_999, 7), (5_000_000, 14), (49_999_999, 14), (50_000_000, 30)]
)
def test_the_larger_the_customer_the_longer_it_is_kept(expected: int | None, days: int) -> None:
    story = in_business().registers("new", expected_amount=expected)

    (claimed,) = story.tells("claim-customer", "03-01 09:00", customer="new", rep="Li")

    assert isinstance(claimed, CustomerClaimed)
    assert claimed.deadline == on("03-01 09:00") + timedelta(days=days)
    assert claimed.cap == on("03-01 09:00") + timedelta(days=6 * days)


def test_a_verified_visit_renews_the_retention_in_full_and_warns_anew() -> None:
    facts = holding("Li", "08-01 09:00").visits("Li", "08-05 15:00")

    extended = only(RetentionExtended, facts)

    assert (extended.owner, extended.visit, extended.clause) == ("Li", "V-1", "B2B-1/renewal")
    assert (extended.deadline, extended.warn_at) == (on("08-12 15:00"), on("08-10 15:00"))


def test_neither_a_rejected_visit_nor_a_colleagues_renews_anything() -> None:
    story = holding("Li", "08-01 09:00")

    assert kinds(story.visits("Li", "08-05 15:00", "V-1", metres=612)) == ["visit-recorded", "visit-rejected"]
    assert kinds(story.visits("Zhou", "08-05 15:00", "V-2")) == ["visit-recorded", "visit-verified"]


def test_a_visit_before_the_claim_renews_nothing() -> None:
    story = holding("Li", "08-01 09:00")

    assert kinds(story.visits("Li", "07-31 15:00", recorded="08-01 10:00")) == ["visit-recorded", "visit-verified"]


def test_no_renewal_goes_beyond_six_times_the_retention() -> None:
    story = holding("Li", "03-01 09:00")
    for i, day in enumerate(["03-07", "03-13", "03-19", "03-25", "03-31", "04-06"]):
        story.visits("Li", f"{day} 09:00", f"V-{i}")

    assert story.world.customer("shop").holding.deadline == on("04-12 09:00")
    assert "retention-extended" not in kinds(story.visits("Li", "04-10 09:00", "V-9"))
    assert only(CustomerDropped, story.tells("claim-customer", "04-12 09:00", rep="Zhou")).at == on("04-12 09:00")


def rc() -> Story:
    story = in_business().registers("house", "03-24 09:00", "Rao", place=metres_north(0))
    return story.given("claim-customer", "03-25 09:00", customer="house", rep="Rao")


@pytest.mark.parametrize(
    ("activities", "drops"),
    [
        ([], "04-04 09:00"),
        (["03-28 10:00"], "04-04 09:00"),
        (["04-02 10:00"], "04-05 10:00"),
        (["04-02 10:00", "04-05 09:30"], "04-08 09:30"),
        (["04-02 10:00", "04-05 10:00"], "04-05 10:00"),
        (["04-03 10:00", "04-06 09:00", "04-09 08:00", "04-12 07:00", "04-13 08:00"], "04-14 09:00"),
    ],
)
def test_the_vendors_rule_comes_out_to_the_day(activities: list[str], drops: str) -> None:
    story = rc()
    for i, at in enumerate(activities):
        story.visits("Rao", at, f"V-{i}", customer="house")

    story.given("bring-clock", "05-01 00:00", customer="house")

    dropped = only(CustomerDropped, story.log)
    assert (dropped.at, dropped.clause) == (on(drops), "RC-1/retention")


def test_the_vendors_arithmetic_is_the_formula_of_its_handbook() -> None:
    claimed, cap = on("03-25 00:00"), on("04-14 00:00")

    assert (first_deadline(RC_1, None, claimed).at, first_deadline(RC_1, None, claimed).cap) == (on("04-04 00:00"), cap)
    assert renewed_deadline(RC_1, None, on("04-04 00:00"), cap, on("03-28 00:00")) == on("04-04 00:00")
    assert renewed_deadline(RC_1, None, on("04-04 00:00"), cap, on("04-02 00:00")) == on("04-05 00:00")
    assert renewed_deadline(RC_1, None, on("04-05 00:00"), cap, on("04-05 00:00")) == on("04-08 00:00")
    assert renewed_deadline(RC_1, None, on("04-13 00:00"), cap, on("04-13 00:00")) == cap


def test_a_warning_is_told_once_and_again_after_each_renewal() -> None:
    story = holding("Li", "08-01 09:00")

    assert kinds(story.tells("bring-clock", "08-06 08:59")) == []
    assert only(RetentionWarned, story.tells("bring-clock", "08-06 12:00")).at == on("08-06 09:00")
    assert kinds(story.tells("bring-clock", "08-07 12:00")) == []
    story.visits("Li", "08-07 15:00")
    assert only(RetentionWarned, story.tells("bring-clock", "08-12 15:00")).deadline == on("08-14 15:00")


terms_of = st.sampled_from([B2B_1, RC_1])
amounts = st.none() | st.integers(1, 10**9)
minutes = st.integers(0, 400 * 24 * 60)


@given(terms_of, amounts, st.lists(minutes))
def test_visits_never_shorten_the_time_and_never_pass_the_cap(
    terms: Retention, expected: int | None, after: list[int]
) -> None:
    claimed = on("03-01 09:00")
    first = first_deadline(terms, expected, claimed)
    now = first.at
    for minute in sorted(after):
        renewed = renewed_deadline(terms, expected, now, first.cap, claimed + timedelta(minutes=minute))
        assert now <= renewed <= first.cap
        now = renewed


@given(terms_of, minutes)
def test_a_warning_lies_between_now_and_the_deadline_or_is_none(terms: Retention, after: int) -> None:
    known = on("03-01 09:00")
    deadline = known + timedelta(minutes=after)
    warned = warning(terms, deadline, known)

    assert warned is None or known < warned < deadline


@given(terms_of, amounts)
def test_every_amount_falls_into_one_band(terms: Retention, expected: int | None) -> None:
    band = band_of(terms, expected)

    assert band in terms.bands
    assert expected is None or band.below is None or expected < band.below


def test_the_same_instant_keeps_a_customer_as_long_however_its_zone_was_written() -> None:
    told = []
    for at in (datetime(2024, 3, 8, 9, tzinfo=ZoneInfo("America/New_York")), "2024-03-08T09:00:00-05:00"):
        claim = parse({"name": "claim-customer", "at": at, "customer": "shop", "rep": "Li"})
        assert isinstance(claim, ClaimCustomer)
        story = with_a_shop()
        story.world.now = claim.at
        told.append(FACT.dump_json(only(CustomerClaimed, list(judge(claim, story.world).facts))))

    assert told[0] == told[1]
    assert b'"deadline":"2024-03-15T09:00:00-05:00"' in told[0]
