"""When months open and close: in order, one at a time, by finance, and over what is unusual only with a reason."""

from datetime import date
from typing import Any

from domain.payroll.decisions import close_period, open_period
from domain.payroll.facts import PeriodClosed, PeriodOpened
from domain.policy.terms import PolicyVersion
from domain.refusals import Code
from tests.domain.story import Story, documented, in_business, ladder, on, only, shipped

PINNED: dict[str, Any] = {"plans": {}, "totals": (), "digest": "3a" * 32}


def gathering(period: str = "2024-06", at: str = "06-01 09:00") -> Story:
    return in_business().given("open-period", at, period=period, actor="Fan")


def closed(story: Story, period: str = "2024-06", at: str = "07-02 09:00", position: int = 40) -> Story:
    return story.given("close-period", at, period=period, position=position, actor="Fan", **PINNED)


def test_a_month_begins_and_ends_at_midnight_in_the_policys_zone_and_is_paid_on_its_day_of_the_next() -> None:
    opened = only(PeriodOpened, in_business().tells("open-period", "06-01 09:00", period="2024-06", actor="Fan"))

    assert (opened.begins, opened.ends) == (on("06-01 00:00"), on("07-01 00:00"))
    assert (opened.pay_day, opened.policy) == (date(2024, 7, 15), "B2B-1")


def test_a_pay_day_that_the_month_does_not_have_is_its_last() -> None:
    terms = shipped("b2b-1").model_dump(mode="json", exclude_defaults=True)
    late = {**terms, "policy": "LATE", "payroll": {**terms["payroll"], "pay_day": 31}, "supersedes": "B2B-1"}
    late["effective_from"] = "2024-01-01T00:00:00+08:00"
    story = in_business().given(
        "publish-policy", "2023-12-01 09:00", actor="Ma", version=PolicyVersion.model_validate(late)
    )

    opened = only(PeriodOpened, story.tells("open-period", "02-01 09:00", period="2024-01", actor="Fan"))

    assert opened.pay_day == date(2024, 2, 29)


def test_months_open_in_order_and_one_at_a_time() -> None:
    climbing = ladder(gathering(), "open-period", "07-02 09:30", period="2024-07", actor="Li")
    climbing.meets("not-allowed", actor="Fan").meets("period-open")
    closed(climbing.story)
    climbing.with_(period="2024-06").meets("period-closed", period="2024-09").meets("period-order", period="2024-07")
    lawful = climbing.story.world.policies
    climbing.story.lawless()
    climbing.meets("no-policy")
    climbing.story.world.policies = lawful
    assert climbing.with_(policy="RC-0").tried().refusal
    climbing.meets("no-policy", policy=None)

    assert climbing.tried().refusal is None
    assert [*dict.fromkeys(climbing.met)] == [
        "not-allowed", "period-open", "period-closed", "period-order", "no-policy",
    ]  # fmt: skip
    assert set(documented(open_period)) == {*climbing.met, "no-payroll-terms"}


def test_a_policy_without_payroll_terms_opens_no_month() -> None:
    story = in_business()
    silent = shipped("b2b-1").model_copy(update={"policy": "OLD", "payroll": None})
    story.world.policies = type(story.world.policies)({"OLD": silent})

    assert story.refuses("open-period", "06-01 09:00", period="2024-06", actor="Fan").code == Code.NO_PAYROLL_TERMS


def test_a_month_is_closed_once_in_order_and_by_finance() -> None:
    unusual = ({"kind": "people-who-left", "count": 1, "told": "Feng has left"},)
    first = closed(gathering("2024-05", "05-01 09:00"), "2024-05", "06-02 09:00", position=45)
    climbing = ladder(first, "close-period", "07-02 09:00", period="2024-05", position=40, actor="Li", **PINNED)
    climbing.meets("not-allowed", actor="Fan").meets("period-closed", period="2024-06").meets("unknown-period")
    climbing.story.given("open-period", "06-02 09:30", period="2024-06", actor="Fan")
    climbing.with_(period="2024-07").meets("period-order", period="2024-06", unusual=unusual)
    climbing.meets("closing-behind", position=45, settled=True).meets("settled-late", settled=False)
    climbing.meets("reason-missing", reason="asked the lead")

    assert set(climbing.climbed()) == set(documented(close_period))


def test_a_closing_keeps_what_was_pinned_what_was_unusual_and_why_it_was_closed_all_the_same() -> None:
    unusual = ({"kind": "people-who-left", "count": 1, "told": "Feng has left"},)
    told: dict[str, Any] = {
        "period": "2024-06",
        "position": 40,
        "unusual": unusual,
        "reason": "asked the lead",
        "actor": "Fan",
    }

    fact = only(PeriodClosed, gathering().tells("close-period", "07-02 09:00", **told, **PINNED))

    assert (fact.position, fact.digest, fact.ground) == (40, "3a" * 32, "asked the lead")
    assert [each.told for each in fact.unusual] == ["Feng has left"]
    assert fact.policy == "B2B-1"


def test_the_payroll_says_which_month_shows_what_was_recorded_at_a_position() -> None:
    payroll = closed(
        closed(gathering()).given("open-period", "07-02 10:00", period="2024-07", actor="Fan"),
        "2024-07",
        "08-02 09:00",
        52,
    ).world.payroll

    shown = [payroll.paying(position) for position in (40, 41, 52)]
    assert [each and each.period for each in shown] == ["2024-06", "2024-07", "2024-07"]
    assert payroll.paying(53) is None
    assert payroll.closed_until() == 52
    assert payroll.closed_month_of(on("06-30 23:59")) == "2024-06"
    assert payroll.closed_month_of(on("08-01 00:00")) is None
