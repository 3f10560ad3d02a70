"""What a story's log says at one of its moments: owners, roles, lines, quotas, each as true at the time asked for.

What the clock has made happen by then counts, whether a sweeper brought it in or not.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from domain.case.course import Case
from domain.clock import due
from domain.commission import Line, attribute
from domain.fact import ORGANISATION, POLICIES, OfCustomer, OfDeal, deal_stream
from domain.facts import AnyFact, DealStreamFact
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.policy.terms import PolicyVersion
from domain.pool.facts import ClaimRefused, CustomerClaimed, CustomerDropped, CustomerReassigned, CustomerReleased
from domain.record import Recorded
from domain.streams import DealStream, evolve_deal
from domain.world import World
from projections.booking import BookedLine

ENDINGS: Final = (CustomerReleased, CustomerDropped, CustomerReassigned)


@dataclass(frozen=True, slots=True)
class Interval:
    """[`since`, `until`) of one owner; `ended` is the kind of the fact that ended it."""

    owner: str
    since: datetime
    until: datetime | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """What one event changed of what a payee earns of a payment by a role, in minor units. `because` are its names."""

    because: tuple[str, ...]
    payment: str
    role: str
    payee: str | None
    amount: int


class Reckoning:
    """`log` is everything recorded so far, in order; `now` the moment at which it is read.

    `lines` are the commission lines that the read model has booked of it, in their order.
    """

    def __init__(self, log: Sequence[Recorded], now: datetime, lines: Sequence[BookedLine] = ()) -> None:
        self.log = log
        self.now = now
        self.lines = lines

    def world(self, at: datetime) -> World:
        """Customers, organisation and policies as true at a time."""
        of_all = (ORGANISATION, POLICIES)
        facts = (r for r in self.log if r.stream in of_all or isinstance(r.fact, OfCustomer))
        return world_of((r for r in facts if r.fact.at <= at), at)

    def history(self, stream: str) -> list[AnyFact]:
        """Every fact of a history in order, with those that the clock would tell now."""
        recorded = [r.fact for r in self.log if r.stream == stream]
        unswept = empty_world(self.now)
        for each in self.log:
            unswept.apply(each.fact, each.position)
        return [*recorded, *due(unswept, (stream,))]

    def deal(self, deal: str, at: datetime | None = None) -> DealStream:
        """A deal as known now, or only with what had happened by a time."""
        stream = DealStream()
        for each in self.facts_of(deal):
            fact = each.fact
            refunded_before = isinstance(fact, PaymentRefunded) and fact.payment not in stream.payments.received
            if not refunded_before and (at is None or fact.at <= at):
                stream = evolve_deal(stream, cast(DealStreamFact, fact), each.position)
        for told in self.clock_of(deal, stream, at or self.now):
            stream = evolve_deal(stream, cast(DealStreamFact, told), 0)
        return stream

    def case(self, case: str, at: datetime | None = None) -> Case:
        """A case as it stands now, or stood at a time."""
        until = at or self.now
        told = world_of((each for each in self.log if each.fact.at <= until), until)
        return told.case(case).case

    def clock_of(self, deal: str, stream: DealStream, at: datetime) -> list[AnyFact]:
        world = replace(empty_world(at), streams={deal_stream(deal): stream})
        return due(world, (deal_stream(deal),))

    def facts_of(self, deal: str) -> Iterator[Recorded]:
        return (each for each in self.log if each.stream == deal_stream(deal))

    def deals(self) -> list[str]:
        return list(dict.fromkeys(each.fact.deal for each in self.log if isinstance(each.fact, OfDeal)))

    def customers(self) -> list[str]:
        return list(dict.fromkeys(each.fact.customer for each in self.log if isinstance(each.fact, OfCustomer)))

    def plan(self, stream: DealStream) -> PolicyVersion | None:
        """The version that the deal's contract pinned; None while there is none."""
        signing = stream.contract.signing
        return self.world(self.now).policies[signing.policy] if signing else None

    def attributed(self, deal: str) -> list[Line]:
        """The deal's commission lines as the plan attributes them, with their steps."""
        stream = self.deal(deal)
        plan = self.plan(stream)
        return attribute(stream, plan) if plan else []

    def booked(self, deal: str) -> list[Booking]:
        """What each event of the deal changed for each payee, in order, as booked."""
        return [
            Booking(names_of(self.log[line.position - 1].fact), line.payment, line.role, line.payee, line.amount)
            for line in self.lines
            if line.deal == deal
        ]

    def totals(self) -> dict[str | None, int]:
        """What is booked for everyone of all deals, in minor units."""
        amounts = Counter[str | None]()
        for line in self.lines:
            amounts[line.payee] += line.amount
        return dict(amounts)

    def intervals(self, customer: str) -> list[Interval]:
        """Who owned the customer from when until when."""
        found: list[Interval] = []
        for fact in self.history(f"customer/{customer}"):
            if isinstance(fact, ENDINGS) and found and not found[-1].until:
                found[-1] = replace(found[-1], until=fact.at, ended=fact.kind)
            if isinstance(fact, CustomerClaimed | CustomerReassigned):
                found.append(Interval(fact.rep if isinstance(fact, CustomerClaimed) else fact.owner, fact.at))
        return found

    def refused_claims(self) -> list[ClaimRefused]:
        return [each.fact for each in self.log if isinstance(each.fact, ClaimRefused)]


def world_of(recorded: Iterable[Recorded], at: datetime) -> World:
    """The world that the facts make, with what the clock has told by then."""
    world = empty_world(at)
    for each in recorded:
        world.apply(each.fact, each.position)
    for told in due(world, list(world.streams)):
        world.apply(told, 0)
    return world


def empty_world(now: datetime) -> World:
    """A world that knows everything there is, which is nothing yet. No rule that fingerprints is asked of it."""
    return World(now=now, fingerprint=lambda kind, value: f"{kind}:{value}", complete=True)


def names_of(fact: AnyFact) -> tuple[str, ...]:
    """By what names a story may call the event: its kind, and the id of a payment or refund."""
    match fact:
        case PaymentReceived():
            return (fact.payment, fact.kind)
        case PaymentRefunded():
            return (fact.refund, fact.kind)
        case _:
            return (fact.kind,)
