"""How a customer passes to another rep: retention begins again, and a won one stays won and without deadline."""

from datetime import datetime

from domain.policy.terms import PolicyVersion
from domain.pool.facts import CustomerReassigned
from domain.retention import first_deadline
from domain.standing import expected_amount
from domain.streams import CustomerStream


def handed_over(
    customer: str, stream: CustomerStream, to: str, *, by: str, ground: str, at: datetime, policy: PolicyVersion
) -> CustomerReassigned:
    """The fact that moves a customer from whoever holds it, or from the public pool, to a rep."""
    holding = stream.holding
    won = holding.tier == "won"
    deadline = first_deadline(policy.pool.retention, expected_amount(stream), at)
    return CustomerReassigned(
        at=at,
        customer=customer,
        former_owner=holding.owner,
        owner=to,
        by=by,
        ground=ground,
        tier=holding.tier,
        deadline=None if won else deadline.at,
        warn_at=None if won else deadline.warn_at,
        cap=None if won else deadline.cap,
        policy=policy.policy,
    )
