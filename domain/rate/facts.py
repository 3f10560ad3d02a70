"""A rate that was published for a month."""

from typing import Literal

from domain.fact import Id, OfPayroll, Text
from domain.money import Currency, Rate
from domain.months import Month


class RatePublished(OfPayroll):
    """What the statements of a month in `currency` would pay is paid in another: one whole unit of it is `rate` of `into`."""

    kind: Literal["rate-published.v1"] = "rate-published.v1"
    period: Month
    currency: Currency
    into: Currency
    rate: Rate
    source: Text
    by: Id
