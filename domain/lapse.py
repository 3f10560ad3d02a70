"""How a holding goes on or ends without anybody's decision: renewed by a visit, warned of, dropped by the clock."""

from datetime import datetime

from domain.pool.facts import CustomerDropped, PoolFact, RetentionExtended, RetentionWarned, Trigger
from domain.retention import renewed_deadline, warning
from domain.standing import expected_amount
from domain.streams import CustomerStream
from domain.visit.facts import VisitVerified
from domain.world import World


def renewal(verified: VisitVerified, stream: CustomerStream, world: World) -> list[RetentionExtended]:
    """What a verified visit of the owner does for the retention: nothing for anybody else, or where it gains no time."""
    holding = stream.holding
    if holding.owner != verified.rep or holding.deadline is None or holding.cap is None or holding.policy is None:
        return []
    if holding.since and verified.at < holding.since:
        return []
    policy = world.policies[holding.policy]
    terms = policy.pool.retention
    deadline = renewed_deadline(terms, expected_amount(stream), holding.deadline, holding.cap, verified.at)
    if deadline == holding.deadline:
        return []
    return [
        RetentionExtended(
            at=verified.at,
            customer=verified.customer,
            owner=verified.rep,
            visit=verified.visit,
            deadline=deadline,
            warn_at=warning(terms, deadline, verified.at),
            clause=policy.clause("renewal"),
        )
    ]


def holding_lapsed(customer: str, stream: CustomerStream, world: World) -> list[PoolFact]:
    """The warning and the drop that the clock has already made of a holding: at its deadline, or when the owner left."""
    holding = stream.holding
    if holding.owner is None:
        return []
    left = world.organisation.departure(holding.owner, holding.since or world.now, world.now)
    ends: list[tuple[datetime, Trigger]] = []
    if left:
        ends.append((left, "departure"))
    if holding.deadline and holding.deadline <= world.now:
        ends.append((holding.deadline, "deadline"))
    end = min(ends, default=None)

    facts: list[PoolFact] = []
    if holding.deadline and holding.warn_at and holding.warn_at <= min(world.now, end[0] if end else world.now):
        facts.append(
            RetentionWarned(at=holding.warn_at, customer=customer, owner=holding.owner, deadline=holding.deadline)
        )
    if end:
        at, trigger = end
        facts.append(
            CustomerDropped(
                at=at,
                customer=customer,
                former_owner=holding.owner,
                tier=holding.tier,
                trigger=trigger,
                clause=f"{holding.policy}/{'retention' if trigger == 'deadline' else trigger}",
            )
        )
    return facts
