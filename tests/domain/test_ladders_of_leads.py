"""Every decision about leads refuses in the order that its docstring gives: each test clears one obstacle after another."""

from typing import Any

from domain.lead import decisions as lead
from tests.domain.story import LICENCE, PHONE, PLACE, Story, documented, in_business, ladder

NAMED: dict[str, Any] = {"customer_name": "展位小店", "by": "Wu"}


def found(story: Story, customer: str = "stall", **more: Any) -> Story:
    told = {"by": "Li", "source": "fair", "customer_name": f"店 {customer}", **more}
    return story.given("register-lead", "06-01 09:00", customer=customer, **told)


def approved(story: Story, customer: str = "stall") -> Story:
    return story.given("approve-lead", "06-02 09:00", customer=customer, actor="Mei")


def erased(story: Story) -> Story:
    return found(story, "gone").given("erase-subject", "06-02 09:00", whose="customer/gone", actor="Mei")


def test_a_registration_is_refused_in_order() -> None:
    story = in_business().lawless()
    climb = ladder(story, "register-lead", "08-10 09:00", customer="shop", **NAMED).meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    story.given("join-rep", "07-01 09:00", rep="Wu", unit="team-east")
    story.given("leave-rep", "07-02 09:00", rep="Wu")
    climb.meets("rep-left", by="Li").meets("source-missing", source="fair")
    story.registers("shop", phone=PHONE)
    climb.meets("id-taken", customer="stall", phone="12", licence="1", place="here").meets("phone-invalid", phone=PHONE)
    climb.meets("licence-invalid", licence=LICENCE).meets("place-invalid", place=PLACE)
    climb.meets("identity-held", phone="139 0013 9000")

    assert climb.climbed() == documented(lead.register)


def test_an_approval_is_refused_in_order() -> None:
    story = erased(in_business())
    climb = ladder(story, "approve-lead", "08-10 09:00", customer="none", actor="Li").meets("not-allowed", actor="Mei")
    climb.meets("unknown-lead", customer="gone").meets("subject-erased", customer="stall")
    approved(found(story))
    climb.meets("lead-reviewed", customer="other")
    found(story, "other")

    assert climb.climbed() == documented(lead.approve)


def test_a_rejection_is_refused_in_order() -> None:
    story = erased(in_business())
    climb = ladder(story, "reject-lead", "08-10 09:00", customer="none", actor="Li").meets("not-allowed", actor="Mei")
    climb.meets("unknown-lead", customer="gone").meets("subject-erased", customer="stall")
    approved(found(story)).given("convert-lead", "06-03 09:00", customer="stall")
    climb.meets("lead-reviewed", customer="other")
    approved(found(story, "other"), "other")

    assert climb.climbed() == documented(lead.reject)


def test_a_conversion_is_refused_in_order() -> None:
    story = erased(in_business()).registers("shop", phone=PHONE)
    climb = ladder(story, "convert-lead", "08-10 09:00", customer="none").meets("unknown-lead", customer="gone")
    climb.meets("subject-erased", customer="stall")
    found(story)
    climb.meets("lead-not-approved")
    approved(story).lawless()
    climb.meets("no-policy", phone="12", licence="1", place="here")
    story.lawful()
    climb.meets("phone-invalid", phone=PHONE).meets("licence-invalid", licence=LICENCE)
    climb.meets("place-invalid", place=PLACE).meets("identity-held", phone=None)

    assert climb.climbed() == documented(lead.convert)
