"""What hangs on an event: left out, moved or supposed, with every judgement after it made again, and nothing recorded."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import parse
from domain.engine import ENGINE, ENGINES
from domain.refusals import Refusal
from services.policy_files import shipped
from services.replay.acts import Act
from services.replay.forking import NotSupposable
from services.replay.whatif import Question, WhatIf
from tests.domain.story import on
from tests.services.replay.told import LookingBack, by_chance, story

D3 = "d3-drop-after-rejected-visit"


def paid(found: WhatIf) -> dict[str | None, tuple[int, int]]:
    return {each.payee: (each.before, each.after) for each in found.payees}


def answers(found: WhatIf) -> list[tuple[str, str | None, str | None]]:
    return [(each.command, each.before, each.after) for each in found.answers]


def kinds(found: WhatIf, how: str) -> list[str]:
    return [each.kind.removesuffix(".v1") for each in found.events if each.how == how]


def supposed(name: str, at: datetime, **fields: Any) -> Act:
    command = parse({"name": name, "at": at, **fields})
    assert not isinstance(command, Refusal), str(command)
    return Act(at, (0, 1), "supposed/1", command, ENGINES[ENGINE], supposed=True)


def test_without_the_rejection_the_shop_is_not_dropped_and_the_rivals_claim_is_refused(dsn: str) -> None:
    with story(dsn, D3) as looking:
        before, rejected = looking.digests(), str(looking.position("visit-rejected.v1"))

        found = looking.supposing("deal/shop-1", Question(omit=(rejected,)))

        assert answers(found) == [
            ("claim-customer", "cooling-down", "customer-held"),
            ("claim-customer", "accepted", "customer-held"),
        ]
        assert kinds(found, "gone")[:2] == ["visit-rejected", "customer-dropped"]
        assert paid(found) == {"Li": (60_000, 120_000), "Zhou": (540_001, 480_001)}
        assert [(each.role, each.payee, each.after - each.before) for each in found.lines] == [
            ("FIRST_VISIT", "Zhou", -60_000),
            ("FIRST_VISIT", "Li", 60_000),
        ]
        assert found.kept == ()
        assert looking.digests() == before


def test_without_the_visit_at_all_the_drop_comes_all_the_same(dsn: str) -> None:
    with story(dsn, D3) as looking:
        found = looking.supposing("customer/shop", Question(omit=(str(looking.position("visit-recorded.v1")),)))

        assert kinds(found, "gone") == ["visit-recorded", "visit-rejected"]
        assert found.answers[0].after is None
        assert paid(found) == {"Li": (60_000, 60_000), "Zhou": (540_001, 540_001)}


def test_without_the_verification_the_visit_renews_and_protects_nothing(dsn: str) -> None:
    with story(dsn, "d1-first-view-poached") as looking:
        verified = str(looking.position("visit-verified.v1", 1))

        found = looking.supposing("deal/house-X", Question(omit=(verified,)))

        assert kinds(found, "gone")[:3] == ["visit-verified", "retention-extended", "protection-started"]
        assert paid(found)["Ding"] == (3_150_002, 3_150_002)
        assert [(each.role, each.payee) for each in found.lines] == []


def test_one_of_several_roles_earned_at_the_signing_is_left_out_alone(dsn: str) -> None:
    with story(dsn, D3) as looking:
        earned = looking.position("contract-signed.v1") + 2

        found = looking.supposing("deal/shop-1", Question(omit=(str(earned),)))

        assert kinds(found, "gone") == ["role-earned"]
        assert len({each.role for each in found.lines}) <= 2


def test_a_claim_moved_by_a_day_keeps_the_shop_a_day_longer(dsn: str) -> None:
    with story(dsn, D3) as looking:
        claimed = str(looking.position("customer-claimed.v1"))

        found = looking.supposing("deal/shop-1", Question(redate=((claimed, on("08-02 09:00")),)))

        moved = next(each for each in found.events if each.kind == "customer-claimed.v1" and each.how == "changed")
        assert {each.what for each in moved.changed} == {"at", "deadline", "warn_at", "cap", "day"}
        assert ("claim-customer", "accepted", "customer-held") in answers(found)


def test_had_the_move_been_told_in_time_the_visit_would_have_counted(dsn: str) -> None:
    with story(dsn, D3) as looking:
        told = supposed(
            "correct-customer-place",
            on("08-05 10:00"),
            customer="shop",
            place="31.23340,121.47910",
            ground="moved",
            actor="Gu",
        )

        found = looking.supposing("deal/shop-1", Question(insert=(told,)))

        assert "customer-place-corrected" in kinds(found, "new")
        assert paid(found)["Li"] == (60_000, 120_000)


def test_another_policy_changes_what_everybody_earns(dsn: str) -> None:
    with story(dsn, D3) as looking:
        version = shipped("b2b-1")
        dearer = version.model_copy(update={"commission": version.commission.model_copy(update={"rate": 600})})

        found = looking.supposing("deal/shop-1", Question(policies=(dearer,)))

        assert paid(found) == {"Li": (60_000, 120_000), "Zhou": (540_001, 1_080_003)}


def test_what_others_need_cannot_be_left_out_and_they_are_named(dsn: str) -> None:
    with story(dsn, D3) as looking:
        opened = looking.position("deal-opened.v1")

        with pytest.raises(NotSupposable, match=r"event \d+ \(receive-payment: unknown-deal\)") as refused:
            looking.supposing("deal/shop-1", Question(omit=(str(opened),)))

        assert refused.value.code == "needed"
        assert looking.position("payment-received.v1") in refused.value.needed_by


@pytest.mark.parametrize(
    ("kind", "code"),
    [("customer-dropped.v1", "the-clocks"), ("unit-created.v1", None), ("visit-verified.v1", "follows")],
)
def test_what_follows_from_another_event_cannot_be_moved_by_itself(dsn: str, kind: str, code: str | None) -> None:
    with story(dsn, D3) as looking:
        moved = Question(redate=((str(looking.position(kind)), on("08-07 09:00")),))
        if code is None:
            assert kinds(looking.supposing("deal/shop-1", moved), "changed") == ["unit-created"]
            return

        with pytest.raises(NotSupposable) as refused:
            looking.supposing("deal/shop-1", moved)

        assert refused.value.code == code


def test_an_event_that_is_not_there_or_of_other_histories_is_refused(dsn: str) -> None:
    with story(dsn, D3) as looking:
        for event in ("99", "no-id", "00000000-0000-0000-0000-000000000000"):
            with pytest.raises(NotSupposable) as refused:
                looking.supposing("deal/shop-1", Question(omit=(event,)))
            assert refused.value.code == "unknown-event"


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_to_suppose_what_was_makes_no_difference(dsn: str, seed: int) -> None:
    with by_chance(dsn, seed, 120) as (looking, _):
        before = looking.digests()
        for customer in ("C0", "C1", "C2"):
            found = nothing_supposed(looking, f"customer/{customer}")

            assert (found.events, found.answers, found.lines, found.standing) == ((), (), (), ())
            assert all(each.before == each.after for each in found.payees)
        assert looking.digests() == before


@pytest.mark.parametrize("name", ["d1-the-ruling", "d2-the-ruling", "d3-the-ruling", "d5-the-ruling", "case-remand"])
def test_to_suppose_what_was_makes_no_difference_to_a_dispute_either(dsn: str, name: str) -> None:
    with story(dsn, name) as looking:
        for stream in {each.stream for each in looking.ledger.read_all(limit=1_000)}:
            if stream.startswith("customer/"):
                found = nothing_supposed(looking, stream)
                assert (found.events, found.answers, found.lines, found.standing, found.kept) == ((), (), (), (), ())


def nothing_supposed(looking: LookingBack, stream: str) -> WhatIf:
    """A supposition that says nothing new: the clock is brought in at the end of the log."""
    until = looking.ledger.head().recorded_at + timedelta(0)
    customer = stream.partition("/")[2]
    found = looking.supposing(stream, Question(insert=(supposed("bring-clock", until, customer=customer),)))
    answered = tuple(each for each in found.answers if each.command_id != "supposed/1")
    return WhatIf(
        found.true_up_to,
        found.streams,
        found.payees,
        found.lines,
        found.events,
        answered,
        found.standing,
        found.kept,
    )
