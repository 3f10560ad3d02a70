"""Leads as they stand: who found each and by which channel, whether it waits for review, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final, assert_never

from psycopg import Connection

from domain.fact import OfCustomer, OfSubject
from domain.lead.facts import Course, LeadApproved, LeadConverted, LeadFact, LeadRegistered, LeadRejected
from domain.person.facts import SubjectErased
from domain.personal import Personal
from domain.record import Recorded
from projections.desk import Desk
from projections.personal import token
from projections.reading import Found, Page, bounded, instant, page
from projections.table import Table


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead, by the id as which it may become a customer. Personal values are sealed; `expected_amount` in minor units.

    `reviewed_by` and `reviewed_at` tell of the last review, `ground` why it was rejected. `position` is the fact by which it
    came to stand as it does, `registered_position` the one that registered it.
    """

    customer: str
    course: Course
    source: str
    by: str
    registered_at: datetime
    registered_position: int
    customer_name: str
    phone: str | None
    contact: str | None
    expected_amount: int | None
    currency: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    ground: str | None
    converted_at: datetime | None
    erased_at: datetime | None
    policy: str
    position: int


LEAD: Final = Table(
    "lead_state",
    LeadRow,
    key=("customer",),
    indexes=("(registered_position)", "(course, registered_position)", '("by", registered_position)'),
)
COLUMNS: Final = ", ".join(f'"{column}"' for column in LEAD.columns)


class Leads:
    name: ClassVar[str] = "leads"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (LEAD,)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        concerned = (r.fact.customer for r in batch if isinstance(r.fact, OfCustomer | OfSubject))
        leads = desk.load(LEAD, ((customer,) for customer in concerned if customer))
        for recorded in batch:
            fact = recorded.fact
            if isinstance(fact, LeadFact):
                leads.put(folded(leads.get(fact.customer), fact, recorded.position))
            elif isinstance(fact, SubjectErased) and fact.customer and (row := leads.get(fact.customer)):
                leads.put(replace(row, erased_at=fact.at, position=recorded.position))


def folded(row: LeadRow | None, fact: LeadFact, position: int) -> LeadRow:
    """The lead's row after a fact."""
    if isinstance(fact, LeadRegistered):
        return registered(fact, position)
    assert row, "a lead is registered before anything else"
    match fact:
        case LeadApproved():
            return replace(row, course="approved", reviewed_by=fact.by, reviewed_at=fact.at, position=position)
        case LeadRejected():
            reviewed: dict[str, Any] = {"reviewed_by": fact.by, "reviewed_at": fact.at, "ground": fact.ground}
            return replace(row, course="rejected", position=position, **reviewed)
        case LeadConverted():
            return replace(row, course="converted", converted_at=fact.at, position=position)
    assert_never(fact)


def registered(fact: LeadRegistered, position: int) -> LeadRow:
    return LeadRow(
        customer=fact.customer,
        course="waiting",
        source=fact.source,
        by=fact.by,
        registered_at=fact.at,
        registered_position=position,
        customer_name=token(fact.customer_name),
        phone=kept(fact.phone),
        contact=kept(fact.contact),
        expected_amount=fact.expected_amount,
        currency=fact.currency,
        reviewed_by=None,
        reviewed_at=None,
        ground=None,
        converted_at=None,
        erased_at=None,
        policy=fact.policy,
        position=position,
    )


def kept(value: Personal | None) -> str | None:
    return token(value) if value else None


def leads(
    connection: Connection[Any],
    *,
    course: Course | None = None,
    source: str | None = None,
    by: str | None = None,
    limit: int = 200,
    after: tuple[Any, ...] | None = None,
) -> Page[LeadRow]:
    """Leads that have come so far, by that channel, found by that rep; the first registered first.

    Those that wait are without the erased ones: nobody can review them any more.
    """
    statement = (
        f"SELECT {COLUMNS} FROM lead_state WHERE registered_position > %(after)s"  # noqa: S608 (our own words)
        " AND (%(course)s::text IS NULL OR course = %(course)s)"
        " AND (%(course)s::text IS DISTINCT FROM 'waiting' OR erased_at IS NULL)"
        ' AND (%(source)s::text IS NULL OR source = %(source)s) AND (%(by)s::text IS NULL OR "by" = %(by)s)'
        " ORDER BY registered_position LIMIT %(limit)s"
    )
    asked = {"course": course, "source": source, "by": by}
    with instant(connection, Leads) as position:
        parameters = {**asked, "after": after[0] if after else 0, "limit": bounded(limit) + 1}
        rows = [LEAD.read(row) for row in connection.execute(statement.encode(), parameters)]
    return page(position, rows, limit, lambda row: (row.registered_position,))


def lead_of(connection: Connection[Any], customer: str) -> Found[LeadRow]:
    """One lead by its id."""
    statement = f"SELECT {COLUMNS} FROM lead_state WHERE customer = %s"  # noqa: S608 (our own words)
    with instant(connection, Leads) as position:
        row = connection.execute(statement.encode(), [customer]).fetchone()
    return Found(position, LEAD.read(row) if row else None)
