"""How a customer or a deal stands: live or not, held by whom, bound by which policy, and what of that is in the way."""

from collections.abc import Iterator
from datetime import datetime

from domain.fact import Sight, customer_stream, deal_stream
from domain.person.facts import PersonalData
from domain.policy.terms import PolicyVersion
from domain.pool.facts import Holding
from domain.refusals import Code, Refusal
from domain.streams import CustomerStream, DealStream
from domain.world import World


def not_live(stream: CustomerStream, clause: str) -> Refusal | None:
    if not stream.customer.is_registered:
        return Refusal(code=Code.UNKNOWN_CUSTOMER, clause=clause)
    if stream.customer.merged_into:
        return Refusal(code=Code.CUSTOMER_MERGED, clause=clause, rival=stream.customer.merged_into)
    return None


def not_the_owner(rep: str, at: datetime, holding: Holding) -> Refusal | None:
    if holding.owner is None:
        return Refusal(code=Code.NOT_HELD, clause="pool/owner", rival_at=holding.since)
    if holding.owner != rep:
        return in_the_way(Code.NOT_OWNER, holding, "pool/owner")
    if holding.since and at < holding.since:
        return in_the_way(Code.OVERTAKEN, holding, "pool/owner")
    return None


def in_the_way(code: Code, holding: Holding, clause: str) -> Refusal:
    return Refusal(
        code=code,
        clause=clause,
        rival=holding.owner,
        rival_position=holding.position or None,
        rival_at=holding.since,
        until=holding.deadline,
    )


def expected_amount(stream: CustomerStream) -> int | None:
    return stream.customer.registration.expected_amount if stream.customer.registration else None


def deal_and_customer(deal: str, world: World) -> Sight:
    """The deal's history, and its customer's once the deal tells whose it is, with the records that carry it on."""
    stream = world.seen_deal(deal)
    if stream is None or stream.deal.opening is None:
        return Sight(streams=(deal_stream(deal),))
    carried = (customer_stream(customer) for customer in carried_on(stream.deal.opening.customer, world))
    return Sight(streams=(deal_stream(deal), *carried))


def carried_on(customer: str, world: World) -> Iterator[str]:
    """The customer, and the records into which it was merged, as far as they have come into sight; the live one last."""
    each: str | None = customer
    while each is not None:
        yield each
        seen = world.seen_customer(each)
        each = seen.customer.merged_into if seen else None


def customer_of(stream: DealStream, world: World) -> CustomerStream:
    """The customer with whom the deal is."""
    assert stream.deal.opening is not None, "an open deal has an opening"
    return world.customer(stream.deal.opening.customer)


def not_open(stream: DealStream) -> Refusal | None:
    if stream.deal.opening is None:
        return Refusal(code=Code.UNKNOWN_DEAL, clause="deal")
    if stream.deal.lost:
        return Refusal(code=Code.DEAL_CLOSED, clause="deal")
    return None


def plan_of(stream: DealStream, world: World, at: datetime) -> PolicyVersion:
    """The version by which an act on the deal is judged: the contract's once signed, until then the one in force.

    Where none is in force at that time any more, the one that the deal was opened under.
    """
    opening, signing = stream.deal.opening, stream.contract.signing
    assert opening is not None, "an open deal has an opening"
    if signing:
        return world.policies[signing.policy]
    return world.policy(at, opening.rep, opening.product) or world.policies[opening.policy]


def erased(whose: str, data: PersonalData) -> Refusal | None:
    """Refuse with `subject-erased` what would write of a person whose data was erased."""
    if data.erased_at is None:
        return None
    return Refusal(
        code=Code.SUBJECT_ERASED,
        clause="person/erase",
        rival=whose,
        rival_position=data.erased_position or None,
        rival_at=data.erased_at,
    )
