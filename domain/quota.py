"""How many customers a rep may hold, have close, and claim a day: the rep's own quota as set last, or the policy's.

`own` are the quotas set for the rep by the time of the act, the latest first.
"""

from collections.abc import Iterable
from datetime import datetime

from domain.organisation.facts import QuotaSet
from domain.policy.terms import Quotas


def held_quota(own: Iterable[QuotaSet], terms: Quotas) -> int:
    """How many customers the rep may hold, the won ones apart."""
    return next((quota.held for quota in own if quota.held is not None), terms.held)


def claims_quota(own: Iterable[QuotaSet], terms: Quotas) -> int:
    """How many customers the rep may claim on one day."""
    return next((quota.claims_a_day for quota in own if quota.claims_a_day is not None), terms.claims_a_day)


def close_quota(own: Iterable[QuotaSet], terms: Quotas, joined: datetime, at: datetime) -> int:
    """How many customers the rep may have in the close tier; a newcomer has another quota."""
    usual = terms.newcomer.close if at < joined + terms.newcomer.lasts else terms.close
    return next((quota.close for quota in own if quota.close is not None), usual)
