"""The clock's facts are dated to their own instants, and no outcome depends on when a sweeper looked in."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.effects import claims_of
from domain.facts import AnyFact
from domain.pool.facts import ClaimRefused
from domain.streams import CustomerStream
from tests.domain.story import Story, holding, kinds, metres_north, on, photo, with_a_shop

REPS, SHOPS = ["Li", "Zhou", "Wang"], ["shop", "second"]
SWEPT = ["shop", "second"]

steps = st.one_of(
    st.tuples(st.just("claim-customer"), st.sampled_from(SHOPS), st.sampled_from(REPS)),
    st.tuples(st.just("release-customer"), st.sampled_from(SHOPS), st.sampled_from(REPS)),
    st.tuples(st.just("record-visit"), st.sampled_from(SHOPS), st.sampled_from(REPS)),
    st.tuples(st.just("reassign-customer"), st.sampled_from(SHOPS), st.sampled_from(REPS)),
    st.tuples(st.just("change-tier"), st.sampled_from(SHOPS), st.sampled_from(REPS)),
    st.tuples(st.just("leave-rep"), st.just(""), st.sampled_from(REPS)),
    st.tuples(st.just("join-rep"), st.just(""), st.sampled_from(REPS)),
)
plans = st.lists(st.tuples(steps, st.integers(1, 10 * 24), st.booleans()), max_size=25)


def hour(n: int) -> str:
    return f"2024-{1 + n // (28 * 24):02d}-{1 + n // 24 % 28:02d} {n % 24:02d}:00"


def fields(name: str, shop: str, rep: str, n: int) -> dict[str, Any]:
    match name:
        case "reassign-customer":
            return {"customer": shop, "to": rep, "actor": "Ma"}
        case "record-visit":
            return {
                "customer": shop,
                "rep": rep,
                "visit": f"V-{n}",
                "point": metres_north(42),
                "photo": photo(f"V-{n}"),
            }
        case "change-tier":
            return {"customer": shop, "rep": rep, "tier": "close"}
        case "join-rep":
            return {"rep": rep, "unit": "team-east"}
        case "leave-rep":
            return {"rep": rep}
        case _:
            return {"customer": shop, "rep": rep}


def lived(plan: list[tuple[tuple[str, str, str], int, bool]], sweeper: str) -> Story:
    """The same story with a sweeper that looks in every hour, sometimes, or never before the end."""
    story, now = with_a_shop().registers("second", place=metres_north(0)), 48
    for n, ((name, shop, rep), hours, sometimes) in enumerate(plan):
        for each in range(now + 1, min(now + hours, 11 * 28 * 24) + 1):
            now = each
            if sweeper == "on time" or (sweeper == "late" and sometimes and each % 37 == 0):
                sweep(story, hour(now))
        story.when(name, hour(now), **fields(name, shop, rep, n))
    sweep(story, "2025-12-31 00:00")
    return story


def sweep(story: Story, at: str) -> None:
    for shop in SWEPT:
        story.given("bring-clock", at, customer=shop)


def told(story: Story, shop: str) -> list[str]:
    """The shop's facts in the order of their time, without the positions of other facts."""
    facts = [fact for fact in story.log if fact.stream == f"customer/{shop}"]
    return [plain(fact) for fact in sorted(facts, key=lambda fact: (fact.at, plain(fact)))]


def plain(fact: AnyFact) -> str:
    bare = fact.model_copy(update={"rival_position": None}) if isinstance(fact, ClaimRefused) else fact
    return repr(bare)


@settings(deadline=None)
@given(plans)
def test_every_story_is_the_same_with_the_sweeper_on_time_late_and_never(
    plan: list[tuple[tuple[str, str, str], int, bool]],
) -> None:
    on_time, late, never = (lived(plan, sweeper) for sweeper in ("on time", "late", "never"))

    for shop in SHOPS:
        assert told(on_time, shop) == told(late, shop) == told(never, shop)
    assert counts(on_time) == counts(late) == counts(never)


@settings(deadline=None)
@given(plans)
def test_the_shared_facts_are_what_a_count_of_the_states_gives(
    plan: list[tuple[tuple[str, str, str], int, bool]],
) -> None:
    story = lived(plan, "late")
    holdings = [story.world.customer(shop).holding for shop in SHOPS]

    for rep in REPS:
        own = [holding for holding in holdings if holding.owner == rep]
        assert story.world.tally(("held", rep)) == sum(holding.tier != "won" for holding in own)
        assert story.world.tally(("close", rep)) == sum(holding.tier == "close" for holding in own)
        claimed = [fact for fact in story.log if fact.kind == "customer-claimed.v1" and getattr(fact, "rep", "") == rep]
        for day in {getattr(fact, "day", None) for fact in claimed}:
            assert day is not None
            assert story.world.tally(claims_of(rep, day)) == sum(getattr(fact, "day", None) == day for fact in claimed)


def counts(story: Story) -> dict[tuple[str, str], int]:
    return {key: n for key, n in story.world.tallies.items() if n}


def test_the_clock_tells_of_one_customer_what_happened_in_the_order_of_time() -> None:
    story = with_a_shop().given("claim-customer", "08-01 09:00", rep="Li")

    facts = story.tells("bring-clock", "09-01 09:00")

    assert [(fact.kind, fact.at) for fact in facts] == [
        ("retention-warned.v1", on("08-06 09:00")),
        ("customer-dropped.v1", on("08-08 09:00")),
    ]
    assert story.tells("bring-clock", "09-02 09:00") == ()


def test_who_left_is_not_warned_of_what_they_have_lost() -> None:
    story = with_a_shop().given("claim-customer", "08-01 09:00", rep="Li")

    assert [fact.kind for fact in story.tells("leave-rep", "08-06 08:59", rep="Li")] == [
        "rep-left.v1",
        "customer-dropped.v1",
    ]
    assert story.tells("bring-clock", "09-01 09:00") == ()


def test_a_refused_command_brings_the_clocks_facts_in_all_the_same() -> None:
    story = with_a_shop().given("claim-customer", "08-01 09:00", rep="Li")

    verdict = story.when("release-customer", "08-08 09:00", rep="Li")

    assert [fact.kind for fact in verdict.facts] == ["retention-warned.v1", "customer-dropped.v1"]
    assert verdict.refusal is not None
    assert verdict.refusal.code == "not-held"


@pytest.mark.parametrize("customer", ["ghost", "shop"])
def test_the_clock_has_nothing_to_tell_of_who_is_not_held(customer: str) -> None:
    assert with_a_shop().tells("bring-clock", "08-01 09:00", customer=customer) == ()


def test_judging_changes_nothing_in_the_world_that_it_reads() -> None:
    story = with_a_shop().given("claim-customer", "08-01 09:00", rep="Li")
    before = story.world.customer("shop")

    story.judged("claim-customer", "08-09 09:00", rep="Zhou")

    assert isinstance(before, CustomerStream)
    assert story.world.customer("shop") is before
    assert story.world.tally(("held", "Zhou")) == 0


def test_a_clock_ahead_of_ours_brings_what_its_own_time_has_made_happen() -> None:
    story = holding("Li", "08-01 09:00")

    facts = story.visits("Li", "08-08 09:02", recorded="08-08 08:58")

    assert kinds(facts)[:2] == ["retention-warned", "customer-dropped"]
    assert "retention-extended" not in kinds(facts)
