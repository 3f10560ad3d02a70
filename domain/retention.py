"""How long a rep keeps a customer: the deadline, the warning before it, and what a verified visit moves.

All of it is arithmetic on a policy's retention terms; the sources are the clauses `retention` and `renewal` of each policy.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.policy.terms import Retention, RetentionBand


class Deadline(NamedTuple):
    """When a holding ends, when that is warned of (None: no more), and beyond which no renewal goes."""

    at: datetime
    warn_at: datetime | None
    cap: datetime


def first_deadline(terms: Retention, expected_amount: int | None, claimed_at: datetime) -> Deadline:
    """The deadline of a customer just taken. `expected_amount` is in minor units; unknown falls into the first band."""
    band = band_of(terms, expected_amount)
    days = terms.cap_days if terms.cap_days is not None else band.days * (terms.cap_times or 1)
    at = claimed_at + timedelta(days=band.days)
    return Deadline(at, warning(terms, at, claimed_at), max(at, claimed_at + timedelta(days=days)))


def renewed_deadline(
    terms: Retention, expected_amount: int | None, old: datetime, cap: datetime, visited_at: datetime
) -> datetime:
    """`min(max(old, visit + renewal), claim + cap)`: a visit never shortens the time, and never goes beyond the cap."""
    renewal = band_of(terms, expected_amount).days if terms.renewal == "in-full" else terms.renewal
    return min(max(old, visited_at + timedelta(days=renewal)), cap)


def warning(terms: Retention, deadline: datetime, known_at: datetime) -> datetime | None:
    """When to warn of the deadline; None if that time has passed already when the deadline is set."""
    warn_at = deadline - timedelta(days=terms.warned_days_before)
    return warn_at if known_at < warn_at < deadline else None


def band_of(terms: Retention, expected_amount: int | None) -> RetentionBand:
    if expected_amount is None:
        return terms.bands[0]
    fitting = (band for band in terms.bands if band.below is None or expected_amount < band.below)
    return next(fitting, terms.bands[-1])
