"""Claiming and losing customers, as policy B2B-1 has it: seven days to work one, seven days to wait after losing one."""

from typing import Any

import pytest

from domain.pool.facts import (
    ClaimRefused,
    CustomerClaimed,
    CustomerDropped,
    CustomerReassigned,
    CustomerReleased,
    TierChanged,
)
from domain.refusals import Code, Refusal
from tests.domain.story import Story, holding, kinds, on, only, signed, with_a_shop


def many(story: Story, rep: str, n: int, at: str = "08-01 09:00") -> Story:
    """So many more customers, all claimed by the rep on days from 1 August on, ten a day."""
    for i in range(n):
        story.registers(f"C-{i}", "07-31 09:00", rep, expected_amount=60_000_000, currency="CNY")
        story.given("claim-customer", f"08-{1 + i // 10:02d} 09:00", rep=rep, customer=f"C-{i}")
    return story


def test_a_free_customer_is_claimed_for_seven_days_and_warned_two_days_before() -> None:
    (claimed,) = with_a_shop().tells("claim-customer", "08-01 09:00", rep="Li")

    assert isinstance(claimed, CustomerClaimed)
    assert (claimed.rep, claimed.tier, claimed.policy) == ("Li", "ordinary", "B2B-1")
    assert (claimed.warn_at, claimed.deadline, claimed.cap) == (on("08-06 09:00"), on("08-08 09:00"), on("09-12 09:00"))


def test_a_held_customer_is_refused_and_the_rival_named_with_event_and_time() -> None:
    story = holding("Li", "08-01 09:00")

    assert story.refuses("claim-customer", "08-05 08:59", rep="Zhou") == Refusal(
        code=Code.CUSTOMER_HELD,
        clause="B2B-1/one-owner",
        rival="Li",
        rival_position=story.position("customer-claimed.v1"),
        rival_at=on("08-01 09:00"),
        until=on("08-08 09:00"),
    )


def test_a_claim_that_loses_is_kept_as_evidence() -> None:
    story = holding("Li", "08-01 09:00")
    story.refuses("claim-customer", "08-05 10:00", rep="Zhou")

    kept = story.log[-1]

    assert isinstance(kept, ClaimRefused)
    assert (kept.at, kept.rep, kept.code, kept.rival) == (on("08-05 10:00"), "Zhou", Code.CUSTOMER_HELD, "Li")
    assert kept.rival_position == story.position("customer-claimed.v1")
    assert story.world.customer("shop").holding.owner == "Li"


def test_a_claim_that_was_malformed_in_law_leaves_no_trace() -> None:
    story = with_a_shop()
    before = len(story.log)

    story.refuses("claim-customer", "08-05 10:00", rep="Nobody")

    assert len(story.log) == before


def test_a_claim_past_the_deadline_brings_warning_and_drop_with_it_dated_to_their_own_instants() -> None:
    facts = holding("Li", "08-01 09:00").tells("claim-customer", "08-08 09:05", rep="Zhou")

    assert [(fact.kind, fact.at) for fact in facts] == [
        ("retention-warned.v1", on("08-06 09:00")),
        ("customer-dropped.v1", on("08-08 09:00")),
        ("customer-claimed.v1", on("08-08 09:05")),
    ]
    drop = only(CustomerDropped, facts)
    assert (drop.former_owner, drop.trigger, drop.clause) == ("Li", "deadline", "B2B-1/retention")


def test_the_deadline_itself_is_too_late_for_the_owner() -> None:
    assert holding("Li", "08-01 09:00").refuses("claim-customer", "08-08 08:59", rep="Zhou").code == Code.CUSTOMER_HELD
    assert "customer-claimed" in kinds(holding("Li", "08-01 09:00").tells("claim-customer", "08-08 09:00", rep="Zhou"))


def test_who_lost_a_customer_waits_out_the_cool_down_to_the_minute() -> None:
    story = holding("Li", "08-01 09:00")

    waits = story.refuses("claim-customer", "08-15 08:59", rep="Li")

    assert (waits.code, waits.clause, waits.until) == (Code.COOLING_DOWN, "B2B-1/cool-down", on("08-15 09:00"))
    assert kinds(story.tells("claim-customer", "08-15 09:00", rep="Li")) == ["customer-claimed"]


def test_every_owner_of_the_last_seven_days_waits_and_not_only_the_last() -> None:
    story = holding("Li", "08-01 09:00").given("release-customer", "08-02 09:00", rep="Li")
    story.given("claim-customer", "08-02 10:00", rep="Zhou").given("release-customer", "08-03 10:00", rep="Zhou")

    assert story.refuses("claim-customer", "08-09 08:59", rep="Li").until == on("08-09 09:00")
    assert story.refuses("claim-customer", "08-10 09:59", rep="Zhou").until == on("08-10 10:00")
    assert kinds(story.tells("claim-customer", "08-09 09:00", rep="Li", recorded="08-10 10:00")) == ["customer-claimed"]


def test_a_release_frees_the_customer_at_once_for_everybody_else() -> None:
    story = holding("Li", "08-01 09:00")

    (released,) = story.tells("release-customer", "08-01 10:00", rep="Li")

    assert isinstance(released, CustomerReleased)
    assert kinds(story.tells("claim-customer", "08-01 10:00", rep="Zhou")) == ["customer-claimed"]


def test_a_claim_dated_before_what_the_clock_has_done_since_is_overtaken() -> None:
    refusal = holding("Li", "08-01 09:00").refuses("claim-customer", "08-08 08:59", rep="Zhou", recorded="08-08 09:10")

    assert (refusal.code, refusal.rival, refusal.rival_at) == (Code.OVERTAKEN, "Li", on("08-08 09:00"))


def test_a_leavers_customers_drop_at_the_hour_of_leaving() -> None:
    story = holding("Li", "08-01 09:00")

    drop = only(CustomerDropped, story.tells("leave-rep", "08-03 18:00", rep="Li"))

    assert kinds(story.tells("claim-customer", "08-05 09:00", rep="Zhou")) == ["customer-claimed"]
    assert (drop.at, drop.trigger, drop.clause) == (on("08-03 18:00"), "departure", "B2B-1/departure")


def test_who_left_and_came_back_has_lost_the_customer_all_the_same() -> None:
    story = holding("Li", "08-01 09:00").given("set-quota", "08-01 10:00", rep="Li", held=1, actor="Ma")
    story.given("leave-rep", "08-03 18:00", rep="Li").given("join-rep", "08-04 09:00", rep="Li", unit="team-east")
    story.registers("other")

    assert story.refuses("claim-customer", "08-05 09:00", rep="Li").code == Code.COOLING_DOWN
    assert kinds(story.tells("claim-customer", "08-05 10:00", rep="Li", customer="other")) == ["customer-claimed"]


def test_a_departure_told_late_leaves_what_the_clock_has_done_since_as_it_was() -> None:
    story = holding("Li", "08-01 09:00")

    told = story.tells("leave-rep", "08-03 18:00", recorded="08-09 09:00", rep="Li")

    assert kinds(told) == ["retention-warned", "customer-dropped", "rep-left"]
    assert (only(CustomerDropped, told).at, only(CustomerDropped, told).trigger) == (on("08-08 09:00"), "deadline")


def test_ten_claims_a_day_are_enough_and_releasing_gives_none_back() -> None:
    story = many(with_a_shop(), "Zhou", 10)
    story.given("release-customer", "08-01 10:00", rep="Zhou", customer="C-3")

    assert story.refuses("claim-customer", "08-01 23:59", rep="Zhou").clause == "B2B-1/quota/claims-a-day"
    assert kinds(story.tells("claim-customer", "08-02 00:00", rep="Zhou")) == ["customer-claimed"]


def test_the_hundred_and_first_customer_is_refused() -> None:
    story = many(with_a_shop(), "Zhou", 100)

    assert story.refuses("claim-customer", "08-11 09:00", rep="Zhou").code == Code.POOL_FULL
    story.given("release-customer", "08-11 09:30", rep="Zhou", customer="C-3")
    assert kinds(story.tells("claim-customer", "08-11 10:00", rep="Zhou")) == ["customer-claimed"]


def test_customers_whose_deadline_has_passed_do_not_count_against_the_quota() -> None:
    story = with_a_shop().given("set-quota", "07-31 09:00", rep="Zhou", held=1, actor="Ma")
    story.given("register-customer", "07-31 10:00", customer="old", customer_name="老店", by="Zhou")
    story.given("claim-customer", "08-01 09:00", customer="old", rep="Zhou")

    assert story.copy().refuses("claim-customer", "08-08 08:59", rep="Zhou").code == Code.POOL_FULL
    facts = story.tells("claim-customer", "08-08 09:00", rep="Zhou")
    assert [(fact.kind, fact.stream) for fact in facts] == [
        ("retention-warned.v1", "customer/old"),
        ("customer-dropped.v1", "customer/old"),
        ("customer-claimed.v1", "customer/shop"),
    ]


def test_a_quota_of_ones_own_goes_before_the_policys_from_its_own_time_on() -> None:
    story = with_a_shop().given("set-quota", "08-01 12:00", rep="Zhou", claims_a_day=0, actor="Ma")

    assert kinds(story.copy().tells("claim-customer", "08-01 11:59", rep="Zhou")) == ["customer-claimed"]
    assert story.refuses("claim-customer", "08-01 12:00", rep="Zhou").code == Code.CLAIMS_SPENT


def test_a_lead_moves_a_customer_inside_the_own_team_and_the_former_owner_waits() -> None:
    story = holding("Li", "08-01 09:00")

    (moved,) = story.tells("reassign-customer", "08-03 09:00", to="Zhou", actor="Lu")

    assert isinstance(moved, CustomerReassigned)
    assert (moved.former_owner, moved.owner, moved.by, moved.deadline) == ("Li", "Zhou", "Lu", on("08-10 09:00"))
    story.given("release-customer", "08-04 09:00", rep="Zhou")
    assert story.refuses("claim-customer", "08-10 08:59", rep="Li").until == on("08-10 09:00")


@pytest.mark.parametrize(("actor", "to"), [("Lu", "Wang"), ("Lao", "Wang"), ("Lao", "Zhou")])
def test_a_lead_moves_no_customer_out_of_another_part_or_into_it(actor: str, to: str) -> None:
    assert holding("Li").refuses("reassign-customer", "08-03 09:00", to=to, actor=actor).code == Code.OUTSIDE_SUBTREE


@pytest.mark.parametrize("actor", ["Ma", "Kong", "system"])
def test_a_manager_above_both_and_the_committee_move_it_anywhere(actor: str) -> None:
    assert kinds(holding("Li").tells("reassign-customer", "08-03 09:00", to="Wang", actor=actor)) == [
        "customer-reassigned"
    ]


def test_a_close_customer_is_ordinary_again_with_the_next_owner() -> None:
    story = holding("Li").given("change-tier", "08-02 09:00", rep="Li", tier="close")
    assert story.world.tally(("close", "Li")) == 1

    story.given("reassign-customer", "08-03 09:00", to="Zhou", actor="Lu")

    assert story.world.customer("shop").holding.tier == "ordinary"
    assert [story.world.tally((kind, rep)) for rep in ("Li", "Zhou") for kind in ("held", "close")] == [0, 0, 1, 0]


def test_a_newcomer_has_ten_close_customers_for_ninety_days_and_then_thirty() -> None:
    story = with_a_shop().given("join-rep", "05-13 09:00", rep="Qian", unit="team-east")
    many(story, "Qian", 11)
    for i in range(10):
        story.given("change-tier", "08-05 09:00", rep="Qian", customer=f"C-{i}", tier="close")

    assert (
        story.refuses("change-tier", "08-11 08:59", rep="Qian", customer="C-10", tier="close").code == Code.CLOSE_FULL
    )
    assert kinds(story.tells("change-tier", "08-11 09:00", rep="Qian", customer="C-10", tier="close")) == [
        "tier-changed"
    ]


def test_a_veteran_has_thirty_close_customers() -> None:
    story = many(with_a_shop(), "Zhou", 31)
    for i in range(30):
        story.given("change-tier", "08-05 09:00", rep="Zhou", customer=f"C-{i}", tier="close")

    assert (
        story.refuses("change-tier", "08-05 10:00", rep="Zhou", customer="C-30", tier="close").code == Code.CLOSE_FULL
    )


def test_a_customer_is_won_by_the_contract_counts_no_more_and_never_drops() -> None:
    story = holding("Li", "08-01 09:00").given("open-deal", "08-02 09:00", rep="Li")
    told: dict[str, Any] = {"contract": "contract", "amount": 100, "currency": "CNY", "rep": "Li", "actor": "Ma"}

    won = only(TierChanged, story.tells("sign-contract", "08-03 09:00", **told))

    assert (won.old, won.new, won.ground) == ("ordinary", "won", "contract contract")
    assert story.world.tally(("held", "Li")) == 0
    assert story.refuses("claim-customer", "2025-08-03 09:00", rep="Zhou").code == Code.CUSTOMER_HELD


def test_a_won_customer_stays_won_with_whoever_takes_it_over() -> None:
    story = signed("Li", "02-20 09:00")

    (claimed,) = story.tells("claim-customer", "08-01 09:00", rep="Zhou")

    assert isinstance(claimed, CustomerClaimed)
    assert (claimed.tier, claimed.deadline, claimed.warn_at, claimed.cap) == ("won", None, None, None)
    assert story.refuses("change-tier", "08-01 10:00", rep="Zhou", tier="ordinary").code == Code.WON_NEEDS_CONTRACT


def test_a_won_customer_is_taken_over_by_a_rep_whose_pool_is_full() -> None:
    story = holding("Li", "08-01 09:00").given("open-deal", "08-02 09:00", rep="Li")
    story.given("sign-contract", "08-03 09:00", rep="Li", contract="C-1", amount=100, actor="Ma")
    story.given("release-customer", "08-04 09:00", rep="Li").registers("other")
    story.given("set-quota", "08-05 09:00", rep="Zhou", held=0, actor="Ma")

    assert story.refuses("claim-customer", "08-06 09:00", rep="Zhou", customer="other").code == Code.POOL_FULL
    assert kinds(story.tells("claim-customer", "08-06 09:00", rep="Zhou")) == ["customer-claimed"]
