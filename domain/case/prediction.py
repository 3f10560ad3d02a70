"""What a ruling comes to, before it is carried out: what every payee has of the deals concerned, without it and with it.

Reckoned over the whole contract: what has been received, and what is still to come as if each milestone were paid on its
due day, or, where no day is agreed or it has passed, at the time of the ruling. Where no contract is signed, the roles'
basis points are all that can be said.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from domain.case.facts import Moved, Predicted
from domain.commission import Line, attribute, lines_of
from domain.contract.facts import ContractSigned
from domain.money import WHOLE
from domain.payment.facts import Receipt
from domain.policy.terms import PolicyVersion
from domain.standing import plan_of
from domain.streams import DealStream
from domain.world import World

Shares = dict[str | None, int]


def predicted(before: World, after: World, deals: Iterable[str], at: datetime) -> tuple[Predicted, ...]:
    """Each payee of each deal, without and with the ruling, in minor units or basis points."""
    return tuple(each for deal in deals for each in of_deal(deal, before, after, at))


def of_deal(deal: str, before: World, after: World, at: datetime) -> Iterator[Predicted]:
    stream = before.deal(deal)
    signing = stream.contract.signing
    was, will = shares(stream, before, at), shares(after.deal(deal), after, at)
    for payee in dict.fromkeys((*was, *will)):
        yield Predicted(
            deal=deal,
            payee=payee,
            currency=signing.currency if signing else None,
            before=was.get(payee, 0),
            after=will.get(payee, 0),
        )


def shares(stream: DealStream, world: World, at: datetime) -> Shares:
    """What each payee has of the deal: minor units of the whole contract, or basis points where none is signed."""
    plan = plan_of(stream, world, at)
    lines = attribute(as_foreseen(stream, at), plan) if stream.contract.signing else of_the_pool(stream, plan, at)
    found: Shares = {}
    for line in lines:
        found[line.payee] = found.get(line.payee, 0) + line.amount
    return found


def as_foreseen(stream: DealStream, at: datetime) -> DealStream:
    """The deal with everything received that its contract leaves to be received."""
    coming = {f"still to come: {name}": Receipt(when, amount, 0) for name, when, amount in still_to_come(stream, at)}
    return replace(stream, payments=replace(stream.payments, received={**stream.payments.received, **coming}))


def still_to_come(stream: DealStream, at: datetime) -> Iterator[tuple[str, datetime, int]]:
    """What is still to be received, when and how much: by milestone, and then what no milestone names."""
    signing = stream.contract.signing
    assert signing is not None, "only a contract leaves something to come"
    left = signing.amount - sum(receipt.net for receipt in stream.payments.received.values())
    for name, milestone in stream.contract.milestones.items():
        open_still = min(left, milestone.amount - stream.payments.net_of(name))
        if open_still > 0:
            left -= open_still
            yield name, max(milestone.due or at, at), open_still
    if left > 0:
        yield "the rest", at, left


def of_the_pool(stream: DealStream, plan: PolicyVersion, at: datetime) -> Iterable[Line]:
    """The division of a pool of 10000, as if a contract were signed and paid at that time."""
    opening = stream.deal.opening
    assert opening is not None, "an open deal has an opening"
    whole = plan.commission.model_copy(update={"rate": WHOLE, "fee": 0})
    signing = ContractSigned(
        at=at,
        deal=opening.deal,
        contract=opening.deal,
        customer=opening.customer,
        rep=opening.rep,
        amount=WHOLE,
        currency=plan.currency,
        policy=plan.policy,
        plan_hash="",
    )
    return lines_of("all", Receipt(at, WHOLE, 0), signing, stream, plan.model_copy(update={"commission": whole}))


def moved(pinned: Iterable[Predicted], now: Iterable[Predicted], since: int, world: World) -> tuple[Moved, ...]:
    """Where the amounts are others than those pinned, and the events after position `since` that touched the deal."""
    then = {(each.deal, each.payee): each for each in pinned}
    actual = {(each.deal, each.payee): each for each in now}
    return tuple(
        Moved(
            deal=key[0],
            payee=key[1],
            predicted=then.get(key),
            actual=actual.get(key),
            because=tuple(events_of(world.deal(key[0]), since)),
        )
        for key in dict.fromkeys((*then, *actual))
        if then.get(key) != actual.get(key)
    )


def events_of(stream: DealStream, since: int) -> list[int]:
    """The events after a position that decide what a deal pays: receipts, refunds, roles, sharings, the contract."""
    receipts = stream.payments.received.values()
    found = {
        stream.contract.position,
        *(receipt.position for receipt in receipts),
        *(receipt.refund_position for receipt in receipts),
        *(tenure.position for tenures in stream.roles.tenures.values() for tenure in tenures),
        *(agreed.position for agreed in stream.sharings.agreed),
    }
    return sorted(position for position in found if position > since)


def digest_of(difference: Iterable[Moved]) -> str:
    """SHA-256 of the difference's canonical JSON, in hex: what whoever confirms it confirms."""
    said = [each.model_dump(mode="json") for each in difference]
    return hashlib.sha256(
        json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def told(difference: Iterable[Moved]) -> str:
    """The difference in words."""
    return "; ".join(
        f"{each.payee or 'nobody'} of {each.deal}: {sums(each.predicted)} predicted, {sums(each.actual)} now"
        f"{' because of events ' + ', '.join(map(str, each.because)) if each.because else ''}"
        for each in difference
    )


def sums(amounts: Predicted | None) -> str:
    return f"{amounts.before} to {amounts.after}" if amounts else "nothing"
