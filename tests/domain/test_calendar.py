"""Working days are data: China's as the State Council set them, and no year is guessed."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
import yaml
from pydantic import ValidationError

from domain.calendar import Calendar
from tests.domain.story import on, shipped

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = Path(__file__).parents[2] / "services" / "samples" / "calendars" / "china.yaml"


def china() -> Calendar:
    return Calendar.model_validate(yaml.safe_load(CHINA.read_text("utf-8")))


def test_every_day_of_the_shipped_calendar_is_as_the_library_knows_it() -> None:
    calendar, day = china(), date(2024, 1, 1)

    while day.year in calendar.years:
        assert calendar.is_working(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)

    assert day == date(2027, 1, 1)


@pytest.mark.parametrize("policy", ["b2b-1", "re-1", "rc-1"])
def test_every_shipped_policy_counts_by_it(policy: str) -> None:
    terms = shipped(policy).disputes

    assert terms is not None
    assert terms.calendar == china()


@pytest.mark.parametrize(
    ("at", "days", "over"),
    [
        ("03-28 15:00", 3, "04-03 00:00"),  # a Thursday, then Friday, Monday, Tuesday
        ("04-03 09:00", 1, "04-08 00:00"),  # 清明 from Thursday to Saturday; Sunday the 7th is worked
        ("04-03 09:00", 2, "04-09 00:00"),
        ("02-08 09:00", 1, "02-10 00:00"),  # Friday before 春节, which begins on Saturday
        ("02-08 09:00", 2, "02-19 00:00"),  # and Sunday the 18th is worked
        ("09-30 23:59", 1, "10-09 00:00"),  # 国庆
    ],
)
def test_working_days_are_over_at_the_midnight_that_ends_the_last(at: str, days: int, over: str) -> None:
    assert china().after_working_days(on(at), days, SHANGHAI) == on(over)


def test_the_day_is_the_one_of_the_policys_time_zone() -> None:
    late = on("03-28 23:30").astimezone(ZoneInfo("UTC"))

    assert china().after_working_days(late, 1, SHANGHAI) == on("03-30 00:00")
    assert china().after_working_days(late, 1, ZoneInfo("America/New_York")) == on("03-30 12:00")


def test_beyond_its_years_the_calendar_says_nothing() -> None:
    assert china().after_working_days(on("2026-12-30 09:00"), 1, SHANGHAI) == on("2027-01-01 00:00")
    assert china().after_working_days(on("2026-12-30 09:00"), 2, SHANGHAI) is None
    assert china().is_working(date(2023, 12, 29)) is None


@pytest.mark.parametrize(
    "told",
    [
        {"years": [2024], "holidays": ["2025-01-01"]},
        {"years": [2024], "holidays": ["2024-01-06"]},
        {"years": [2024], "working_weekends": ["2024-01-05"]},
        {"years": []},
    ],
)
def test_a_calendar_that_contradicts_itself_is_none(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate(told)
