"""Who is credited with a step: earned by what proves it, pinned by the contract, moved by a ruling, and lost by time."""

from typing import Any

import pytest

from domain.refusals import Code
from domain.role.facts import RoleEarned, RoleRevoked, RoleTransferred
from tests.domain.story import Story, kinds, on, only, signed, with_a_deal

FOLLOW_UP = {"kind": "follow-up-record", "ref": "F-1"}


def holders(story: Story, role: str, at: str, deal: str = "deal") -> dict[str, int]:
    return {part.rep: part.bps for part in story.world.deal(deal).roles.holders(role, on(at))}


def test_the_signing_credits_who_entered_who_visited_first_and_who_signed() -> None:
    story = with_a_deal("Li")
    story.visits("Zhou", "02-10 09:00", "V-1")
    story.visits("Wang", "02-11 09:00", "V-2")

    facts = story.tells("sign-contract", "02-20 09:00", rep="Feng", contract="C-1", amount=100, actor="Ma")

    earned = {
        fact.role: (fact.rep, fact.artefact.kind, fact.artefact.ref) for fact in facts if isinstance(fact, RoleEarned)
    }
    assert earned == {
        "ENTRY": ("Li", "complete-record", "shop"),
        "FIRST_VISIT": ("Zhou", "verified-visit", "V-1"),
        "CLOSER": ("Feng", "signed-contract", "C-1"),
    }


def test_an_earlier_visit_that_was_reported_later_is_the_first_one() -> None:
    story = with_a_deal("Li")
    story.visits("Zhou", "02-10 09:00", "V-1")
    story.visits("Wang", "02-09 09:00", "V-2", recorded="02-12 09:00")

    story.given("sign-contract", "02-20 09:00", rep="Li", contract="C-1", amount=100, actor="Ma")

    assert holders(story, "FIRST_VISIT", "02-20 09:00") == {"Wang": 10_000}


def test_a_visit_that_the_committee_rejected_earns_nothing() -> None:
    story = with_a_deal("Li")
    story.visits("Zhou", "02-10 09:00", "V-1")
    story.visits("Wang", "02-11 09:00", "V-2")
    story.given("override-visit", "02-12 09:00", visit="V-1", verdict="rejected", actor="Kong")

    story.given("sign-contract", "02-20 09:00", rep="Li", contract="C-1", amount=100, actor="Ma")

    assert holders(story, "FIRST_VISIT", "02-20 09:00") == {"Wang": 10_000}


def test_a_role_is_earned_by_presenting_its_artefact_and_then_held() -> None:
    story = with_a_deal()

    (earned,) = story.tells("earn-role", "02-02 09:00", role="MAINTAINER", rep="Li", artefact=FOLLOW_UP)

    assert isinstance(earned, RoleEarned)
    assert earned.clause == "B2B-1/roles/MAINTAINER"
    held = story.refuses("earn-role", "02-03 09:00", role="MAINTAINER", rep="Zhou", artefact=FOLLOW_UP)
    assert (held.code, held.rival, held.rival_at) == (Code.ROLE_HELD, "Li", on("02-02 09:00"))
    assert held.rival_position == story.position("role-earned.v1")


@pytest.mark.parametrize(
    ("role", "rep", "artefact"),
    [
        ("ENTRY", "Zhou", {"kind": "complete-record", "ref": "shop"}),
        ("FIRST_VISIT", "Li", {"kind": "verified-visit", "ref": "V-0"}),
        ("FIRST_VISIT", "Li", {"kind": "verified-visit", "ref": "V-1"}),
        ("FIRST_VISIT", "Zhou", {"kind": "verified-visit", "ref": "V-9"}),
        ("CLOSER", "Li", {"kind": "signed-contract", "ref": "C-1"}),
        ("SOLUTION", "Li", FOLLOW_UP),
    ],
)
def test_what_the_ledger_does_not_bear_out_earns_nothing(role: str, rep: str, artefact: dict[str, str]) -> None:
    story = with_a_deal("Li")
    story.visits("Zhou", "02-01 10:00", "V-1")
    story.visits("Li", "02-01 11:00", "V-0", metres=501)

    refusal = story.refuses("earn-role", "02-02 09:00", role=role, rep=rep, artefact=artefact)

    assert refusal.code == Code.ARTEFACT_MISSING


def test_roles_up_to_the_signing_are_pinned_and_those_at_the_receipt_are_not() -> None:
    story = signed()
    told: dict[str, Any] = {"kind": "accepted-solution", "ref": "S-1"}

    pinned = story.refuses("earn-role", "03-01 09:00", role="SOLUTION", rep="Zhou", artefact=told)

    assert (pinned.code, pinned.rival_position) == (Code.ROLE_PINNED, story.position("contract-signed.v1"))
    assert kinds(story.tells("earn-role", "03-01 09:00", role="MAINTAINER", rep="Zhou", artefact=FOLLOW_UP)) == [
        "role-earned"
    ]


def test_after_the_signing_only_the_committee_moves_a_pinned_role_and_then_for_the_past_too() -> None:
    story = signed()
    told: dict[str, Any] = {
        "role": "CLOSER",
        "parts": [{"rep": "Zhou", "bps": 10_000}],
        "effective_from": on("02-20 09:00"),
    }

    assert story.refuses("transfer-role", "03-01 09:00", actor="Ma", **told).code == Code.ROLE_PINNED
    (moved,) = story.tells("transfer-role", "03-01 09:00", actor="Kong", **told)

    assert isinstance(moved, RoleTransferred)
    assert (moved.by, moved.at, moved.effective_from) == ("Kong", on("03-01 09:00"), on("02-20 09:00"))
    assert holders(story, "CLOSER", "02-20 09:00") == {"Zhou": 10_000}


def test_a_role_is_split_into_parts_from_its_day_on() -> None:
    story = signed()
    parts = [{"rep": "Li", "bps": 5_000}, {"rep": "Zhou", "bps": 5_000}]

    story.given(
        "transfer-role", "03-01 09:00", actor="Lu", role="MAINTAINER", parts=parts, effective_from=on("03-05 00:00")
    )

    assert holders(story, "MAINTAINER", "03-04 23:59") == {}
    assert holders(story, "MAINTAINER", "03-05 00:00") == {"Li": 5_000, "Zhou": 5_000}


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [("Li", 9_999)],
        [("Li", 10_001)],
        [("Li", 5_000), ("Li", 5_000)],
        [("Li", 10_000), ("Zhou", 0)],
        [("Li", 11_000), ("Zhou", -1_000)],
    ],
)
def test_parts_sum_to_the_whole_each_above_zero_and_each_payee_once(parts: list[tuple[str, int]]) -> None:
    told: dict[str, Any] = {
        "role": "MAINTAINER",
        "effective_from": on("03-01 09:00"),
        "parts": [{"rep": r, "bps": n} for r, n in parts],
    }

    assert signed().refuses("transfer-role", "03-01 09:00", actor="Kong", **told).code == Code.PARTS_NOT_WHOLE


def test_who_has_left_may_still_be_given_a_part_by_a_ruling() -> None:
    story = signed().given("leave-rep", "03-01 09:00", rep="Feng")
    told: dict[str, Any] = {
        "role": "ENTRY",
        "effective_from": on("02-20 09:00"),
        "parts": [{"rep": "Feng", "bps": 10_000}],
    }

    assert kinds(story.tells("transfer-role", "03-02 09:00", actor="Kong", **told)) == ["role-transferred"]


def test_a_revoked_role_is_empty_from_its_day_on() -> None:
    story = signed()

    revoked = only(
        RoleRevoked,
        story.tells("revoke-role", "03-01 09:00", actor="Kong", role="ENTRY", effective_from=on("02-25 00:00")),
    )

    assert revoked.by == "Kong"
    assert (holders(story, "ENTRY", "02-24 23:59"), holders(story, "ENTRY", "02-25 00:00")) == ({"Li": 10_000}, {})


def test_a_ruling_recorded_later_counts_from_its_own_day_and_leaves_what_lay_before() -> None:
    story = signed("Feng")
    chen, feng = [{"rep": "Chen", "bps": 10_000}], [{"rep": "Feng", "bps": 10_000}]
    story.given(
        "transfer-role", "07-31 09:00", actor="Kong", role="ENTRY", parts=feng, effective_from=on("07-01 00:00")
    )
    story.given(
        "transfer-role", "07-31 09:00", actor="Kong", role="ENTRY", parts=chen, effective_from=on("12-27 00:00")
    )

    days = ["02-20 09:00", "07-01 00:00", "12-26 23:59", "12-27 00:00"]

    assert [list(holders(story, "ENTRY", day)) for day in days] == [["Li"], ["Feng"], ["Feng"], ["Chen"]]


def test_only_the_committee_moves_a_pinned_role_at_a_time_after_the_signing() -> None:
    story = with_a_deal()
    later: dict[str, Any] = {"role": "ENTRY", "parts": [{"rep": "Feng", "bps": 10_000}]}
    later["effective_from"] = on("06-01 00:00")

    assert story.refuses("transfer-role", "02-02 09:00", actor="Lu", **later).code == Code.NOT_ALLOWED
    assert kinds(story.tells("transfer-role", "02-02 09:00", actor="Kong", **later)) == ["role-transferred"]
