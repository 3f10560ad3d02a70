"""Every decision about deals, money and people refuses in the order that its docstring gives."""

from typing import Any

from domain.contract import decisions as contract
from domain.deal import decisions as deal
from domain.mentorship import decisions as mentorship
from domain.organisation import decisions as organisation
from domain.payment import decisions as payment
from domain.policy import decisions as policy
from domain.role import decisions as role
from tests.domain.story import Story, documented, in_business, ladder, on, shipped, signed, with_a_deal

WHOLE = [{"rep": "Zhou", "bps": 10_000}]


def join(story: Story, rep: str = "Wu", at: str = "07-01 09:00") -> None:
    story.given("join-rep", at, rep=rep, unit="team-east")


def leave(story: Story, rep: str = "Wu") -> None:
    story.given("leave-rep", "07-02 09:00", rep=rep)


def come_back(story: Story, rep: str = "Wu") -> None:
    join(story, rep, "07-03 09:00")


def with_a_lost_deal(story: Story) -> Story:
    story.given("open-deal", "02-01 09:00", deal="lost", rep="Li")
    return story.given("lose-deal", "02-02 09:00", deal="lost", rep="Li")


def test_an_opening_is_refused_in_order() -> None:
    story = with_a_deal().registers("absorbed").merges("absorbed", "shop").lawless()
    climb = ladder(story, "open-deal", "08-01 09:00", customer="nobody", rep="Wu", stage="nowhere")
    climb.meets("id-taken", deal="D-2").meets("unknown-customer", customer="absorbed")
    climb.meets("customer-merged", customer="shop").meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    climb.meets("unknown-stage", stage="signed").meets("not-signed", stage="bidding")

    assert climb.climbed() == documented(deal.open_deal)


def test_an_advance_is_refused_in_order() -> None:
    story = with_a_lost_deal(with_a_deal())
    climb = ladder(story, "advance-stage", "08-01 09:00", deal="nothing", rep="Wu", stage="nowhere")
    climb.meets("unknown-deal", deal="lost").meets("deal-closed", deal="deal").meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    climb.meets("unknown-stage", stage="delivered").meets("stage-order", actor="Ma").meets(
        "not-signed", stage="contacted"
    )
    climb.meets("artefact-missing", artefact={"kind": "contact-record", "ref": "R-1"})

    assert climb.climbed() == documented(deal.advance)


def test_a_step_back_is_refused_in_order() -> None:
    story = with_a_lost_deal(signed())
    climb = ladder(story, "revert-stage", "08-01 09:00", deal="nothing", stage="nowhere")
    climb.meets("unknown-deal", deal="lost").meets("deal-closed", deal="deal")
    climb.meets("unknown-stage", stage="lead").meets("already-signed", stage="signed").meets("stage-order")
    note = {"kind": "delivery-note", "ref": "N-1"}
    story.given("advance-stage", "07-01 09:00", rep="Li", stage="delivered", artefact=note)

    assert climb.climbed() == documented(deal.revert)


def test_a_loss_is_refused_in_order() -> None:
    story = with_a_lost_deal(signed()).given("open-deal", "02-01 09:00", deal="open", rep="Li")
    climb = ladder(story, "lose-deal", "08-01 09:00", deal="nothing", rep="Wu")
    climb.meets("unknown-deal", deal="lost").meets("deal-closed", deal="deal").meets("already-signed", deal="open")
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)

    assert climb.climbed() == documented(deal.lose)


def test_a_signing_is_refused_in_order() -> None:
    story = with_a_lost_deal(signed()).given("open-deal", "02-01 09:00", deal="open", rep="Li").lawless()
    parts = [{"milestone": "all", "amount": 99}]
    told: dict[str, Any] = {"contract": "C-2", "rep": "Wu", "amount": 100, "currency": "CNY", "milestones": parts}
    climb = ladder(story, "sign-contract", "08-01 09:00", deal="nothing", **told)
    climb.meets("unknown-deal", deal="lost").meets("deal-closed", deal="deal").meets("already-signed", deal="open")
    climb.meets("no-policy")
    story.lawful()
    climb.meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    climb.meets("stage-order", actor="Ma").meets("milestones-not-whole", milestones=[])

    assert climb.climbed() == documented(contract.sign)


def test_a_role_earned_is_refused_in_order() -> None:
    story = with_a_lost_deal(signed()).given("open-deal", "02-21 09:00", deal="open", rep="Li")
    artefact = {"kind": "bid", "ref": "V-2"}
    climb = ladder(story, "earn-role", "08-01 09:00", deal="nothing", role="NOTHING", rep="Wu", artefact=artefact)
    climb.meets("unknown-deal", deal="lost").meets("deal-closed", deal="deal").meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    story.visits("Li", "07-30 09:00", "V-1")
    story.visits("Wu", "07-31 09:00", "V-2")
    told: dict[str, Any] = {"deal": "open", "role": "FIRST_VISIT", "effective_from": on("08-01 08:00")}
    story.given("transfer-role", "08-01 08:00", actor="Lu", parts=WHOLE, **told)
    climb.meets("role-not-in-plan", role="FIRST_VISIT").meets("role-pinned", deal="open")
    climb.meets("artefact-missing", artefact={"kind": "verified-visit", "ref": "V-2"}).meets("role-held")
    story.given("revoke-role", "08-01 08:30", actor="Kong", **told)
    climb.meets("first-visit-protected", rep="Li", artefact={"kind": "verified-visit", "ref": "V-1"})

    assert climb.climbed() == documented(role.earn)


def test_a_role_transferred_is_refused_in_order() -> None:
    told: dict[str, Any] = {
        "role": "NOTHING",
        "effective_from": on("07-31 09:00"),
        "parts": [{"rep": "Wu", "bps": 9_999}],
    }
    climb = ladder(signed(), "transfer-role", "08-01 09:00", deal="nothing", actor="Li", **told)
    climb.meets("unknown-deal", deal="deal").meets("role-not-in-plan", role="ENTRY")
    climb.meets("role-pinned", role="MAINTAINER").meets("not-allowed", effective_from=on("08-01 09:00"))
    climb.with_(actor="Lu").meets("unknown-rep", parts=[{"rep": "Zhou", "bps": 9_999}])
    climb.meets("parts-not-whole", parts=WHOLE)

    assert climb.climbed() == documented(role.transfer)


def test_a_role_revoked_is_refused_in_order() -> None:
    told: dict[str, Any] = {"role": "NOTHING", "effective_from": on("08-01 09:00")}
    story = signed()
    climb = ladder(story, "revoke-role", "08-01 09:00", deal="nothing", actor="Li", **told)
    climb.meets("unknown-deal", deal="deal").meets("role-not-in-plan", role="ENTRY")
    climb.meets("role-pinned", role="MAINTAINER").meets("not-allowed", actor="Lu").meets("role-empty")
    story.given(
        "transfer-role", "07-01 09:00", actor="Lu", role="MAINTAINER", parts=WHOLE, effective_from=on("07-01 09:00")
    )

    assert climb.climbed() == [*documented(role.transfer)[:4], *documented(role.revoke)]


def test_a_payment_is_refused_in_order() -> None:
    parts = [{"milestone": "all", "amount": 1_000_000}]
    story = signed(milestones=parts).given("open-deal", "02-01 09:00", deal="open", rep="Li")
    paid: dict[str, Any] = {"external_id": "bank-1", "amount": 10, "currency": "CNY"}
    story.given("receive-payment", "03-01 09:00", payment="P-1", **paid)
    told: dict[str, Any] = {
        "payment": "P-1",
        "external_id": "bank-1",
        "amount": 10,
        "currency": "USD",
        "milestone": "none",
    }
    climb = ladder(story, "receive-payment", "08-01 09:00", deal="nothing", **told)
    climb.meets("unknown-deal", deal="open").meets("not-signed", deal="deal").meets("other-currency", currency="CNY")
    climb.meets("unknown-milestone", milestone="all").meets("id-taken", payment="P-2")
    climb.meets("payment-repeated", external_id="bank-2")

    assert climb.climbed() == documented(payment.receive)


def test_a_refund_is_refused_in_order() -> None:
    story = signed().given("open-deal", "02-01 09:00", deal="open", rep="Li")
    paid: dict[str, Any] = {"external_id": "bank-1", "amount": 10, "currency": "CNY"}
    story.given("receive-payment", "03-01 09:00", payment="P-1", **paid)
    story.given("refund-payment", "03-02 09:00", payment="P-1", refund="R-1", amount=1)
    told: dict[str, Any] = {"payment": "P-0", "refund": "R-1", "amount": 10, "currency": "USD"}
    climb = ladder(story, "refund-payment", "08-01 09:00", deal="nothing", **told)
    climb.meets("unknown-deal", deal="open").meets("not-signed", deal="deal").meets("other-currency", currency="CNY")
    climb.meets("unknown-payment", payment="P-1").meets("id-taken", refund="R-2").meets("refund-exceeds", amount=9)

    assert climb.climbed() == documented(payment.refund)


def test_a_mentor_is_refused_in_order() -> None:
    story = in_business()
    climb = ladder(story, "assign-mentor", "08-01 09:00", rep="Wu", mentor="Wu", actor="Li")
    climb.meets("self-mentor", mentor="Li").meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    story.given("assign-mentor", "07-10 09:00", rep="Wu", mentor="Feng", actor="Lu").lawless()
    climb.meets("already-mentored")
    story.given("end-mentorship", "07-31 09:00", rep="Wu", mentor="Feng", actor="Lu")
    climb.meets("not-allowed", actor="Lu").meets("no-policy")
    story.lawful()

    assert climb.climbed() == documented(mentorship.assign)


def test_the_end_of_a_mentorship_is_refused_in_order() -> None:
    story = in_business().given("assign-mentor", "07-10 09:00", rep="Zhou", mentor="Feng", actor="Lu")
    climb = ladder(story, "end-mentorship", "08-01 09:00", rep="Wu", mentor="Li", actor="Li")
    climb.meets("unknown-rep", rep="Zhou").meets("not-mentored", mentor="Feng").meets("not-allowed", actor="Lu")

    assert climb.climbed() == documented(mentorship.end)


def test_a_sharing_is_refused_in_order() -> None:
    told: dict[str, Any] = {
        "parts": [{"rep": "Zhou", "bps": 9_999}],
        "effective_from": on("08-01 09:00"),
        "actor": "Li",
    }
    climb = ladder(with_a_deal(), "agree-sharing", "08-01 09:00", deal="nothing", of="Wu", **told)
    climb.meets("unknown-deal", deal="deal").meets("unknown-rep", of="Li").meets("parts-not-whole", parts=WHOLE)
    climb.meets("not-allowed", actor="Lu")

    assert climb.climbed() == documented(mentorship.agree)


def test_a_unit_is_refused_in_order() -> None:
    climb = ladder(in_business(), "create-unit", "08-01 09:00", unit="team-east", parent="nowhere", title="East")
    climb.meets("id-taken", unit="team-north").meets("unknown-unit", parent="head-office")

    assert climb.climbed() == documented(organisation.create_unit)


def test_a_move_of_a_unit_is_refused_in_order() -> None:
    climb = ladder(in_business(), "move-unit", "08-01 09:00", unit="nowhere", parent="team-east")
    climb.meets("unknown-unit", unit="head-office").meets("cycle", unit="team-west")

    assert climb.climbed() == documented(organisation.move_unit)


def test_a_joiner_a_mover_and_a_leaver_are_refused_in_order() -> None:
    story = in_business()
    joins = ladder(story, "join-rep", "06-30 09:00", rep="Zhou", unit="nowhere")
    joins.meets("already-joined", rep="Wu")
    moves = ladder(story, "transfer-rep", "06-30 09:00", rep="Wu", unit="nowhere")
    leaves = ladder(story, "leave-rep", "06-30 09:00", rep="Wu")
    moves.meets("unknown-rep")
    leaves.meets("unknown-rep")
    join(story)
    leave(story)
    story.given("erase-subject", "07-01 12:00", whose="rep/Wu")
    joins.with_(rep_name="Wu Ming").meets("overtaken", at="07-03 08:00").meets("subject-erased", rep_name=None)
    joins.meets("unknown-unit", unit="team-west")
    moves.with_(at="07-02 10:00").meets("rep-left", at="07-01 10:00")
    leaves.with_(at="07-02 10:00").meets("rep-left", at="07-01 10:00")
    moves.meets("overtaken")
    leaves.meets("overtaken", at="07-04 10:00")
    come_back(story)
    moves.with_(at="07-04 10:00").meets("unknown-unit", unit="team-west")
    joins.with_(rep="Xu")

    assert joins.climbed() == documented(organisation.join)
    assert moves.climbed() == documented(organisation.transfer)
    assert leaves.climbed() == documented(organisation.leave)


def test_a_quota_is_refused_in_order() -> None:
    story = in_business()
    climb = ladder(story, "set-quota", "08-01 09:00", rep="Wu", held=0, actor="Lu").meets("unknown-rep")
    join(story)
    leave(story)
    climb.meets("rep-left")
    come_back(story)
    story.lawless()
    climb.meets("not-allowed", actor="Ma").meets("no-policy")
    story.lawful()
    climb.meets("newcomer-quota-zero", held=1)

    assert climb.climbed() == documented(organisation.set_quota)


def test_a_policy_is_refused_in_order() -> None:
    version = shipped("b2b-1")
    contradictory = version.model_copy(update={"policy": "B2B-2", "signed_stage": "nowhere"})
    story = in_business()
    climb = ladder(
        story, "publish-policy", "08-01 09:00", actor="Lu", version=version.model_copy(update={"title": "Other"})
    )
    climb.meets("not-allowed", actor="Ma").meets("policy-published", version=contradictory)
    climb.meets("policy-invalid", version=version.model_copy(update={"policy": "B2B-2"})).meets("policy-overlap")
    later = {"policy": "B2B-2", "supersedes": "B2B-1", "effective_from": on("09-01 00:00")}
    climb.with_(version=version.model_copy(update=later))

    assert climb.climbed() == documented(policy.publish)
