"""A person's data: erased on good ground, kept while the law asks for it, and written no more once it is gone."""

import pytest

from domain.person.facts import SubjectErased
from domain.refusals import Code
from tests.domain.court import courtroom
from tests.domain.story import LICENCE, PHONE, Story, in_business, kinds, on, with_a_shop

SHOP, LI = "customer/shop", "rep/Li"


def erased(whose: str = SHOP) -> Story:
    return with_a_shop().given("erase-subject", "08-01 09:00", whose=whose, actor="Mei")


@pytest.mark.parametrize("whose", [SHOP, LI])
@pytest.mark.parametrize("actor", ["Mei", "Ma", "system"])
def test_mid_office_and_managers_erase_a_customer_and_a_person_of_the_organisation(whose: str, actor: str) -> None:
    assert kinds(with_a_shop().tells("erase-subject", "08-01 09:00", whose=whose, actor=actor)) == ["subject-erased"]


@pytest.mark.parametrize("actor", ["Li", "Lu", "Fan", "Kong"])
def test_nobody_else_erases(actor: str) -> None:
    refusal = with_a_shop().refuses("erase-subject", "08-01 09:00", whose=SHOP, actor=actor)

    assert (refusal.code, refusal.rival) == (Code.NOT_ALLOWED, actor)


def test_only_what_is_known_can_be_erased() -> None:
    story = in_business()

    assert story.refuses("erase-subject", "08-01 09:00", whose="customer/none").code == Code.UNKNOWN_CUSTOMER
    assert story.refuses("erase-subject", "08-01 09:00", whose="rep/none").code == Code.UNKNOWN_REP
    assert story.refuses("erase-subject", "08-01 09:00", whose="deal/D-1").code == Code.MALFORMED


def test_erasing_sets_the_identity_keys_free() -> None:
    story = in_business().registers("full", phone=PHONE, licence=LICENCE)
    (gone,) = story.tells("erase-subject", "08-01 09:00", whose="customer/full", actor="Mei")

    assert isinstance(gone, SubjectErased)
    assert {key.kind for key in gone.keys} == {"name", "phone", "licence"}
    assert "customer-registered" in kinds(
        story.tells("register-customer", "08-02 09:00", customer="again", by="Li", customer_name="恒通", phone=PHONE)
    )


def test_who_is_erased_is_not_erased_again() -> None:
    refusal = erased().refuses("erase-subject", "08-02 09:00", whose=SHOP)

    assert (refusal.code, refusal.rival, refusal.rival_at) == (Code.SUBJECT_ERASED, SHOP, on("08-01 09:00"))


def test_nothing_personal_is_written_of_who_is_erased() -> None:
    story = erased().given("erase-subject", "08-01 09:00", whose=LI, actor="Mei")
    visit = {"visit": "V-9", "rep": "Zhou", "point": "31.2304,121.4737", "photo": "a" * 64}

    assert story.refuses("record-visit", "08-02 09:00", customer="shop", **visit).code == Code.SUBJECT_ERASED
    assert story.refuses("correct-customer-place", "08-02 09:00", place="31.0,121.0").code == Code.SUBJECT_ERASED
    story.given("leave-rep", "08-03 09:00", rep="Li")
    back = {"rep": "Li", "unit": "team-east", "duty": "rep"}
    assert story.refuses("join-rep", "08-04 09:00", **back, rep_name="李雷").code == Code.SUBJECT_ERASED
    assert kinds(story.tells("join-rep", "08-04 09:00", **back)) == ["rep-joined"]


def test_business_goes_on_with_a_customer_whose_data_is_erased() -> None:
    assert kinds(erased().tells("claim-customer", "08-02 09:00", rep="Li")) == ["customer-claimed"]


def test_a_legal_hold_keeps_the_data_until_it_is_lifted() -> None:
    story = with_a_shop().given("place-legal-hold", "07-01 09:00", whose=SHOP, hold="court-12", actor="Kong")

    refusal = story.refuses("erase-subject", "08-01 09:00", whose=SHOP, actor="Mei")

    assert (refusal.code, refusal.rival, refusal.rival_at) == (Code.LEGAL_HOLD, "court-12", on("07-01 09:00"))
    story.given("lift-legal-hold", "08-02 09:00", whose=SHOP, hold="court-12", actor="Mei")
    assert kinds(story.tells("erase-subject", "08-03 09:00", whose=SHOP, actor="Mei")) == ["subject-erased"]


def test_of_two_holds_either_keeps_the_data() -> None:
    story = with_a_shop()
    for hold in ("court-12", "audit-3"):
        story.given("place-legal-hold", "07-01 09:00", whose=LI, hold=hold, actor="Mei")
    story.given("lift-legal-hold", "07-02 09:00", whose=LI, hold="court-12", actor="Mei")

    assert story.refuses("erase-subject", "08-01 09:00", whose=LI).rival == "audit-3"


def test_a_hold_has_its_own_ladder() -> None:
    story = with_a_shop().given("place-legal-hold", "07-01 09:00", whose=SHOP, hold="court-12", actor="Mei")

    def refused(name: str, whose: str = SHOP, hold: str = "court-12", actor: str = "Mei") -> Code:
        return story.refuses(name, "08-01 09:00", whose=whose, hold=hold, actor=actor).code

    assert refused("place-legal-hold", actor="Li") == refused("lift-legal-hold", actor="Lu") == Code.NOT_ALLOWED
    assert refused("place-legal-hold", whose="customer/none") == Code.UNKNOWN_CUSTOMER
    assert refused("lift-legal-hold", whose="rep/none") == Code.UNKNOWN_REP
    assert refused("place-legal-hold") == Code.ID_TAKEN
    assert refused("lift-legal-hold", hold="court-13") == Code.UNKNOWN_HOLD
    story.given("lift-legal-hold", "08-01 09:00", whose=SHOP, hold="court-12", actor="Mei")
    story.given("erase-subject", "08-01 10:00", whose=SHOP, actor="Mei")
    assert refused("place-legal-hold") == Code.SUBJECT_ERASED


def test_an_open_case_keeps_the_data_of_its_parties_and_of_its_customer_until_it_is_over() -> None:
    court = courtroom().files()

    for whose in (SHOP, "rep/Wang", LI):
        assert court.refuses("erase-subject", "02-26 09:30", whose=whose, actor="Mei").code == Code.CASE_OPEN
    assert kinds(court.tells("erase-subject", "02-26 09:30", whose="rep/Zhou", actor="Mei")) == ["subject-erased"]
    court.given("dismiss-case", "02-26 10:00", case="K-1", actor="Kong")
    assert kinds(court.tells("erase-subject", "02-26 10:30", whose=SHOP, actor="Mei")) == ["subject-erased"]
