"""The tree of units and the people in it, each as it was at the time: no cycles, no history rewritten."""

from typing import Any

import pytest

from domain.personal import Personal
from domain.refusals import Code
from tests.domain.story import in_business, kinds, on, with_a_shop


def test_a_unit_never_stands_above_itself() -> None:
    story = in_business().given("create-unit", "2021-01-01 09:00", unit="sub-team", parent="team-east", title="Sub")

    for parent in ("head-office", "team-east", "sub-team"):
        assert story.refuses("move-unit", "08-01 09:00", unit="head-office", parent=parent).code == Code.CYCLE
    assert kinds(story.tells("move-unit", "08-01 09:00", unit="sub-team", parent="team-west")) == ["unit-moved"]
    assert story.refuses("move-unit", "08-02 09:00", unit="team-west", parent="sub-team").code == Code.CYCLE


def test_a_move_dated_back_makes_no_cycle_with_a_later_one_that_is_known() -> None:
    story = in_business().given("move-unit", "08-01 09:00", unit="team-west", parent="team-east")

    assert story.refuses("move-unit", "07-01 09:00", unit="team-east", parent="team-west").code == Code.CYCLE


def test_an_act_is_judged_by_the_tree_of_its_own_time() -> None:
    story = with_a_shop().given("claim-customer", "08-01 09:00", rep="Li")
    story.given("move-unit", "08-02 09:00", unit="team-west", parent="team-east")
    told: dict[str, Any] = {"to": "Wang", "actor": "Lu", "recorded": "08-03 09:00"}

    assert story.copy().refuses("reassign-customer", "08-02 08:59", **told).code == Code.OUTSIDE_SUBTREE
    assert kinds(story.tells("reassign-customer", "08-02 09:00", **told)) == ["customer-reassigned"]


def test_a_lead_leads_only_while_being_one() -> None:
    story = with_a_shop().given("transfer-rep", "08-01 09:00", rep="Lu", unit="team-east", duty="rep")

    assert story.refuses("reassign-customer", "08-01 09:00", to="Li", actor="Lu").code == Code.NOT_ALLOWED
    assert kinds(story.tells("reassign-customer", "08-01 08:59", to="Li", actor="Lu", recorded="08-02 09:00"))


def test_a_person_moves_and_the_policy_of_the_new_unit_applies_from_then_on() -> None:
    story = in_business().registers("a").registers("b")
    story.given("transfer-rep", "08-01 09:00", rep="Li", unit="re-team")

    for customer, at, policy in (("a", "08-01 08:59", "B2B-1"), ("b", "08-01 09:00", "RE-1")):
        (claimed,) = story.tells("claim-customer", at, customer=customer, rep="Li", recorded="08-01 10:00")
        assert getattr(claimed, "policy", None) == policy


def test_who_left_does_nothing_after_and_everything_before() -> None:
    story = with_a_shop().given("leave-rep", "08-01 18:00", rep="Li")

    refusal = story.refuses("open-deal", "08-01 18:00", rep="Li")

    assert (refusal.code, refusal.rival, refusal.rival_at) == (Code.REP_LEFT, "Li", on("08-01 18:00"))
    assert kinds(story.tells("open-deal", "08-01 17:59", rep="Li", recorded="08-02 09:00")) == ["deal-opened"]


def test_nobody_acts_before_joining() -> None:
    story = with_a_shop().given("join-rep", "08-01 09:00", rep="Wu", unit="team-east")

    assert story.refuses("open-deal", "08-01 08:59", rep="Wu").code == Code.UNKNOWN_REP


def test_who_comes_back_is_the_same_person_under_the_name_known_and_no_newcomer() -> None:
    story = in_business().given("join-rep", "06-01 09:00", rep="Wu", unit="team-east", rep_name="吴小明")
    story.given("leave-rep", "07-01 09:00", rep="Wu").given("join-rep", "08-01 09:00", rep="Wu", unit="team-west")

    rep = story.world.organisation.reps["Wu"]

    assert (rep.rep_name, rep.joined) == (Personal("吴小明"), on("06-01 09:00"))


@pytest.mark.parametrize(
    ("name", "fields"),
    [("transfer-rep", {"unit": "team-west"}), ("leave-rep", {}), ("join-rep", {"unit": "team-west"})],
)
def test_nobodys_history_is_rewritten(name: str, fields: dict[str, str]) -> None:
    story = in_business().given("leave-rep", "08-01 09:00", rep="Li")

    refusal = story.refuses(name, "07-31 09:00", rep="Li", **fields)

    assert (refusal.code, refusal.rival_at) == (Code.OVERTAKEN, on("08-01 09:00"))


def test_a_newcomers_quota_is_never_nothing_and_a_veterans_may_be() -> None:
    story = in_business().given("join-rep", "06-01 09:00", rep="Wu", unit="team-east")

    assert story.refuses("set-quota", "08-30 08:59", rep="Wu", held=0, actor="Ma").code == Code.NEWCOMER_QUOTA_ZERO
    assert kinds(story.tells("set-quota", "08-30 09:00", rep="Wu", held=0, actor="Ma")) == ["quota-set"]


def test_a_quota_told_late_does_not_replace_the_one_that_came_after_it() -> None:
    story = with_a_shop().given("set-quota", "03-01 09:00", rep="Li", held=50, actor="Ma")
    story.given("set-quota", "02-01 09:00", recorded="03-02 09:00", rep="Li", held=1, actor="Ma")

    found = [
        [quota.held for quota in story.world.organisation.own_quotas("Li", on(at))]
        for at in ("02-02 09:00", "04-01 09:00")
    ]

    assert found == [[1], [50, 1]]
