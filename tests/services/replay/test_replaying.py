"""Step by step how it came to this: what was known then beside what is known now, and what counts from when."""

from datetime import datetime, timedelta, timezone

import pytest

from domain.fact import ORGANISATION
from services.replay import concerned
from services.replay.concerned import TooWide
from services.replay.replaying import Beside, Moment, Replay
from services.replay.standing import Change, Money
from tests.services.replay.told import by_chance, story

D1, CASE = "d1-first-view-poached", "d1-the-ruling"
SHANGHAI = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=SHANGHAI)


def kinds(replay: Replay) -> list[str]:
    return [step.kind.removesuffix(".v1") for step in replay.steps]


def test_every_step_has_two_times_an_actor_a_rule_and_what_it_changed(dsn: str) -> None:
    with story(dsn, D1) as looking:
        (found,) = looking.replayed("deal/house-X")

        visit = next(step for step in found.steps if step.kind == "visit-verified.v1")
        assert (visit.occurred_at, visit.recorded_at) == (at("03-17 17:00"), at("03-18 10:00"))
        assert (visit.actor, visit.command, visit.engine, visit.rule) == (
            "Wang",
            "record-visit",
            "1",
            "RE-1/visits/distance",
        )
        assert visit.changed == (Change("visit VIEW-Y to client-of-Wang", "pending", "verified"),)
        renewed = next(step for step in found.steps if step.kind == "retention-extended.v1")
        assert renewed.changed == (Change("deadline of client-of-Wang", at("03-23 10:05"), at("03-24 17:00")),)
        paid = next(step for step in found.steps if step.kind == "payment-received.v1")
        assert Change("line P-1 CLOSER Ding", None, Money(2_700_002, "CNY")) in paid.changed
        assert found.standing["line P-1 FIRST_VIEW Ding"] == Money(450_000, "CNY")


def test_a_deal_leads_to_its_customer_and_to_the_record_that_is_suspected_to_be_the_same(dsn: str) -> None:
    with story(dsn, D1) as looking:
        (found,) = looking.replayed("deal/house-X")

        assert set(found.streams) == {
            "deal/house-X",
            "customer/client-of-Ding",
            "customer/client-of-Wang",
            ORGANISATION,
        }
        assert kinds(found)[:2] == ["rep-joined", "rep-joined"]
        assert found.true_up_to == looking.ledger.head().position


def test_a_visit_entered_the_next_day_was_not_known_that_evening_and_is_true_of_it_now(dsn: str) -> None:
    with story(dsn, D1) as looking:
        known, true = looking.replayed(
            "deal/house-X", Moment(known_at=at("03-17 23:59")), Moment(true_at=at("03-17 23:59"))
        )

        assert "visit-recorded" not in kinds(known)
        assert kinds(true)[-4:] == ["visit-recorded", "visit-verified", "retention-extended", "protection-started"]
        beside = Beside(known, true)
        assert [each.what for each in beside.differences] == [
            "deadline of client-of-Wang",
            "visit VIEW-Y to client-of-Wang",
        ]
        assert len(beside.only_second) == 4
        assert beside.only_first == ()


def test_a_case_as_it_was_known_when_it_was_filed_beside_what_was_finally_decided(dsn: str) -> None:
    with story(dsn, CASE) as looking:
        then, decided = looking.replayed("case/D1", Moment(known_at=at("03-26 23:59")), Moment())

        differences = {each.what: (each.before, each.after) for each in Beside(then, decided).differences}
        assert differences["case D1"] == ("open", "executed")
        assert differences["FIRST_VIEW of house-X"] == ("Ding", "Wang")
        assert differences["ruling of D1"] == (None, "transfer")
        ruled = next(step for step in decided.steps if step.kind == "role-transferred.v1")
        assert (ruled.effective_at, ruled.causation) == (at("03-17 17:00"), "case/D1")
        assert Change("line P-1 FIRST_VIEW Wang", None, Money(450_000, "CNY")) in ruled.changed


def test_a_ruling_counts_from_the_time_that_it_says(dsn: str) -> None:
    with story(dsn, CASE) as looking:
        before, after = looking.replayed(
            "case/D1", Moment(true_at=at("03-28 15:00")), Moment(at("03-28 15:00"), at("03-28 15:00"))
        )

        assert before.standing["FIRST_VIEW of house-X"] == "Wang"
        assert after.standing["FIRST_VIEW of house-X"] == "Ding"


def test_at_every_moment_of_random_histories_something_can_be_said(dsn: str) -> None:
    with by_chance(dsn, 11, 200) as (looking, _):
        log = looking.ledger.read_all(limit=10_000)
        for recorded in log[::40]:
            for stream in ("customer/C0", "customer/C3"):
                known, true = looking.replayed(
                    stream, Moment(recorded.recorded_at), Moment(true_at=recorded.occurred_at)
                )
                assert [s.position for s in known.steps] == sorted(s.position for s in known.steps)
                assert all(step.recorded_at <= recorded.recorded_at for step in known.steps)
                assert all(step.effective_at <= recorded.occurred_at for step in true.steps)


def test_a_question_that_touches_too_much_is_refused(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concerned, "MOST", 2)
    with story(dsn, D1) as looking, pytest.raises(TooWide, match="more than 2"):
        looking.replayed("deal/house-X")
