"""When a visit counts: near enough, with a photo taken there and never used before; and what the first one protects."""

import pytest

from domain.refusals import Code
from domain.visit.facts import (
    ProtectionExpired,
    ProtectionStarted,
    VisitOverridden,
    VisitRecorded,
    VisitRejected,
    VisitVerified,
)
from tests.domain.story import Story, holding, in_business, kinds, metres_north, on, only, photo, with_a_shop


def house() -> Story:
    """A house that Ren of the brokerage entered."""
    return in_business().registers("house", "03-01 09:00", "Ren", place=metres_north(0))


def test_a_visit_is_planned_and_then_made_under_the_same_id() -> None:
    story = with_a_shop()
    (planned,) = story.tells("plan-visit", "06-01 09:00", visit="V-1", rep="Li", planned_for=on("06-03 10:00"))

    assert planned.kind == "visit-planned.v1"
    assert kinds(story.visits("Li", "06-03 10:05", "V-1")) == ["visit-recorded", "visit-verified"]


@pytest.mark.parametrize(
    ("metres", "verdict"), [(0, "visit-verified"), (500, "visit-verified"), (501, "visit-rejected")]
)
def test_five_hundred_metres_are_near_enough_and_one_more_is_too_far(metres: int, verdict: str) -> None:
    facts = with_a_shop().visits("Li", "06-03 10:00", metres=metres)

    assert kinds(facts)[1] == verdict
    judged = facts[1]
    assert isinstance(judged, VisitVerified | VisitRejected)
    assert (judged.distance_m, judged.clause) == (metres, "B2B-1/visits/distance")


def test_a_rejected_visit_is_kept_with_its_cause() -> None:
    story = with_a_shop()

    rejected = only(VisitRejected, story.visits("Li", "08-06 15:20", metres=612))

    assert (rejected.cause, rejected.distance_m) == ("too-far", 612)
    assert story.world.customer("shop").visits.made["V-1"].verdict == "rejected"


def test_a_photo_used_before_rejects_the_visit_and_names_where() -> None:
    story = with_a_shop().registers("other", place=metres_north(100))
    story.visits("Zhou", "06-01 10:00", customer="other")

    rejected = only(VisitRejected, story.visits("Li", "06-03 10:00", "V-2", photo=photo("V-1")))

    assert (rejected.cause, rejected.rival, rejected.clause) == ("photo-used", "other", "B2B-1/visits/photo")
    assert rejected.rival_position == story.position("visit-verified.v1") - 1


def test_a_photo_taken_elsewhere_rejects_the_visit() -> None:
    facts = with_a_shop().visits("Li", "06-03 10:00", photo_point=metres_north(501))

    assert (only(VisitRejected, facts).cause, only(VisitRejected, facts).distance_m) == ("photo-elsewhere", 501)


def test_a_customer_without_a_place_cannot_be_verified() -> None:
    facts = in_business().registers("nowhere").visits("Li", "06-03 10:00", customer="nowhere")

    assert only(VisitRejected, facts).cause == "no-place"


@pytest.mark.parametrize(("recorded", "late"), [("06-04 10:00", False), ("06-04 10:01", True)])
def test_a_visit_reported_more_than_a_day_later_is_flagged(recorded: str, late: bool) -> None:
    facts = with_a_shop().visits("Li", "06-03 10:00", recorded=recorded)

    assert only(VisitRecorded, facts).late is late
    assert only(VisitRecorded, facts).at == on("06-03 10:00")


def test_a_visit_reported_after_the_drop_does_not_bring_the_customer_back() -> None:
    story = holding("Li", "08-01 09:00")

    facts = story.visits("Li", "08-07 15:00", recorded="08-08 09:30")

    assert kinds(facts) == ["retention-warned", "customer-dropped", "visit-recorded", "visit-verified"]
    assert story.world.customer("shop").holding.owner is None


def test_the_committee_overrides_a_verdict_and_the_systems_stays_in_the_history() -> None:
    story = with_a_shop()
    story.visits("Li", "08-06 15:20", metres=612)

    (overridden,) = story.tells("override-visit", "08-20 09:00", visit="V-1", verdict="verified", actor="Kong")

    assert isinstance(overridden, VisitOverridden)
    assert (overridden.rep, overridden.by, overridden.verdict) == ("Li", "Kong", "verified")
    assert [fact.kind for fact in story.log[-3:]] == ["visit-recorded.v1", "visit-rejected.v1", "visit-overridden.v1"]
    assert [visit.visit for visit in story.world.customer("shop").visits.verified()] == ["V-1"]


def test_an_overridden_visit_is_not_verified_any_more() -> None:
    story = with_a_shop()
    story.visits("Li", "08-06 15:20")

    story.given("override-visit", "08-20 09:00", visit="V-1", verdict="rejected", actor="Kong")

    assert story.world.customer("shop").visits.verified() == []


def test_the_first_view_is_protected_for_fifteen_days_and_the_clock_ends_it() -> None:
    story = house()

    started = only(ProtectionStarted, story.visits("Ren", "03-17 17:00", customer="house", recorded="03-18 10:00"))

    assert (started.at, started.until, started.clause) == (on("03-17 17:00"), on("04-01 17:00"), "RE-1/first-visit")
    assert kinds(story.tells("bring-clock", "04-01 16:59", customer="house")) == []
    assert only(ProtectionExpired, story.tells("bring-clock", "04-03 09:00", customer="house")).at == on("04-01 17:00")


def test_only_the_first_verified_visit_starts_a_protection() -> None:
    story = house()
    story.visits("Ding", "03-16 17:00", "V-0", metres=501, customer="house")
    assert "protection-started" in kinds(story.visits("Ren", "03-17 17:00", "V-1", customer="house"))

    assert kinds(story.visits("Ding", "03-25 11:00", "V-2", customer="house")) == ["visit-recorded", "visit-verified"]


@pytest.mark.parametrize(("at", "payee"), [("04-01 16:59", "Ren"), ("04-01 17:00", "Ding")])
def test_the_protection_covers_its_first_instant_and_not_its_last(at: str, payee: str) -> None:
    story = house()
    story.visits("Ren", "03-17 17:00", "V-1", customer="house")
    story.visits("Ding", "03-25 11:00", "V-2", customer="house")
    story.given("open-deal", "03-25 12:00", customer="house", rep="Ding")

    story.given("sign-contract", at, rep="Ding", contract="C-1", amount=100, actor="Ma")

    (part,) = story.world.deal("deal").roles.holders("FIRST_VIEW", on(at))
    assert part.rep == payee
    assert ("role-expired" in kinds(story.log)) is (payee == "Ding")


def test_while_it_is_protected_nobody_else_earns_the_first_view() -> None:
    story = house()
    story.visits("Ren", "03-17 17:00", "V-1", customer="house")
    story.visits("Ding", "03-25 11:00", "V-2", customer="house")
    story.given("open-deal", "03-25 12:00", customer="house", rep="Ding")
    artefact = {"kind": "verified-visit", "ref": "V-2"}

    refusal = story.refuses("earn-role", "03-25 13:00", role="FIRST_VIEW", rep="Ding", artefact=artefact)

    assert (refusal.code, refusal.rival, refusal.rival_at) == (Code.FIRST_VISIT_PROTECTED, "Ren", on("03-17 17:00"))
    assert refusal.until == on("04-01 17:00")
    assert (
        kinds(story.tells("earn-role", "04-01 17:00", role="FIRST_VIEW", rep="Ding", artefact=artefact))[-1]
        == "role-earned"
    )
