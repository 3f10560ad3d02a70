"""Months by name, such as `2024-06`, as payroll counts them: in a policy's time zone, each beginning at its first midnight."""

from calendar import monthrange
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

Month = Annotated[str, StringConstraints(pattern=r"^(19|20|21)\d{2}-(0[1-9]|1[0-2])$")]
"""A month as `YYYY-MM`, of the years 1900 to 2199."""


def ordinal(month: str) -> int:
    """Months since the year 0, so that they can be counted.

    >>> ordinal("2024-03") - ordinal("2023-12")
    3
    """
    year, number = month.split("-")
    return int(year) * 12 + int(number) - 1


def named(months: int) -> str:
    """The month of that ordinal.

    >>> named(ordinal("2024-12") + 1)
    '2025-01'
    """
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


def following(month: str) -> str:
    return named(ordinal(month) + 1)


def months_between(earlier: str, later: str) -> int:
    """How many months lie between them; negative when the first is the later one."""
    return ordinal(later) - ordinal(earlier)


def begins(month: str, zone: ZoneInfo) -> datetime:
    """The first instant of the month."""
    year, number = month.split("-")
    return datetime(int(year), int(number), 1, tzinfo=zone)


def day_in(month: str, day: int) -> date:
    """The day of the month, or its last day where it has fewer.

    >>> day_in("2024-02", 31)
    datetime.date(2024, 2, 29)
    """
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, min(day, monthrange(year, number)[1]))


def month_of(at: datetime, zone: ZoneInfo) -> str:
    """The month in which an instant lies, in the zone."""
    return at.astimezone(zone).strftime("%Y-%m")
