"""Every decision about customers refuses in the order that its docstring gives: each test clears one obstacle after another."""

from typing import Any

from domain.customer import decisions as customer
from domain.mentorship import decisions as mentorship
from domain.organisation.facts import QuotaSet
from domain.pool import decisions as pool
from domain.visit import decisions as visit
from tests.domain.story import (
    LICENCE,
    PHONE,
    PLACE,
    Story,
    documented,
    in_business,
    ladder,
    metres_north,
    on,
    photo,
    with_a_shop,
)


def join(story: Story, rep: str = "Wu") -> None:
    story.given("join-rep", "07-01 09:00", rep=rep, unit="team-east")


def leave(story: Story, rep: str = "Wu") -> None:
    story.given("leave-rep", "07-02 09:00", rep=rep)


def come_back(story: Story, rep: str = "Wu") -> None:
    story.given("join-rep", "07-03 09:00", rep=rep, unit="team-east")


def quota(
    story: Story, rep: str = "Wu", held: int | None = None, close: int | None = None, claims_a_day: int | None = None
) -> None:
    story.add(QuotaSet(at=on("08-01 00:00"), rep=rep, by="Ma", held=held, close=close, claims_a_day=claims_a_day))


def absorbed_and_other() -> Story:
    """A customer `absorbed` that was merged into `other`."""
    return in_business().registers("absorbed").registers("other").merges("absorbed", "other")


def test_a_claim_is_refused_in_order() -> None:
    story = in_business().lawless()
    climb = ladder(story, "claim-customer", "08-10 09:00", rep="Wu", customer="absorbed").meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    climb.meets("unknown-customer")
    story.registers("absorbed").registers("other").merges("absorbed", "other")
    climb.meets("customer-merged", customer="other")
    story.given("claim-customer", "08-08 09:00", customer="other", rep="Wu")
    story.given("release-customer", "08-09 09:00", customer="other", rep="Wu")
    story.given("claim-customer", "08-09 10:00", customer="other", rep="Li")
    quota(story, held=0, claims_a_day=0)
    climb.meets("customer-held")
    story.given("release-customer", "08-10 10:00", customer="other", rep="Li")
    climb.meets("overtaken", at="08-10 11:00").meets("cooling-down", at="08-16 09:00").meets("pool-full")
    quota(story, held=1)
    climb.meets("claims-spent")
    quota(story, claims_a_day=1)

    assert climb.climbed() == documented(pool.claim)


def test_a_release_is_refused_in_order() -> None:
    story = absorbed_and_other()
    climb = ladder(story, "release-customer", "08-06 09:00", rep="Li", customer="nobody")
    climb.meets("unknown-customer", customer="absorbed").meets("customer-merged", customer="other").meets("not-held")
    story.given("claim-customer", "08-05 09:00", customer="other", rep="Zhou")
    climb.meets("not-owner", rep="Zhou", at="08-05 08:59").meets("overtaken", at="08-05 09:00")

    assert climb.climbed() == documented(pool.release)


def test_a_reassignment_is_refused_in_order() -> None:
    story = in_business().lawless()
    climb = ladder(story, "reassign-customer", "08-05 09:30", to="Wu", actor="Li", customer="nobody").meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    story.registers("absorbed").registers("other").merges("absorbed", "other")
    climb.meets("unknown-customer", customer="absorbed").meets("customer-merged", customer="other")
    story.given("claim-customer", "08-05 09:00", customer="other", rep="Wu")
    climb.meets("customer-held")
    story.given("release-customer", "08-05 10:00", customer="other", rep="Wu")
    story.given("claim-customer", "08-05 11:00", customer="other", rep="Wang")
    climb.meets("overtaken", at="08-06 09:00")
    climb.meets("not-allowed", actor="Lu").meets("outside-subtree", actor="Ma")

    assert climb.climbed() == documented(pool.reassign)


def test_a_change_of_tier_is_refused_in_order() -> None:
    story = absorbed_and_other().registers("won")
    climb = ladder(story, "change-tier", "08-06 09:00", rep="Li", tier="ordinary", customer="nobody")
    climb.meets("unknown-customer", customer="absorbed").meets("customer-merged", customer="won").meets("not-held")
    story.given("claim-customer", "08-05 09:00", customer="won", rep="Zhou")
    story.given("claim-customer", "08-05 09:00", customer="other", rep="Zhou")
    story.given("open-deal", "08-05 10:00", customer="won", rep="Zhou")
    story.given("sign-contract", "08-05 11:00", contract="contract", amount=100, rep="Zhou", actor="Ma")
    quota(story, "Zhou", close=0)
    story.lawless()
    climb.meets("not-owner", rep="Zhou", at="08-05 08:59").meets("overtaken", at="08-06 09:00").meets("no-policy")
    story.lawful()
    climb.meets("won-needs-contract", customer="other").meets("tier-unchanged", tier="close").meets("close-full")
    quota(story, "Zhou", close=1)

    assert climb.climbed() == documented(pool.change_tier)


def test_a_registration_is_refused_in_order() -> None:
    story = with_a_shop().lawless()
    told: dict[str, Any] = {
        "by": "Wu",
        "customer_name": "新店",
        "phone": "12",
        "licence": "911100006000373411",
        "place": "nowhere",
    }
    climb = ladder(story, "register-customer", "08-01 09:00", **told).meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    climb.meets("id-taken", customer="new").meets("phone-invalid", phone=PHONE)
    climb.meets("licence-invalid", licence=LICENCE).meets("place-invalid", place=PLACE)
    climb.meets("identity-held", phone="139 0013 9000")

    assert climb.climbed() == documented(customer.register)


def test_a_merge_is_refused_in_order() -> None:
    story = absorbed_and_other().registers("third").registers("erased")
    story.given("erase-subject", "07-31 09:00", whose="customer/erased")
    climb = ladder(story, "merge-customers", "08-01 09:00", customer="nobody", absorbed="nobody", actor="Li")
    climb.meets("same-customer", absorbed="absorbed").meets("unknown-customer", customer="erased")
    climb.meets("customer-merged", absorbed="third").meets("subject-erased", customer="other")
    climb.meets("not-allowed", actor="Mei")

    assert climb.climbed() == documented(customer.merge)


def test_a_correction_of_the_place_is_refused_in_order() -> None:
    story = absorbed_and_other().registers("erased")
    story.given("erase-subject", "07-31 09:00", whose="customer/erased")
    climb = ladder(story, "correct-customer-place", "08-01 09:00", customer="nobody", place="nowhere")
    climb.meets("unknown-customer", customer="absorbed").meets("customer-merged", customer="erased")
    climb.meets("subject-erased", customer="other").meets("place-invalid", place=PLACE)

    assert climb.climbed() == documented(customer.correct_place)


def test_a_grade_is_refused_in_order() -> None:
    story = absorbed_and_other().lawless()
    climb = ladder(story, "grade-customer", "08-01 09:00", customer="nobody", by="Wu", intent=0, potential=5)
    climb.meets("unknown-customer", customer="absorbed").meets("customer-merged", customer="other").meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    climb.meets("score-out-of-range", intent=1)

    assert climb.climbed() == documented(customer.grade)


def test_a_planned_visit_is_refused_in_order() -> None:
    story = absorbed_and_other()
    told: dict[str, Any] = {"visit": "V-1", "rep": "Wu", "planned_for": on("08-02 09:00")}
    climb = ladder(story, "plan-visit", "08-01 09:00", customer="nobody", **told)
    climb.meets("unknown-customer", customer="absorbed").meets("customer-merged", customer="other")
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    story.given("plan-visit", "07-31 09:00", customer="other", **told | {"rep": "Li"})
    climb.meets("id-taken", visit="V-2")

    assert climb.climbed() == documented(visit.plan)


def test_a_recorded_visit_is_refused_in_order() -> None:
    story = absorbed_and_other().registers("erased")
    story.given("erase-subject", "07-31 09:00", whose="customer/erased").lawless()
    climb = ladder(story, "record-visit", "08-01 09:00", customer="nobody", visit="V-1", rep="Wu", point="nowhere")
    climb.meets("unknown-customer", customer="absorbed").meets("customer-merged", customer="erased")
    climb.meets("subject-erased", customer="other").meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    story.visits("Li", "07-31 09:00", customer="other")
    climb.meets("id-taken", visit="V-2").meets("photo-missing", photo=photo("V-2"))
    climb.meets("place-invalid", point=metres_north(42))

    assert climb.climbed() == documented(visit.record)


def test_an_overridden_visit_is_refused_in_order() -> None:
    story = with_a_shop()
    story.visits("Li", "07-31 09:00", metres=612)
    climb = ladder(story, "override-visit", "08-01 09:00", visit="V-0", verdict="rejected", actor="Ma")
    climb.meets("unknown-visit", visit="V-1").meets("not-allowed", actor="Kong")
    climb.meets("verdict-unchanged", verdict="verified")

    assert climb.climbed() == documented(visit.override)


def test_a_donation_is_refused_in_order() -> None:
    story = absorbed_and_other()
    climb = ladder(story, "donate-customer", "08-06 09:00", customer="nobody", donor="Li", to="Li", actor="Li")
    climb.meets("self-mentor", to="Wu").meets("unknown-customer", customer="absorbed")
    climb.meets("customer-merged", customer="other").meets("not-held")
    story.given("claim-customer", "08-05 09:00", customer="other", rep="Zhou")
    story.lawless()
    climb.meets("not-owner", donor="Zhou", at="08-05 08:59").meets("overtaken", at="08-06 09:00").meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    climb.meets("not-allowed", actor="Lu")

    assert climb.climbed() == documented(mentorship.donate)
