"""How a deal moves: stage by stage with its artefact; the manager alone skips; a step back, and a loss."""

from typing import Any

import pytest

from domain.deal.facts import DealLost, DealOpened, StageAdvanced, StageReverted
from domain.refusals import Code
from tests.domain.story import Story, in_business, kinds, on, only, shipped, signed, with_a_deal

CONTACT = {"kind": "contact-record", "ref": "R-1"}


def test_a_deal_begins_at_the_policys_first_stage_and_pins_the_policy_it_was_opened_under() -> None:
    story = with_a_deal("Li", product="pump", expected_amount=100, currency="CNY")

    opened = only(DealOpened, story.log)

    assert (opened.stage, opened.policy, opened.customer, opened.rep) == ("lead", "B2B-1", "shop", "Li")


def test_who_opens_a_deal_need_not_own_the_customer() -> None:
    story = with_a_deal("Li").given("claim-customer", "02-02 09:00", rep="Li")

    assert kinds(story.tells("open-deal", "02-03 09:00", deal="another", rep="Zhou")) == ["deal-opened"]


def test_a_stage_is_entered_with_its_artefact() -> None:
    story = with_a_deal()
    missing = story.refuses("advance-stage", "02-02 09:00", rep="Li", stage="contacted")
    wrong = {"kind": "bid", "ref": "B-1"}

    assert (missing.code, missing.clause, missing.detail) == (
        Code.ARTEFACT_MISSING,
        "B2B-1/stages",
        "It needs: contact-record.",
    )
    assert story.refuses("advance-stage", "02-02 09:00", rep="Li", stage="contacted", artefact=wrong) == missing
    (advanced,) = story.tells("advance-stage", "02-02 09:00", rep="Li", stage="contacted", artefact=CONTACT)
    assert isinstance(advanced, StageAdvanced)
    assert (advanced.former, advanced.stage, advanced.skipped) == ("lead", "contacted", ())


@pytest.mark.parametrize("actor", ["Li", "Lu", "Kong", "system"])
def test_nobody_but_a_manager_skips_a_stage(actor: str) -> None:
    told: dict[str, Any] = {"rep": "Li", "stage": "qualified", "artefact": {"kind": "qualification", "ref": "Q-1"}}

    refusal = with_a_deal().refuses("advance-stage", "02-02 09:00", actor=actor, **told)

    assert (refusal.code, refusal.clause, refusal.detail) == (
        Code.STAGE_ORDER,
        "B2B-1/stages/order",
        "Skipped: contacted.",
    )


def test_the_manager_skips_and_the_skipped_stages_are_named() -> None:
    told: dict[str, Any] = {"rep": "Li", "stage": "bidding", "artefact": {"kind": "bid", "ref": "B-1"}}

    advanced = only(StageAdvanced, with_a_deal().tells("advance-stage", "02-02 09:00", actor="Ma", **told))

    assert advanced.skipped == ("contacted", "qualified", "solution")


def test_the_manager_skips_stages_but_not_artefacts() -> None:
    refusal = with_a_deal().refuses("advance-stage", "02-02 09:00", actor="Ma", rep="Li", stage="bidding")

    assert refusal.code == Code.ARTEFACT_MISSING


def test_an_artefact_earns_the_role_that_the_plan_gives_for_it() -> None:
    story = with_a_deal()
    told: dict[str, Any] = {"rep": "Zhou", "stage": "solution", "artefact": {"kind": "accepted-solution", "ref": "S-1"}}

    facts = story.tells("advance-stage", "02-02 09:00", actor="Ma", **told)

    assert kinds(facts) == ["stage-advanced", "role-earned"]
    assert [part.rep for part in story.world.deal("deal").roles.holders("SOLUTION", on("02-02 09:00"))] == ["Zhou"]


def test_a_second_artefact_of_the_kind_earns_nothing_more() -> None:
    story = with_a_deal()
    told: dict[str, Any] = {"stage": "solution", "artefact": {"kind": "accepted-solution", "ref": "S-1"}, "actor": "Ma"}
    story.given("advance-stage", "02-02 09:00", rep="Zhou", **told)
    story.given("revert-stage", "02-03 09:00", stage="lead", actor="Ma")

    assert kinds(story.tells("advance-stage", "02-04 09:00", rep="Li", **told)) == ["stage-advanced"]


def test_a_deal_goes_back_and_its_roles_stay() -> None:
    story = with_a_deal().given("advance-stage", "02-02 09:00", rep="Li", stage="contacted", artefact=CONTACT)

    (reverted,) = story.tells("revert-stage", "02-03 09:00", stage="lead", actor="Lu")

    assert isinstance(reverted, StageReverted)
    assert (reverted.former, reverted.stage, reverted.by) == ("contacted", "lead", "Lu")


def test_a_lost_deal_goes_nowhere_any_more() -> None:
    story = with_a_deal()
    (lost,) = story.tells("lose-deal", "02-03 09:00", rep="Li", ground="no budget")

    assert isinstance(lost, DealLost)
    assert (lost.stage, lost.ground) == ("lead", "no budget")
    for again in ({"name": "lose-deal"}, {"name": "advance-stage", "stage": "contacted", "artefact": CONTACT}):
        name = again.pop("name")
        assert story.refuses(str(name), "02-04 09:00", rep="Li", **again).code == Code.DEAL_CLOSED


def test_a_signed_deal_is_neither_lost_nor_taken_back_behind_its_contract() -> None:
    story = signed()

    for refusal in (
        story.refuses("lose-deal", "03-01 09:00", rep="Li"),
        story.refuses("revert-stage", "03-01 09:00", stage="bidding", actor="Ma"),
    ):
        assert (refusal.code, refusal.rival_position) == (Code.ALREADY_SIGNED, story.position("contract-signed.v1"))


def with_a_stricter_policy() -> Story:
    """From 1 March on, another policy of the same scope, in which a deal begins as contacted."""
    old = shipped("b2b-1")
    stages = old.stages[1:]
    told: dict[str, Any] = {
        "policy": "B2B-2",
        "supersedes": "B2B-1",
        "effective_from": on("03-01 00:00"),
        "stages": stages,
    }
    return in_business().given("publish-policy", "02-01 09:00", actor="Ma", version=old.model_copy(update=told))


@pytest.mark.parametrize(
    ("at", "stage", "policy"), [("02-29 23:59", "lead", "B2B-1"), ("03-01 00:00", "contacted", "B2B-2")]
)
def test_an_act_is_judged_by_the_policy_of_its_own_time_however_late_it_is_told(
    at: str, stage: str, policy: str
) -> None:
    story = with_a_stricter_policy().registers("new")

    opened = only(DealOpened, story.tells("open-deal", at, customer="new", rep="Li", recorded="03-05 09:00"))

    assert (opened.stage, opened.policy) == (stage, policy)


def test_until_the_signing_a_deal_is_judged_by_the_policy_in_force_at_the_act() -> None:
    story = with_a_deal("Li", "02-01 09:00")
    old = shipped("b2b-1")
    first, second, *rest = old.stages
    stages = (first, second.model_copy(update={"artefact": "call-note"}), *rest)
    new = {"policy": "B2B-2", "supersedes": "B2B-1", "effective_from": on("03-01 00:00"), "stages": stages}
    story.given("publish-policy", "02-02 09:00", actor="Ma", version=old.model_copy(update=new))
    by_the_new = {"kind": "call-note", "ref": "N-1"}

    before = story.refuses("advance-stage", "02-28 09:00", rep="Li", stage="contacted", artefact=by_the_new)

    assert (before.code, before.clause) == (Code.ARTEFACT_MISSING, "B2B-1/stages")
    (advanced,) = story.tells("advance-stage", "03-01 00:00", rep="Li", stage="contacted", artefact=by_the_new)
    assert isinstance(advanced, StageAdvanced)
    assert advanced.clause == "B2B-2/stages"
