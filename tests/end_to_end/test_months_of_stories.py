"""Every shipped story with its months closed on the way: at every closing all statements sum to what is attributed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.fact import SYSTEM
from domain.months import begins, following, month_of
from domain.payroll.decisions import OpenPeriod
from services.scenarios.reading import Act, Scenario, read_scenario, shipped_scenarios
from services.scenarios.running import run
from services.scenarios.story import MonthClosed

MOST_MONTHS = 8


def story(name: str) -> Scenario:
    scenario = read_scenario(name).scenario
    assert scenario, f"{name} is shipped, and can be read"
    return scenario


def without_months() -> list[str]:
    return [name for name in shipped_scenarios() if not any(act.closes for act in story(name).acts)]


def by_months(scenario: Scenario) -> Scenario:
    """The same story with each of its months opened as it begins and closed an hour after its end, the last one included."""
    told = [act.recorded_at for act in scenario.acts if not act.is_set_up]
    zone, period = scenario.story.zone, month_of(min(told), scenario.story.zone)
    last = month_of(max(told), zone)
    months: list[Act] = []
    opened = min(told) - timedelta(seconds=1)
    while period <= last and len(months) < 2 * MOST_MONTHS:
        closed = begins(following(period), zone) + timedelta(hours=1)
        months += [*a_month(period, opened, closed)]
        period, opened = following(period), closed + timedelta(seconds=1)
    return replace(scenario, acts=tuple(sorted([*scenario.acts, *months], key=lambda act: act.recorded_at)))


def a_month(period: str, opened: datetime, closed: datetime) -> Iterator[Act]:
    yield Act(opened, "open", (), f"months/open/{period}", OpenPeriod(at=opened, period=period))
    closes = MonthClosed(name="close-period", at=closed, actor=SYSTEM, period=period, reason="the story goes on")
    yield Act(closed, "close", (), f"months/close/{period}", None, None, closes)


@pytest.mark.parametrize("name", without_months())
def test_a_story_comes_out_the_same_with_its_months_closed_and_nothing_is_lost_between_them(
    name: str, dsn: str
) -> None:
    outcome = run(by_months(story(name)), dsn)

    assert [(each.what, each.expected, each.actual) for each in outcome.failed] == []
    assert [each.what for each in outcome.comparisons if each.what.startswith("all statements at the closing")]
