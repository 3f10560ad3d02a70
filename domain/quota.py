"""How many customers a rep may hold, have close, and claim a day: the rep's own quota as set last, or the policy's."""

from datetime import datetime

from domain.organisation.facts import Organisation
from domain.policy.terms import Quotas


def held_quota(organisation: Organisation, rep: str, at: datetime, terms: Quotas) -> int:
    """How many customers the rep may hold at that time, the won ones apart."""
    own = (quota.held for quota in organisation.own_quotas(rep, at))
    return next((n for n in own if n is not None), terms.held)


def claims_quota(organisation: Organisation, rep: str, at: datetime, terms: Quotas) -> int:
    """How many customers the rep may claim on that day."""
    own = (quota.claims_a_day for quota in organisation.own_quotas(rep, at))
    return next((n for n in own if n is not None), terms.claims_a_day)


def close_quota(organisation: Organisation, rep: str, at: datetime, terms: Quotas) -> int:
    """How many customers the rep may have in the close tier; a newcomer has another quota."""
    own = (quota.close for quota in organisation.own_quotas(rep, at))
    known = organisation.reps.get(rep)
    newcomer = known is not None and at < known.joined + terms.newcomer.lasts
    return next((n for n in own if n is not None), terms.newcomer.close if newcomer else terms.close)
