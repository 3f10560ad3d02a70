"""Basis points as people read them."""

from typing import Final

BPS_IN_ONE_PER_CENT: Final = 100


def per_cent(bps: int) -> str:
    """Basis points as per cent.

    >>> per_cent(1000), per_cent(1250), per_cent(5)
    ('10 %', '12.5 %', '0.05 %')
    """
    return f"{bps / BPS_IN_ONE_PER_CENT:g} %"
