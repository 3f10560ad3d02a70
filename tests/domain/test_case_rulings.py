"""What a ruling changes: each remedy by the rule that the business has for it anyway, and each finding what it says."""

from typing import Any

import pytest

from domain.case.facts import DecisionIssued
from domain.commission import attribute
from domain.facts import AnyFact
from domain.mentorship.facts import SharingAgreed
from domain.pool.facts import CustomerReassigned, CustomerReleased
from domain.role.facts import RoleRevoked, RoleTransferred
from domain.visit.facts import VisitOverridden
from tests.domain.court import Court, accepted, courtroom, ruling, seated, to
from tests.domain.story import kinds, metres_north, on, only


def ruled(*remedies: dict[str, Any], finding: str = "confirm", court: Court | None = None, **fields: Any) -> Court:
    """A court in which a ruling with these remedies is final on 5 March."""
    told = ruling(finding, remedies=list(remedies), **fields)
    court = (court.accepts().seats() if court else seated()).all_vote(*[told] * 5).issues()
    court.time_is("03-05 00:00")
    return court


def executed(court: Court) -> tuple[AnyFact, ...]:
    return court.tells("execute-decision", "03-05 10:00", case="K-1", actor="Kong")


def predicted(court: Court) -> dict[str | None, tuple[int, int]]:
    return {each.payee: (each.before, each.after) for each in only(DecisionIssued, court.log).predicted}


def parts(**bps: int) -> list[dict[str, Any]]:
    return [{"rep": rep, "bps": each} for rep, each in bps.items()]


def test_a_role_is_split_from_a_time_on() -> None:
    remedy = {"remedy": "split-role", "deal": "deal", "role": "MAINTAINER", "parts": parts(Wang=2500, Li=7500)}
    court = ruled(remedy, finding="split", since="2024-02-25T00:00:00+08:00")

    fact = only(RoleTransferred, executed(court))

    assert [(part.rep, part.bps) for part in fact.parts] == [("Wang", 2500), ("Li", 7500)]
    assert fact.effective_from == on("02-25 00:00")
    assert predicted(court) == {"Li": (30_000, 28_500), "Wang": (0, 1_500)}


def test_a_role_that_is_void_falls_to_the_plans_fallback() -> None:
    court = courtroom().given("earn-role", "02-22 09:00", rep="Zhou", role="MAINTAINER", artefact=follow_up()).files()
    remedy = {"remedy": "void-role", "deal": "deal", "role": "MAINTAINER"}

    told = ruled(remedy, finding="void", court=court)

    assert predicted(told) == {"Li": (24_000, 30_000), "Zhou": (6_000, 0)}
    assert only(RoleRevoked, executed(told)).by == "case:K-1"


def follow_up() -> dict[str, str]:
    return {"kind": "follow-up-record", "ref": "call-1"}


def test_remedies_may_each_have_a_time_of_their_own_so_that_a_tail_ends() -> None:
    """As in D5: a leaver keeps what he closed until a day, afterwards all is another's."""
    now = {"remedy": "give-role", "deal": "deal", "role": "MAINTAINER", "to": "Wang"}
    later = [
        {
            "remedy": "give-role",
            "deal": "deal",
            "role": role,
            "to": "Wang",
            "effective_from": "2024-12-27T00:00:00+08:00",
        }
        for role in ("ENTRY", "FIRST_VISIT", "SOLUTION", "CLOSER")
    ]
    court = ruled(now, *later, finding="transfer", since="2024-03-01T00:00:00+08:00")
    executed(court)
    for payment, at in (("P-1", "12-26 23:59"), ("P-2", "12-27 00:00")):
        court.given("receive-payment", at, payment=payment, external_id=f"B-{payment}", amount=500_000)

    lines = attribute(court.world.deal("deal"), court.world.policies["B2B-1"])

    sums = {(line.payment, line.payee): 0 for line in lines}
    for line in lines:
        sums[line.payment, line.payee] += line.amount
    assert sums == {("P-1", "Li"): 12_000, ("P-1", "Wang"): 3_000, ("P-2", "Wang"): 15_000}


def test_earnings_are_shared_among_people_who_hold_no_role() -> None:
    remedy = {"remedy": "share-earnings", "deal": "deal", "of": "Li", "parts": parts(Li=8500, Lu=1000, Wang=500)}

    court = ruled(remedy, finding="split")

    assert predicted(court) == {"Li": (30_000, 25_500), "Lu": (0, 3_000), "Wang": (0, 1_500)}
    assert only(SharingAgreed, executed(court)).ground == "case K-1: efficiency"


def test_a_visit_is_overruled_and_the_place_is_where_it_was_made() -> None:
    court = courtroom()
    court.visits("Li", "02-21 10:00", visit="V-1", metres=612)
    court.visits("Zhou", "02-21 11:00", visit="V-2", metres=600)
    court.files(matter={"act": "visit", "customer": "shop", "visit": "V-1", "deal": "deal"})
    overrule = {"remedy": "overrule-visit", "customer": "shop", "visit": "V-1", "verdict": "verified"}
    place = {"remedy": "place-at-visit", "customer": "shop", "visit": "V-1"}

    facts = executed(ruled(overrule, place, finding="void", court=court))

    assert kinds(facts[:2]) == ["visit-overridden", "customer-place-corrected"]
    assert only(VisitOverridden, facts).by == "case:K-1"
    shop = court.world.customer("shop")
    assert shop.customer.place
    assert shop.customer.place.reveal() == metres_north(612)
    assert [visit.verdict for visit in shop.visits.made.values()] == ["verified", "rejected"]


def test_records_are_merged_and_a_customer_is_given_or_set_free() -> None:
    court = courtroom().registers("second", at="02-21 09:00").given("claim-customer", "02-21 10:00", rep="Zhou")
    court.files(matter={"act": "record", "customer": "second"})
    merge = {"remedy": "merge-records", "customer": "shop", "absorbed": "second"}
    give = {"remedy": "give-customer", "customer": "shop", "to": "Wang"}
    free = {"remedy": "free-customer", "customer": "shop"}

    facts = executed(ruled(merge, give, free, finding="transfer", court=court))

    assert kinds(facts) == [
        "customers-merged", "customers-merged", "customer-reassigned", "customer-released", "decision-executed",
    ]  # fmt: skip
    assert only(CustomerReassigned, facts).former_owner == "Zhou"
    assert only(CustomerReleased, facts).former_owner == "Wang"


def test_each_remedy_sees_what_those_before_it_have_changed() -> None:
    first = {"remedy": "give-role", "deal": "deal", "role": "MAINTAINER", "to": "Wang"}
    then = {"remedy": "void-role", "deal": "deal", "role": "MAINTAINER"}

    assert kinds(executed(ruled(first, then, finding="transfer")))[:2] == ["role-transferred", "role-revoked"]
    assert (
        seated()
        .is_refused(
            "cast-vote", "02-27 09:00", member=seated().members[0], ruling=ruling("void", remedies=[then]), opinion="so"
        )
        .code
        == "role-empty"
    )


LEAVER = {"remedy": "give-role", "deal": "deal", "role": "CLOSER", "to": "Feng"}
WRONG = {
    "split-not-whole": ("parts-not-whole", "split", {"remedy": "split-role", "deal": "deal", "role": "CLOSER", "parts": parts(Wang=9999)}),
    "to-a-leaver": ("rep-left", "transfer", LEAVER),
    "to-nobody-known": ("unknown-rep", "transfer", {**LEAVER, "to": "Nobody"}),
    "split-with-a-leaver": ("rep-left", "split", {"remedy": "split-role", "deal": "deal", "role": "CLOSER", "parts": parts(Li=5000, Feng=5000)}),
    "customer-to-a-leaver": ("rep-left", "transfer", {"remedy": "give-customer", "customer": "shop", "to": "Feng"}),
    "free-already": ("not-held", "void", {"remedy": "free-customer", "customer": "shop"}),
    "merged-with-itself": ("same-customer", "confirm", {"remedy": "merge-records", "customer": "shop", "absorbed": "shop"}),
    "place-of-no-visit": ("unknown-visit", "confirm", {"remedy": "place-at-visit", "customer": "shop", "visit": "V-9"}),
    "nothing-transferred": ("ruling-inconsistent", "transfer", {"remedy": "void-role", "deal": "deal", "role": "CLOSER"}),
    "a-remand-that-decides": ("ruling-inconsistent", "remand", {**LEAVER, "to": "Wang"}),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_nobody_can_vote_for_what_cannot_be_carried_out(wrong: str) -> None:
    code, finding, remedy = WRONG[wrong]
    court = seated().given("leave-rep", "02-26 12:00", rep="Feng")

    refusal = court.is_refused(
        "cast-vote", "02-27 09:00", member=court.members[0], ruling=ruling(finding, remedies=[remedy]), opinion="so"
    )

    assert refusal.code == code


@pytest.mark.parametrize("by", ["clause", "precedent"])
def test_a_ruling_that_rests_on_a_text_names_it(by: str) -> None:
    court = seated()
    told = ruling(ground={"by": by})

    assert court.is_refused("cast-vote", "02-27 09:00", member=court.members[0], ruling=told, opinion="so").code == (
        "ruling-inconsistent"
    )
    court.votes(court.members[0], {**told, "ground": {"by": by, "cites": "B2B-1/first-visit"}})
    assert court.hearing.has_voted(court.members[0])


def test_a_deal_that_is_not_signed_is_predicted_in_basis_points_of_its_pool() -> None:
    court = courtroom().registers("second", at="02-21 09:00")
    court.given("open-deal", "02-21 10:00", deal="second", customer="second", rep="Zhou", stage="solution")
    court.given("earn-role", "02-22 09:00", deal="second", rep="Zhou", role="MAINTAINER", artefact=follow_up())
    court.files(matter={"act": "role", "deal": "second", "role": "MAINTAINER"})
    give = {"remedy": "give-role", "deal": "second", "role": "MAINTAINER", "to": "Wang"}

    ruled(give, finding="transfer", court=court)

    issued = only(DecisionIssued, court.log)
    assert {each.currency for each in issued.predicted} == {None}
    assert predicted(court) == {None: (8_000, 8_000), "Zhou": (2_000, 0), "Wang": (0, 2_000)}


def test_what_is_to_come_is_predicted_for_its_due_day() -> None:
    court = courtroom()
    court.given("open-deal", "02-21 09:00", deal="long", rep="Li")
    milestones = [
        {"milestone": "now", "amount": 400_000},
        {"milestone": "later", "amount": 600_000, "due": on("2025-01-10 09:00")},
    ]
    court.given(
        "sign-contract", "02-21 10:00", deal="long", rep="Li", actor="Ma", contract="long", amount=1_000_000,
        currency="CNY", milestones=milestones,
    )  # fmt: skip
    court.files(matter={"act": "role", "deal": "long", "role": "CLOSER"})
    give = {"remedy": "give-role", "deal": "long", "role": "CLOSER", "to": "Wang"}

    court = ruled(give, finding="transfer", since="2025-01-01T00:00:00+08:00", court=court)

    # ENTRY is Li's and a tenth; all else falls to whoever closes when the money comes
    assert predicted(court) == {"Li": (30_000, 13_800), "Wang": (0, 16_200)}


def test_a_case_of_no_deal_predicts_nothing_and_holds_nothing() -> None:
    court = courtroom().given("claim-customer", "02-21 10:00", rep="Zhou")
    court.files(matter={"act": "holding", "customer": "shop"})
    told = ruled({"remedy": "give-customer", "customer": "shop", "to": "Wang"}, finding="transfer", court=court)

    assert predicted(told) == {}
    assert kinds(executed(told)) == ["customer-reassigned", "decision-executed"]


def test_a_ruling_without_remedies_is_as_good_as_another() -> None:
    assert accepted().seats().all_vote(*[ruling()] * 4).issues().case.status == "decided"
    assert to("Wang") != ruling()
