"""Money is whole minor units of a currency, and divides without losing one.

Minor units by ISO 4217 (CNY 2, JPY 0, KWD 3). Shares are basis points, 10000 of them the whole.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

WHOLE: Final = 10_000
"""Basis points in the whole."""

PLAIN_RATE: Final = re.compile(r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?$")

MINOR_UNITS: Final = {
    **dict.fromkeys("AED AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD IDR ILS INR MOP MXN MYR NOK NZD".split(), 2),
    **dict.fromkeys("PHP PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD ZAR".split(), 2),
    **dict.fromkeys("CLP ISK JPY KRW PYG UGX VND XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
"""Decimal places of each currency we know (ISO 4217, table A.1)."""


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("amount-not-whole", "an amount is a whole number of minor units")
    return value


def _positive(value: int) -> int:
    if value <= 0:
        raise PydanticCustomError("amount-not-positive", "an amount is more than zero")
    if value >= 2**63:
        raise PydanticCustomError("malformed", "an amount is less than 2^63 minor units")
    return value


def _known(value: str) -> str:
    if value not in MINOR_UNITS:
        raise PydanticCustomError("unknown-currency", "a currency is a code of ISO 4217")
    return value


def _plain(rate: object) -> object:
    if isinstance(rate, str) and not PLAIN_RATE.fullmatch(rate):
        told = "a rate is text in plain digits with a point, such as 7.1234; at most 9 digits before it and 12 after"
        raise PydanticCustomError("malformed", told)
    return rate


def _more_than_zero(rate: str) -> str:
    if not Fraction(rate):
        raise PydanticCustomError("amount-not-positive", "a rate is more than zero")
    return rate


Minor = Annotated[int, BeforeValidator(_whole), AfterValidator(_positive)]
"""An amount in whole minor units, more than zero and less than 2^63."""

Currency = Annotated[str, AfterValidator(_known)]
"""A currency by its code in ISO 4217."""

Rate = Annotated[
    str, BeforeValidator(_plain), StringConstraints(pattern=PLAIN_RATE.pattern), AfterValidator(_more_than_zero)
]
"""What one whole unit of a currency is in whole units of another, exact: plain digits with a point, such as `7.1234`."""


def part_of(amount: int, bps: int) -> int:
    """The floor of `bps` basis points of an amount in minor units.

    >>> part_of(5_000_003, 1000)
    500000
    """
    return amount * bps // WHOLE


def converted(amount: int, currency: str, into: str, rate: str) -> tuple[int, Fraction]:
    """An amount of zero or more in another currency: in its minor units, rounded to the nearest (a half up), and exactly.

    >>> converted(10_001, "USD", "CNY", "7.1234"), converted(50, "JPY", "KWD", "0.00205")
    ((71241, Fraction(356205617, 5000)), (103, Fraction(205, 2)))
    """
    exact = amount * Fraction(rate) * Fraction(10) ** (MINOR_UNITS[into] - MINOR_UNITS[currency])
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator), exact


def split(amount: int, shares: Sequence[int]) -> list[int]:
    """Divide an amount by shares of any sum, losing nothing: floor each part, then one leftover unit each to the largest
    fractions, ties by order (Hamilton's method of largest remainders).

    A negative amount is the mirror image of the positive one, so that a refund takes back exactly what was given.
    Raises `ValueError` when a share is negative or all are zero.

    >>> split(99_999_999, [3000, 3000, 3500, 500])
    [30000000, 30000000, 34999999, 5000000]
    >>> split(1, [1000, 1000, 2000, 1500, 3500, 1000])
    [0, 0, 0, 0, 1, 0]
    """
    if amount < 0:
        return [-part for part in split(-amount, shares)]
    whole = sum(shares)
    if whole <= 0 or min(shares) < 0:
        raise ValueError("shares must not be negative, and must not all be zero")
    parts = [amount * share // whole for share in shares]
    by_fraction = sorted(range(len(shares)), key=lambda i: (-(amount * shares[i] % whole), i))
    for i in by_fraction[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def major(amount: int, currency: str) -> str:
    """The amount as people write it, in whole units with the currency's decimals.

    >>> major(450_001, "CNY"), major(-5, "CNY"), major(1200, "JPY"), major(1, "KWD")
    ('4,500.01', '-0.05', '1,200', '0.001')
    """
    places = MINOR_UNITS[currency]
    sign, digits = ("-" if amount < 0 else ""), abs(amount)
    if places == 0:
        return f"{sign}{digits:,}"
    whole, rest = divmod(digits, 10**places)
    return f"{sign}{whole:,}.{rest:0{places}d}"
