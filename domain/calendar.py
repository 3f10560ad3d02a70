"""Which days are worked, as data: holidays off, and the weekends that are worked for them. A year not told is not guessed."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.fact import in_living_memory

SATURDAY: Final = 5
A_DAY: Final = timedelta(days=1)
MIDNIGHT: Final = datetime.min.time()


class Calendar(BaseModel):
    """The working days of the years told: Monday to Friday without the `holidays`, and the `working_weekends`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    years: Annotated[tuple[int, ...], Field(min_length=1)]
    holidays: tuple[date, ...] = ()
    working_weekends: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _says_what_it_means(self) -> Self:
        for day in (*self.holidays, *self.working_weekends):
            if day.year not in self.years:
                raise PydanticCustomError("malformed", "a holiday or working weekend lies outside the calendar's years")
        if any(is_weekend(day) for day in self.holidays) or not all(is_weekend(day) for day in self.working_weekends):
            raise PydanticCustomError(
                "malformed", "holidays are weekdays off, working weekends are weekend days worked"
            )
        return self

    def is_working(self, day: date) -> bool | None:
        """Whether the day is worked; None when nothing is known of its year."""
        if day.year not in self.years:
            return None
        return day in self.working_weekends if is_weekend(day) else day not in self.holidays

    def after_working_days(self, at: datetime, days: int, zone: ZoneInfo) -> datetime | None:
        """When `days` working days after the day of `at` are over: the midnight at their end. The day itself counts not.

        None when the calendar does not reach so far.

        >>> week = Calendar(years=(2024,), holidays=(date(2024, 4, 4),))
        >>> wednesday = datetime.fromisoformat("2024-04-03T15:00:00+08:00")
        >>> week.after_working_days(wednesday, 2, ZoneInfo("Asia/Shanghai")).isoformat()
        '2024-04-09T00:00:00+08:00'
        """
        day = at.astimezone(zone).date()
        while days:
            day += A_DAY
            worked = self.is_working(day)
            if worked is None:
                return None
            days -= worked
        return in_living_memory(datetime.combine(day + A_DAY, MIDNIGHT, zone))


def is_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY
