"""Leads: a contact with its channel, reviewed by mid-office, and a customer once it is approved and somebody says so."""

from typing import Any

import pytest

from domain.customer.facts import CustomerRegistered, DuplicateSuspected
from domain.lead.facts import LeadApproved, LeadRegistered, LeadRejected
from domain.person.facts import SubjectErased
from domain.refusals import Code
from tests.domain.story import LICENCE, PHONE, PLACE, Story, in_business, kinds, only, with_a_shop

FAIR: dict[str, Any] = {"customer": "stall", "by": "Li", "source": "fair", "customer_name": "展位小店", "phone": PHONE}


def found(**told: Any) -> Story:
    return in_business().given("register-lead", "06-03 09:00", **FAIR | told)


def approved(**told: Any) -> Story:
    return found(**told).given("approve-lead", "06-04 09:00", customer="stall", actor="Mei")


def test_a_lead_says_by_which_channel_it_came() -> None:
    registered = only(LeadRegistered, in_business().tells("register-lead", "06-03 09:00", **FAIR))

    assert (registered.source, registered.by, registered.stream) == ("fair", "Li", "customer/stall")
    nowhere = {**FAIR, "source": None}
    assert in_business().refuses("register-lead", "06-03 09:00", **nowhere).code == Code.SOURCE_MISSING


def test_only_an_approved_lead_becomes_a_customer() -> None:
    story = found()

    refusal = story.refuses("convert-lead", "06-04 09:00", customer="stall")
    assert (refusal.code, refusal.detail) == (Code.LEAD_NOT_APPROVED, "It is waiting.")
    story.given("approve-lead", "06-04 10:00", customer="stall", actor="Mei")
    assert kinds(story.tells("convert-lead", "06-05 09:00", customer="stall", actor="Li")) == [
        "lead-converted",
        "customer-registered",
    ]
    again = story.refuses("convert-lead", "06-05 10:00", customer="stall")
    assert (again.code, again.detail) == (Code.LEAD_NOT_APPROVED, "It is converted.")


def test_a_customer_is_registered_by_who_found_the_lead_with_what_was_learnt_since() -> None:
    told = {"place": PLACE, "licence": LICENCE, "customer_name": "展位小店有限公司"}

    registered = only(CustomerRegistered, approved().tells("convert-lead", "06-05 09:00", customer="stall", **told))

    assert (registered.by, registered.source, registered.complete) == ("Li", "fair", True)
    assert (registered.customer_name.reveal(), registered.phone and registered.phone.reveal()) == (
        "展位小店有限公司",
        PHONE,
    )
    assert {key.kind for key in registered.keys} == {"name", "phone", "licence"}


@pytest.mark.parametrize(("place", "entry"), [(PLACE, "Li"), (None, None)])
def test_a_complete_lead_earns_the_entry_role_once_the_contract_is_signed(place: str | None, entry: str | None) -> None:
    story = approved(place=place).given("convert-lead", "06-05 09:00", customer="stall", actor="Lu")
    story.given("open-deal", "06-06 09:00", customer="stall", rep="Zhou")

    facts = story.tells("sign-contract", "06-07 09:00", rep="Zhou", contract="K", amount=100, actor="Ma")

    assert next((fact.rep for fact in facts if getattr(fact, "role", "") == "ENTRY"), None) == entry  # type: ignore[union-attr]


def test_a_lead_holds_its_phone_until_it_is_rejected() -> None:
    story, other = found(), {"customer": "other", "by": "Zhou", "customer_name": "别家", "phone": PHONE}

    for name, more in (("register-customer", {}), ("register-lead", {"source": "web"})):
        refusal = story.refuses(name, "06-04 09:00", **other, **more)
        assert (refusal.code, refusal.rival) == (Code.IDENTITY_HELD, "stall")
    rejected = story.tells("reject-lead", "06-05 09:00", customer="stall", ground="nobody there", actor="Mei")
    assert {key.kind for key in only(LeadRejected, rejected).keys} == {"name", "phone"}
    assert kinds(story.tells("register-customer", "06-06 09:00", **other)) == ["customer-registered"]


def test_the_phone_of_a_customer_makes_no_lead_and_a_like_name_is_suspected() -> None:
    story = with_a_shop()

    assert story.refuses("register-lead", "06-03 09:00", **FAIR).rival == "shop"
    facts = story.tells("register-lead", "06-03 09:00", **FAIR | {"phone": None, "customer_name": "恒通便利店"})
    assert kinds(facts) == ["lead-registered", "duplicate-suspected"]
    assert only(DuplicateSuspected, facts).rival == "shop"
    story.given("approve-lead", "06-04 09:00", customer="stall", actor="Mei")
    assert kinds(story.tells("convert-lead", "06-05 09:00", customer="stall")) == [
        "lead-converted",
        "customer-registered",
    ], "a double is suspected once"


def test_a_phone_that_was_corrected_is_free_and_the_new_one_is_held() -> None:
    story = approved().given("convert-lead", "06-05 09:00", customer="stall", phone="139 0013 9000")

    others: dict[str, Any] = {"customer": "other", "by": "Zhou", "customer_name": "别家"}
    assert story.refuses("register-customer", "06-06 09:00", **others, phone="13900139000").rival == "stall"
    assert kinds(story.tells("register-customer", "06-06 09:00", **others, phone=PHONE)) == ["customer-registered"]


@pytest.mark.parametrize("name", ["approve-lead", "reject-lead"])
@pytest.mark.parametrize("actor", ["Li", "Lu", "Ma", "Fan", "Kong"])
def test_nobody_but_mid_office_reviews(name: str, actor: str) -> None:
    refusal = found().refuses(name, "06-04 09:00", customer="stall", actor=actor)

    assert (refusal.code, refusal.rival) == (Code.NOT_ALLOWED, actor)


def test_what_was_rejected_stays_so_and_what_was_approved_may_still_be_rejected() -> None:
    story = approved()
    assert only(LeadApproved, story.log).by == "Mei"

    assert story.refuses("approve-lead", "06-05 09:00", customer="stall", actor="Mei").code == Code.LEAD_REVIEWED
    story.given("reject-lead", "06-05 10:00", customer="stall", actor="Mei")
    for name in ("approve-lead", "reject-lead"):
        refusal = story.refuses(name, "06-06 09:00", customer="stall", actor="Mei")
        assert (refusal.code, refusal.rival, refusal.detail) == (Code.LEAD_REVIEWED, "Mei", "It is rejected.")


def test_an_id_belongs_to_one_lead_or_customer() -> None:
    told = {"customer_name": "又一家", "phone": None}

    assert found().refuses("register-customer", "06-04 09:00", customer="stall", by="Li", **told).code == Code.ID_TAKEN
    assert found().refuses("register-lead", "06-04 09:00", **FAIR | told).code == Code.ID_TAKEN
    assert with_a_shop().refuses("register-lead", "06-04 09:00", **FAIR | told | {"customer": "shop"}).code == (
        Code.ID_TAKEN
    )


def test_a_lead_is_no_customer_yet() -> None:
    story = approved()

    assert story.refuses("claim-customer", "06-05 09:00", customer="stall", rep="Li").code == Code.UNKNOWN_CUSTOMER
    assert story.refuses("open-deal", "06-05 09:00", customer="stall", rep="Li").code == Code.UNKNOWN_CUSTOMER


def test_who_stands_behind_a_lead_is_erased_as_a_customer_is_and_nothing_becomes_of_the_lead() -> None:
    story, whose = approved(), {"whose": "customer/stall", "actor": "Mei"}
    story.given("place-legal-hold", "06-05 09:00", hold="court", **whose)
    assert story.refuses("erase-subject", "06-05 10:00", **whose).code == Code.LEGAL_HOLD
    story.given("lift-legal-hold", "06-05 11:00", hold="court", **whose)

    (gone,) = story.tells("erase-subject", "06-05 12:00", **whose)

    assert isinstance(gone, SubjectErased)
    assert {key.kind for key in gone.keys} == {"name", "phone"}
    for name, more in (("convert-lead", {}), ("reject-lead", {"actor": "Mei"}), ("approve-lead", {"actor": "Mei"})):
        assert story.refuses(name, "06-06 09:00", customer="stall", **more).code == Code.SUBJECT_ERASED
    again = {**FAIR, "customer": "again"}
    assert kinds(story.tells("register-lead", "06-06 09:00", **again)) == ["lead-registered"]
