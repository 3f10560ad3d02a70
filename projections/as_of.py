"""A deal as known at one time and as true at another, folded from its stream in the log, with the plan that binds it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from psycopg import Connection
from psycopg.pq import TransactionStatus

from domain.commission import Line, attribute
from domain.contract.facts import MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.deal.facts import DealOpened
from domain.fact import POLICIES, deal_stream
from domain.facts import DealStreamFact
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from domain.streams import DealStream, evolve_deal
from projections.history import effective_at
from projections.log import Log


@dataclass(frozen=True, slots=True)
class DealAsOf:
    """A deal as the log tells it up to `position`. `plan` is the contract's, until there is one the opening's."""

    position: int
    deal: str
    stream: DealStream
    history: Sequence[Recorded]
    plan: PolicyVersion | None

    @property
    def lines(self) -> list[Line]:
        """What is due by then, of every receipt."""
        return attribute(self.stream, self.plan) if self.plan else []


def deal_as_of(
    connection: Connection[Any],
    log: Log,
    deal: str,
    *,
    known_at: datetime | None = None,
    true_at: datetime | None = None,
) -> DealAsOf:
    """The deal from what was recorded by `known_at`, and of that from what counts by `true_at`."""
    with moment(connection) as position:
        recorded = log.history(connection, deal_stream(deal), known_at=known_at)
        history = list(true_by(recorded, true_at)) if true_at else recorded
        stream = folded(history)
        policy = stream.contract.signing or stream.deal.opening
        plan = published(connection, log, policy.policy) if policy else None
    return DealAsOf(position, deal, stream, history, plan)


def folded(history: Iterable[Recorded]) -> DealStream:
    stream = DealStream()
    for recorded in history:
        stream = evolve_deal(stream, cast(DealStreamFact, recorded.fact), recorded.position)
    return stream


def true_by(history: Iterable[Recorded], at: datetime) -> Iterator[Recorded]:
    """The facts that count by then, in the order of recording; none without the fact that it rests on."""
    payments: set[str] = set()
    milestones: set[str] = set()
    opened = False
    for recorded in history:
        fact = cast(DealStreamFact, recorded.fact)
        match fact:
            case PaymentRefunded():
                rests = fact.payment in payments
            case MilestoneDue() | MilestoneOverdue():
                rests = fact.milestone in milestones
            case DealOpened():
                rests = True
            case _:
                rests = opened
        if not rests or effective_at(fact) > at:
            continue
        opened = True
        if isinstance(fact, PaymentReceived):
            payments.add(fact.payment)
        if isinstance(fact, MilestoneScheduled):
            milestones.add(fact.milestone)
        yield recorded


def published(connection: Connection[Any], log: Log, policy: str) -> PolicyVersion | None:
    """A policy version as it was published."""
    facts = (recorded.fact for recorded in log.history(connection, POLICIES))
    return next((f.version for f in facts if isinstance(f, PolicyPublished) and f.policy == policy), None)


@contextmanager
def moment(connection: Connection[Any]) -> Iterator[int]:
    """A moment in which the log stands still; gives its last position."""
    inside = connection.info.transaction_status == TransactionStatus.INTRANS
    if not inside:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        row = connection.execute("SELECT position FROM ledger_head").fetchone()
        assert row, "a ledger has a head"
        yield int(row[0])
    finally:
        if not inside:
            connection.execute("ROLLBACK")
