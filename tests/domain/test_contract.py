"""Signing: milestones to the fen, the plan pinned, the customer won, and what becomes due and overdue by the clock."""

from typing import Any

import pytest

from domain.contract.facts import ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.deal.facts import StageAdvanced
from domain.mentorship.facts import SharingAgreed
from domain.refusals import Code
from tests.domain.story import kinds, on, only, shipped, signed, with_a_deal

TOLD = {"contract": "C-1", "rep": "Li", "actor": "Ma"}


def scheduled(facts: tuple[object, ...]) -> list[tuple[str, int]]:
    return [(fact.milestone, fact.amount) for fact in facts if isinstance(fact, MilestoneScheduled)]


def test_the_usual_milestones_take_the_contract_apart_to_the_fen() -> None:
    facts = with_a_deal().tells("sign-contract", "02-20 09:00", amount=99_999_999, usual_milestones=True, **TOLD)

    assert scheduled(facts) == [
        ("down-payment", 30_000_000),
        ("arrival", 30_000_000),
        ("acceptance", 34_999_999),
        ("warranty", 5_000_000),
    ]


def test_agreed_shares_take_it_apart_too_and_agreed_amounts_stay_as_they_are() -> None:
    shares = [{"milestone": "first", "share": 3_333}, {"milestone": "second", "share": 6_667}]
    amounts = [{"milestone": "first", "amount": 1}, {"milestone": "second", "amount": 99}]

    by_share = with_a_deal().tells("sign-contract", "02-20 09:00", amount=100, milestones=shares, **TOLD)
    by_amount = with_a_deal().tells("sign-contract", "02-20 09:00", amount=100, milestones=amounts, **TOLD)

    assert (scheduled(by_share), scheduled(by_amount)) == (
        [("first", 33), ("second", 67)],
        [("first", 1), ("second", 99)],
    )


def test_a_contract_without_milestones_is_paid_as_it_is_paid() -> None:
    assert scheduled(with_a_deal().tells("sign-contract", "02-20 09:00", amount=100, **TOLD)) == []


def test_a_policy_without_usual_milestones_schedules_none() -> None:
    story = (
        with_a_deal()
        .registers("house", by="Ren")
        .given("open-deal", "02-01 09:00", deal="D-2", customer="house", rep="Ren")
    )
    told: dict[str, Any] = {"contract": "C-1", "rep": "Ren", "actor": "Ma", "amount": 100, "usual_milestones": True}

    facts = story.tells("sign-contract", "02-20 09:00", deal="D-2", **told)

    assert scheduled(facts) == []
    assert only(ContractSigned, facts).policy == "RE-1"


@pytest.mark.parametrize(
    "milestones",
    [
        [{"milestone": "a", "amount": 99}],
        [{"milestone": "a", "amount": 101}],
        [{"milestone": "a", "amount": 50}, {"milestone": "a", "amount": 50}],
        [{"milestone": "a", "share": 9_999}],
        [{"milestone": "a", "share": 5_000}, {"milestone": "b", "amount": 50}],
        [{"milestone": "a"}],
        [{"milestone": "a", "amount": 100}, {"milestone": "b"}],
        [{"milestone": "a", "share": 1}, {"milestone": "b", "share": 9_999}],
    ],
)
def test_milestones_sum_to_the_contract_each_of_its_own_name_and_none_of_nothing(
    milestones: list[dict[str, object]],
) -> None:
    refusal = with_a_deal().refuses("sign-contract", "02-20 09:00", amount=100, milestones=milestones, **TOLD)

    assert (refusal.code, refusal.clause) == (Code.MILESTONES_NOT_WHOLE, "B2B-1/contract/milestones")


def test_the_signing_pins_the_plan_by_its_hash_and_reaches_the_signed_stage() -> None:
    facts = with_a_deal().tells("sign-contract", "02-20 09:00", amount=100, **TOLD)

    pinned, advanced = only(ContractSigned, facts), only(StageAdvanced, facts)
    assert (pinned.policy, pinned.plan_hash) == ("B2B-1", shipped("b2b-1").content_hash)
    assert (advanced.former, advanced.stage) == ("lead", "signed")
    assert advanced.artefact is not None
    assert (advanced.artefact.kind, advanced.artefact.ref) == ("signed-contract", "C-1")


def test_only_a_manager_signs_over_skipped_stages() -> None:
    refusal = with_a_deal().refuses("sign-contract", "02-20 09:00", amount=100, **TOLD | {"actor": "Li"})

    assert (refusal.code, refusal.detail) == (Code.STAGE_ORDER, "Skipped: contacted, qualified, solution, bidding.")


def test_a_signing_step_by_step_needs_no_manager() -> None:
    story = with_a_deal(stage="bidding")

    assert (
        kinds(story.tells("sign-contract", "02-20 09:00", amount=100, **TOLD | {"actor": "Li"}))[0] == "contract-signed"
    )


def test_a_second_contract_of_the_deal_is_refused_and_the_first_named() -> None:
    story = signed()

    refusal = story.refuses("sign-contract", "03-01 09:00", amount=100, **TOLD)

    assert (refusal.code, refusal.rival_position) == (Code.ALREADY_SIGNED, story.position("contract-signed.v1"))


def test_a_milestone_becomes_due_and_thirty_days_later_overdue_each_on_its_day() -> None:
    story = signed(amount=100, milestones=[{"milestone": "all", "amount": 100, "due": on("03-01 00:00")}])

    assert kinds(story.tells("bring-deal-clock", "02-29 23:59")) == []
    due = only(MilestoneDue, story.tells("bring-deal-clock", "03-05 00:00"))
    late = only(MilestoneOverdue, story.tells("bring-deal-clock", "04-15 00:00"))
    assert (due.at, due.amount) == (on("03-01 00:00"), 100)
    assert (late.at, late.open_amount) == (on("03-31 00:00"), 100)
    assert kinds(story.tells("bring-deal-clock", "12-31 00:00")) == []


def test_a_milestone_paid_in_full_is_never_due_and_one_paid_in_part_is_overdue_with_the_rest() -> None:
    due = [{"milestone": name, "amount": 50, "due": on("03-01 00:00")} for name in ("first", "second")]
    story = signed(amount=100, milestones=due)
    story.given("receive-payment", "02-25 09:00", payment="P-1", external_id="b-1", amount=50, milestone="first")
    story.given("receive-payment", "02-25 09:00", payment="P-2", external_id="b-2", amount=20, milestone="second")

    told = story.tells("bring-deal-clock", "12-31 00:00")

    assert [(fact.kind, fact.at) for fact in told] == [
        ("milestone-due.v1", on("03-01 00:00")),
        ("milestone-overdue.v1", on("03-31 00:00")),
    ]
    assert only(MilestoneOverdue, told).open_amount == 30


def test_a_mentor_in_office_at_the_signing_shares_what_the_pupil_earns_and_one_after_it_does_not() -> None:
    story = with_a_deal().given("assign-mentor", "02-02 09:00", rep="Li", mentor="Feng", actor="Lu")

    agreed = only(SharingAgreed, story.tells("sign-contract", "02-20 09:00", amount=100, **TOLD))

    assert {part.rep: part.bps for part in agreed.parts} == {"Li": 9_000, "Feng": 1_000}
    assert (agreed.of, agreed.effective_from, agreed.ground) == ("Li", on("02-20 09:00"), "mentor Feng")
    assert "sharing-agreed" not in kinds(signed().given("assign-mentor", "02-21 09:00", rep="Li", mentor="Feng").log)
