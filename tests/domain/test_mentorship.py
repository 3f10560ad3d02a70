"""Who owes whom a share: the mentor, who gave the customer away, and whoever agreed on something."""

from typing import Any

import pytest

from domain.mentorship.facts import CustomerDonated, MentorAssigned, SharingAgreed
from domain.refusals import Code
from tests.domain.story import Story, holding, in_business, kinds, on, only, with_a_deal


def sharings(story: Story, rep: str = "Zhou", at: str = "09-01 09:00") -> dict[str, int]:
    """How what the rep earns is divided once the contract is signed."""
    story.given("open-deal", at, rep=rep)
    facts = story.tells("sign-contract", at, rep=rep, contract="C-1", amount=100, actor="Ma")
    agreed = [fact for fact in facts if isinstance(fact, SharingAgreed) and fact.of == rep]
    return {part.rep: part.bps for part in agreed[0].parts} if agreed else {rep: 10_000}


def test_a_mentor_has_the_policys_share_or_the_one_agreed() -> None:
    story = in_business()

    usual = only(MentorAssigned, story.tells("assign-mentor", "06-01 09:00", rep="Li", mentor="Feng", actor="Lu"))
    told: dict[str, Any] = {"share": 2_000, "until": on("12-31 00:00")}
    other = only(
        MentorAssigned, story.tells("assign-mentor", "06-01 09:00", rep="Zhou", mentor="Feng", actor="Ma", **told)
    )

    assert (usual.share, usual.until, other.share, other.until) == (1_000, None, 2_000, on("12-31 00:00"))


def test_a_rep_has_one_mentor_at_a_time() -> None:
    story = in_business().given(
        "assign-mentor", "06-01 09:00", rep="Li", mentor="Feng", actor="Lu", until=on("07-01 00:00")
    )

    refusal = story.refuses("assign-mentor", "06-30 23:59", rep="Li", mentor="Zhou", actor="Lu")

    assert (refusal.code, refusal.rival, refusal.until) == (Code.ALREADY_MENTORED, "Feng", on("07-01 00:00"))
    assert kinds(story.tells("assign-mentor", "07-01 00:00", rep="Li", mentor="Zhou", actor="Lu")) == [
        "mentor-assigned"
    ]


@pytest.mark.parametrize("until", [None, "12-31 00:00"])
def test_an_ended_mentorship_is_over_whatever_end_was_foreseen(until: str | None) -> None:
    story = in_business()
    told: dict[str, Any] = {"until": on(until) if until else None}
    story.given("assign-mentor", "06-01 09:00", rep="Li", mentor="Feng", actor="Lu", **told)

    story.given("end-mentorship", "06-15 09:00", rep="Li", mentor="Feng", actor="Lu")

    rep = story.world.organisation.reps["Li"]
    assert [m.mentor for at in ("06-15 08:59", "06-15 09:00") if (m := rep.mentor(on(at)))] == ["Feng"]
    assert story.refuses("end-mentorship", "06-16 09:00", rep="Li", mentor="Feng", actor="Lu").code == Code.NOT_MENTORED


@pytest.mark.parametrize(("tier", "share"), [("ordinary", 500), ("close", 1_000)])
def test_a_close_customer_earns_its_donor_more_than_an_ordinary_one(tier: str, share: int) -> None:
    story = holding("Li", "08-01 09:00")
    if tier == "close":
        story.given("change-tier", "08-02 09:00", rep="Li", tier="close")

    facts = story.tells("donate-customer", "08-03 09:00", donor="Li", to="Zhou", actor="Lu")

    donated = only(CustomerDonated, facts)
    assert kinds(facts) == ["customer-donated", "customer-reassigned"]
    assert (donated.tier, donated.share, donated.until) == (tier, share, on("2025-08-03 09:00"))
    assert story.world.customer("shop").holding.owner == "Zhou"
    assert sharings(story) == {"Zhou": 10_000 - share, "Li": share}


def test_a_donation_is_owed_for_contracts_of_a_year_and_not_at_its_last_instant() -> None:
    story = holding("Li", "08-01 09:00").given("donate-customer", "08-03 09:00", donor="Li", to="Zhou", actor="Lu")

    assert sharings(story.copy(), at="2025-08-03 08:59") == {"Zhou": 9_500, "Li": 500}
    assert sharings(story, at="2025-08-03 09:00") == {"Zhou": 10_000}


def test_mentor_and_donor_are_both_owed_of_the_whole() -> None:
    story = holding("Li", "08-01 09:00").given("donate-customer", "08-03 09:00", donor="Li", to="Zhou", actor="Lu")
    story.given("assign-mentor", "08-04 09:00", rep="Zhou", mentor="Feng", actor="Lu")

    assert sharings(story) == {"Zhou": 8_500, "Feng": 1_000, "Li": 500}


def test_who_mentors_and_donates_at_once_is_owed_both_in_one_part() -> None:
    story = holding("Li", "08-01 09:00").given("donate-customer", "08-03 09:00", donor="Li", to="Zhou", actor="Lu")
    story.given("assign-mentor", "08-04 09:00", rep="Zhou", mentor="Li", actor="Lu")

    assert sharings(story) == {"Zhou": 8_500, "Li": 1_500}


def test_an_agreement_of_the_deals_own_goes_first() -> None:
    story = with_a_deal("Zhou").given("assign-mentor", "02-04 09:00", rep="Zhou", mentor="Feng", actor="Lu")
    parts = [{"rep": "Zhou", "bps": 7_000}, {"rep": "Li", "bps": 3_000}]
    story.given("agree-sharing", "02-05 09:00", of="Zhou", parts=parts, effective_from=on("02-05 09:00"), actor="Lu")

    facts = story.tells("sign-contract", "02-20 09:00", rep="Zhou", contract="C-1", amount=100, actor="Ma")

    assert "sharing-agreed" not in kinds(facts)
    agreed = story.world.deal("deal").sharings.of("Zhou", on("02-20 09:00"))
    assert agreed is not None
    assert [(part.rep, part.bps) for part in agreed.parts] == [("Zhou", 7_000), ("Li", 3_000)]


def test_an_agreement_counts_from_its_day_on_and_the_later_recorded_one_replaces_it_from_there() -> None:
    story = with_a_deal("Zhou")
    for bps, day in ((1_000, "03-01 00:00"), (2_000, "02-15 00:00"), (3_000, "04-01 00:00")):
        parts = [{"rep": "Zhou", "bps": 10_000 - bps}, {"rep": "Li", "bps": bps}]
        story.given("agree-sharing", "02-05 09:00", of="Zhou", parts=parts, effective_from=on(day), actor="Kong")

    found = [
        story.world.deal("deal").sharings.of("Zhou", on(f"{day} 00:00")) for day in ("02-14", "02-15", "03-02", "04-01")
    ]

    assert [agreed.parts[1].bps if agreed else None for agreed in found] == [None, 2_000, 2_000, 3_000]


def test_nobody_shares_in_a_contract_that_was_signed_before_the_customer_was_given() -> None:
    story = holding("Li", "08-01 09:00").given("open-deal", "08-01 10:00", rep="Zhou")
    story.given("donate-customer", "08-05 09:00", donor="Li", to="Zhou", actor="Lu")

    facts = story.tells(
        "sign-contract", "08-02 09:00", recorded="08-06 09:00", rep="Zhou", contract="C-1", amount=100, actor="Ma"
    )

    assert "sharing-agreed" not in kinds(facts)


def test_a_mentorship_told_late_ends_before_the_next_one_begins() -> None:
    story = in_business().given("assign-mentor", "03-01 09:00", rep="Li", mentor="Zhou", actor="Lu")
    late: dict[str, Any] = {"rep": "Li", "mentor": "Feng", "actor": "Lu", "recorded": "03-02 09:00"}

    refusal = story.refuses("assign-mentor", "02-01 09:00", **late)

    assert (refusal.code, refusal.rival, refusal.rival_at) == (Code.ALREADY_MENTORED, "Zhou", on("03-01 09:00"))
    assert kinds(story.tells("assign-mentor", "02-01 09:00", **late, until=on("03-01 09:00"))) == ["mentor-assigned"]


def test_a_role_earned_after_the_signing_is_shared_with_the_mentor_of_the_signing() -> None:
    story = in_business_with_a_signed_deal_of("Li").given("end-mentorship", "03-01 09:00", rep="Feng", mentor="Zhou")
    artefact = {"kind": "collection-record", "ref": "CR-1"}

    facts = story.tells("earn-role", "03-02 09:00", role="COLLECTOR", rep="Feng", artefact=artefact)

    assert [(p.rep, p.bps) for p in only(SharingAgreed, facts).parts] == [("Feng", 9_000), ("Zhou", 1_000)]
    other = {"kind": "follow-up-record", "ref": "FR-1"}
    again = story.tells("earn-role", "03-03 09:00", role="MAINTAINER", rep="Feng", artefact=other)
    assert kinds(again) == ["role-earned"]


def in_business_with_a_signed_deal_of(rep: str) -> Story:
    """A contract that the rep signed while Zhou was Feng's mentor."""
    story = with_a_deal(rep).given("assign-mentor", "02-02 09:00", rep="Feng", mentor="Zhou", actor="Lu")
    return story.given("sign-contract", "02-20 09:00", rep=rep, contract="C-1", amount=1_000, actor="Ma")
