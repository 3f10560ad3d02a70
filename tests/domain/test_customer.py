"""Who a customer is: one live record per phone and licence, like names suspected, records merged, places corrected, grades."""

from typing import Any

import pytest

from domain.customer.facts import CustomerGraded, CustomerRegistered, CustomersMerged, DuplicateSuspected
from domain.personal import Personal
from domain.refusals import Code
from domain.visit.facts import VisitRejected
from tests.domain.story import (
    LICENCE,
    PHONE,
    PLACE,
    in_business,
    kinds,
    metres_north,
    on,
    only,
    signed,
    with_a_deal,
    with_a_shop,
)


def test_a_like_name_is_suspected_as_a_double_and_not_refused() -> None:
    story = in_business().registers("imported", "05-06 09:00", "Zhou", customer_name="恒通便利.店")

    told: dict[str, Any] = {
        "customer_name": "恒通便利店",
        "phone": PHONE,
        "licence": LICENCE,
        "place": PLACE,
        "by": "Li",
    }
    facts = story.tells("register-customer", "06-03 09:00", customer="new", **told)

    assert kinds(facts) == ["customer-registered", "duplicate-suspected"]
    suspected = only(DuplicateSuspected, facts)
    assert (suspected.rival, suspected.by_key) == ("imported", "name")
    assert suspected.rival_position == story.position("customer-registered.v1") - 1
    assert story.world.customer("new").customer.suspected == ("imported",)


@pytest.mark.parametrize(
    ("key", "value"), [("phone", "+86 138-0013-8000"), ("licence", "９１１１００００６０００３７３４１Ｌ")]
)
def test_a_phone_or_licence_belongs_to_one_record_however_it_is_written(key: str, value: str) -> None:
    story = with_a_shop().registers("other", licence=LICENCE)

    refusal = story.refuses(
        "register-customer", "06-03 09:00", customer="new", customer_name="新店", by="Zhou", **{key: value}
    )

    assert refusal.code == Code.IDENTITY_HELD
    assert refusal.rival == ("shop" if key == "phone" else "other")
    assert refusal.rival_position


@pytest.mark.parametrize(
    ("told", "complete"),
    [
        ({"phone": PHONE, "place": PLACE}, True),
        ({"licence": LICENCE, "place": PLACE}, True),
        ({"phone": PHONE, "licence": LICENCE}, False),
        ({"place": PLACE}, False),
    ],
)
def test_a_record_is_complete_with_phone_or_licence_and_a_place(told: dict[str, str], complete: bool) -> None:
    facts = in_business().tells(
        "register-customer", "06-03 09:00", customer="new", customer_name="新店", by="Li", **told
    )

    assert only(CustomerRegistered, facts).complete is complete


def test_a_merge_passes_the_keys_on_and_keeps_both_histories() -> None:
    story = with_a_shop().registers("double", licence=LICENCE, phone="139 0013 9000")

    facts = story.tells("merge-customers", "06-12 09:00", customer="double", absorbed="shop", actor="Mei")

    assert [(fact.kind, fact.stream) for fact in facts] == [
        ("customers-merged.v1", "customer/shop"),
        ("customers-merged.v1", "customer/double"),
    ]
    told: dict[str, Any] = {"customer": "third", "customer_name": "又一店", "by": "Zhou", "phone": PHONE}
    assert story.refuses("register-customer", "06-13 09:00", **told).rival == "double"
    assert story.world.customer("shop").customer.registration is not None
    gone = story.refuses("claim-customer", "06-13 09:00", rep="Zhou")
    assert (gone.code, gone.rival) == (Code.CUSTOMER_MERGED, "double")


def test_the_owner_of_an_absorbed_record_gives_it_up_and_the_survivors_owner_stays() -> None:
    story = with_a_shop().registers("double")
    story.given("claim-customer", "06-10 09:00", rep="Zhou").given(
        "claim-customer", "06-10 09:00", rep="Li", customer="double"
    )

    facts = story.tells("merge-customers", "06-12 09:00", customer="double", absorbed="shop", actor="Kong")

    assert kinds(facts) == ["customer-released", "customers-merged", "customers-merged"]
    assert story.world.tally(("held", "Zhou")) == 0
    assert story.world.customer("double").holding.owner == "Li"


def test_keys_that_both_records_hold_pass_on_once() -> None:
    story = with_a_shop().registers("double", customer_name="恒通便利.店", licence=LICENCE)

    facts = story.tells("merge-customers", "06-12 09:00", customer="shop", absorbed="double", actor="Mei")

    merged = next(fact for fact in facts if isinstance(fact, CustomersMerged))
    assert [key.kind for key in merged.keys] == ["licence"]


def test_an_erased_record_passes_on_no_key_for_somebody_else_may_hold_it_by_now() -> None:
    story = with_a_shop().given("erase-subject", "06-11 09:00", whose="customer/shop", actor="Mei").registers("double")
    story.registers("newcomer", phone=PHONE)

    facts = story.tells("merge-customers", "06-12 09:00", customer="double", absorbed="shop", actor="Mei")

    assert [fact.keys for fact in facts if isinstance(fact, CustomersMerged)] == [(), ()]
    told: dict[str, Any] = {"customer": "third", "customer_name": "又一店", "by": "Zhou", "phone": PHONE}
    assert story.refuses("register-customer", "06-13 09:00", **told).rival == "newcomer"


def test_a_corrected_place_counts_for_visits_from_then_on_and_changes_no_verdict() -> None:
    story = with_a_shop()
    assert isinstance(story.visits("Li", "08-06 15:20", "V-1", metres=612)[1], VisitRejected)

    story.given("correct-customer-place", "08-12 09:00", place=metres_north(612))

    assert story.world.customer("shop").visits.made["V-1"].verdict == "rejected"
    assert kinds(story.visits("Zhou", "08-12 10:00", "V-2", metres=647)) == ["visit-recorded", "visit-verified"]


@pytest.mark.parametrize(
    ("intent", "potential", "grade"), [(5, 3, "A"), (3, 5, "A"), (2, 3, "B"), (7 - 2, 1, "C"), (1, 1, "C"), (5, 5, "A")]
)
def test_a_grade_is_intent_times_potential(intent: int, potential: int, grade: str) -> None:
    (graded,) = with_a_shop().tells("grade-customer", "06-01 09:00", by="Li", intent=intent, potential=potential)

    assert isinstance(graded, CustomerGraded)
    assert (graded.grade, graded.policy) == (grade, "B2B-1")


@pytest.mark.parametrize(("intent", "potential"), [(0, 3), (6, 3), (3, 0), (3, 6), (-1, -15)])
def test_a_grade_needs_both_scores_on_the_scale(intent: int, potential: int) -> None:
    refusal = with_a_shop().refuses("grade-customer", "06-01 09:00", by="Li", intent=intent, potential=potential)

    assert (refusal.code, refusal.detail) == (Code.SCORE_OUT_OF_RANGE, "Scores go from 1 to 5.")


def test_a_record_whose_key_was_destroyed_can_still_be_merged_and_visited() -> None:
    story = with_a_shop()
    stream = story.world.customer("shop")
    assert stream.customer.registration is not None
    erased = stream.customer.registration.model_copy(update={"place": Personal("sealed.1.x", erased=True)})
    story.world.streams["customer/shop"] = type(stream)()
    story.add(erased)

    facts = story.visits("Li", "08-06 15:20")

    assert only(VisitRejected, facts).cause == "no-place"
    assert only(VisitRejected, facts).at == on("08-06 15:20")


def test_a_won_customer_stays_won_in_the_record_that_carries_it_on() -> None:
    story = signed("Li").registers("other").given("claim-customer", "03-01 09:00", rep="Zhou", customer="other")

    facts = story.tells("merge-customers", "03-02 09:00", customer="other", absorbed="shop", actor="Mei")

    assert kinds(facts)[-1] == "tier-changed"
    assert story.tells("bring-clock", "12-01 09:00", customer="other") == ()
    assert story.world.customer("other").holding.owner == "Zhou"
    assert story.world.tally(("held", "Zhou")) == 0


def test_a_contract_with_an_absorbed_record_wins_the_customer_who_carries_it_on() -> None:
    story = with_a_deal("Li").registers("other").given("claim-customer", "02-02 09:00", rep="Zhou", customer="other")
    story.merges("shop", "other", "02-03 09:00")

    facts = story.tells("sign-contract", "02-04 09:00", rep="Li", contract="C-1", amount=100, actor="Ma")

    assert [fact.stream for fact in facts if fact.kind == "tier-changed.v1"] == ["customer/other"]
