"""Who owned a customer, from when to when: half-open intervals, each with how it began and how it ended.

Every change of hands is one row, never edited; an interval ends where the next change begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from psycopg import Connection

from domain.customer.facts import CustomerFact
from domain.fact import OfCase, OfDeal, OfOrganisation, OfPayee, OfPayroll, OfSubject
from domain.facts import AnyFact
from domain.lead.facts import LeadFact
from domain.mentorship.facts import CustomerDonated
from domain.policy.facts import PolicyPublished
from domain.pool.facts import (
    ClaimRefused,
    CustomerClaimed,
    CustomerDropped,
    CustomerReassigned,
    CustomerReleased,
    RetentionExtended,
    RetentionWarned,
    TierChanged,
)
from domain.record import Recorded
from domain.visit.facts import VisitFact
from projections.desk import Desk
from projections.reading import Found, Page, bounded, instant, page
from projections.table import Table

How = Literal["claimed", "released", "dropped", "reassigned"]


@dataclass(frozen=True, slots=True)
class Change:
    """A customer changed hands: to `owner` (None: to nobody), from `former_owner`. `why` is the clause or the ground."""

    customer: str
    position: int
    at: datetime
    recorded_at: datetime
    how: How
    owner: str | None
    former_owner: str | None
    actor: str
    why: str


CHANGE: Final = Table(
    "ownership_change",
    Change,
    key=("customer", "position"),
    kept="appended",
    indexes=("(owner, position) WHERE owner IS NOT NULL",),
)


class Ownership:
    name: ClassVar[str] = "ownership"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (CHANGE,)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        changes = desk.open(CHANGE)
        for recorded in batch:
            change = changed(recorded.fact, recorded)
            if change:
                changes.append(change)


def changed(fact: AnyFact, recorded: Recorded) -> Change | None:
    """The change of hands that the fact is, if it is one."""
    match fact:
        case CustomerClaimed():
            return Change(*when(fact.customer, recorded), "claimed", fact.rep, None, recorded.actor, fact.policy)
        case CustomerReleased():
            return Change(
                *when(fact.customer, recorded), "released", None, fact.former_owner, recorded.actor, fact.policy
            )
        case CustomerDropped():
            why = f"{fact.clause} ({fact.trigger})"
            return Change(*when(fact.customer, recorded), "dropped", None, fact.former_owner, recorded.actor, why)
        case CustomerReassigned():
            return Change(
                *when(fact.customer, recorded), "reassigned", fact.owner, fact.former_owner, fact.by, fact.ground
            )
        case ClaimRefused() | RetentionWarned() | RetentionExtended() | TierChanged() | CustomerDonated():
            return None
        case OfCase() | OfDeal() | OfOrganisation() | OfSubject() | PolicyPublished() | OfPayee() | OfPayroll():
            return None
    not_hands: LeadFact | CustomerFact | VisitFact = fact
    del not_hands
    return None


def when(customer: str, recorded: Recorded) -> tuple[str, int, datetime, datetime]:
    return customer, recorded.position, recorded.occurred_at, recorded.recorded_at


@dataclass(frozen=True, slots=True)
class Interval:
    """`owner` held the customer during [`since`, `until`); `until` None: as far as is known still."""

    customer: str
    owner: str
    since: datetime
    began: How
    began_why: str
    began_position: int
    until: datetime | None
    ended: How | None
    ended_why: str | None
    ended_position: int | None


INTERVAL: Final = """
SELECT c.customer, c.owner, c.at, c.how, c.why, c.position, n.at, n.how, n.why, n.position
FROM ownership_change c LEFT JOIN LATERAL (SELECT at, how, why, position FROM ownership_change o
    WHERE o.customer = c.customer AND o.position > c.position
    AND (%(known_at)s::timestamptz IS NULL OR o.recorded_at <= %(known_at)s) ORDER BY o.position LIMIT 1) n ON true
WHERE c.owner IS NOT NULL AND (%(known_at)s::timestamptz IS NULL OR c.recorded_at <= %(known_at)s)
"""


def of_customer(
    connection: Connection[Any],
    customer: str,
    *,
    known_at: datetime | None = None,
    limit: int = 200,
    after: tuple[Any, ...] | None = None,
) -> Page[Interval]:
    """Everybody who owned a customer, in order; as known at a time."""
    return intervals(connection, "c.customer = %(of)s", customer, known_at, limit, after)


def of_owner(
    connection: Connection[Any],
    owner: str,
    *,
    known_at: datetime | None = None,
    limit: int = 200,
    after: tuple[Any, ...] | None = None,
) -> Page[Interval]:
    """Every customer that someone owned, in the order of recording."""
    return intervals(connection, "c.owner = %(of)s", owner, known_at, limit, after)


def intervals(
    connection: Connection[Any],
    where: str,
    of: str,
    known_at: datetime | None,
    limit: int,
    after: tuple[Any, ...] | None,
) -> Page[Interval]:
    statement = f"{INTERVAL} AND {where} AND c.position > %(after)s ORDER BY c.position LIMIT %(limit)s"
    parameters = {"of": of, "known_at": known_at, "after": after[0] if after else 0, "limit": bounded(limit) + 1}
    with instant(connection, Ownership) as position:
        rows = [Interval(*row) for row in connection.execute(statement.encode(), parameters)]
    return page(position, rows, limit, lambda row: (row.began_position,))


def owner_at(
    connection: Connection[Any], customer: str, true_at: datetime, known_at: datetime | None = None
) -> Found[Interval]:
    """Who owned the customer at an instant, as far as was known at another."""
    statement = (
        f"{INTERVAL} AND c.customer = %(of)s AND c.at <= %(true_at)s AND (n.at IS NULL OR n.at > %(true_at)s)"
        " ORDER BY c.position DESC LIMIT 1"
    )
    with instant(connection, Ownership) as position:
        parameters = {"of": customer, "known_at": known_at, "true_at": true_at}
        row = connection.execute(statement.encode(), parameters).fetchone()
    return Found(position, Interval(*row) if row else None)
