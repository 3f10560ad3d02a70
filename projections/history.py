"""A customer's history: every fact of the customer, of its deals and of the disputes about them, with both times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, assert_never

from psycopg import Connection

from domain.case.facts import DisputeFiled
from domain.case.matter import OfCustomers
from domain.customer.facts import CustomersMerged
from domain.deal.facts import DealOpened
from domain.fact import OfCase, OfCustomer, OfDeal, OfOrganisation, OfSubject
from domain.facts import AnyFact
from domain.mentorship.facts import SharingAgreed
from domain.policy.facts import PolicyPublished
from domain.record import Recorded
from domain.role.facts import RoleRevoked, RoleTransferred
from projections.desk import Desk, Shelf
from projections.reading import Page, bounded, instant, page
from projections.table import Table


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact as it concerns a customer. `effective_at` is from when it counts: the time it happened, or what a ruling says.

    `told` has the fact's own fields; personal ones are sealed.
    """

    customer: str
    position: int
    stream: str
    version: int
    kind: str
    occurred_at: datetime
    effective_at: datetime
    recorded_at: datetime
    actor: str
    reason: str | None
    causation: str | None
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DealsCustomer:
    deal: str
    customer: str


@dataclass(frozen=True, slots=True)
class CasesCustomer:
    case: str
    customer: str


@dataclass(frozen=True, slots=True)
class Merge:
    absorbed: str
    survivor: str
    position: int
    recorded_at: datetime


ENTRY: Final = Table(
    "history", Entry, key=("customer", "position"), kept="appended", indexes=("(customer, effective_at, position)",)
)
DEAL: Final = Table("history_deal", DealsCustomer, key=("deal",))
CASE: Final = Table("history_case", CasesCustomer, key=("case",))
MERGE: Final = Table("history_merge", Merge, key=("absorbed",), kept="appended", indexes=("(survivor)",))


class History:
    name: ClassVar[str] = "history"
    version: ClassVar[int] = 2
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (ENTRY, DEAL, CASE, MERGE)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        disputed = (r.fact.matter.deal for r in batch if isinstance(r.fact, DisputeFiled) and r.fact.matter.deal)
        of_deals = (r.fact.deal for r in batch if isinstance(r.fact, OfDeal))
        deals = desk.load(DEAL, ((deal,) for deal in (*of_deals, *disputed)))
        cases = desk.load(CASE, ((r.fact.case,) for r in batch if isinstance(r.fact, OfCase)))
        entries, merges = desk.open(ENTRY), desk.open(MERGE)
        for recorded in batch:
            fact = recorded.fact
            if isinstance(fact, DealOpened):
                deals.put(DealsCustomer(fact.deal, fact.customer))
            if isinstance(fact, CustomersMerged) and fact.customer == fact.absorbed:
                merges.append(Merge(fact.absorbed, fact.survivor, recorded.position, recorded.recorded_at))
            if isinstance(fact, DisputeFiled):
                cases.put(CasesCustomer(fact.case, customer_of(fact, deals)))
            match fact:
                case OfCase():
                    case = cases.get(fact.case)
                    assert case, "a dispute is filed before anything else"
                    entries.append(entry(case.customer, recorded))
                case OfCustomer():
                    entries.append(entry(fact.customer, recorded))
                case OfDeal():
                    deal = deals.get(fact.deal)
                    assert deal, "a deal is opened before anything else"
                    entries.append(entry(deal.customer, recorded))
                case OfSubject(customer=str(customer)):
                    entries.append(entry(customer, recorded))
                case OfSubject() | OfOrganisation() | PolicyPublished():
                    continue
                case _:
                    assert_never(fact)


def customer_of(filed: DisputeFiled, deals: Shelf[DealsCustomer]) -> str:
    """The customer whom a dispute is about, or whose deal it is about."""
    if isinstance(filed.matter, OfCustomers):
        return filed.matter.customer
    deal = deals.get(filed.matter.deal)
    assert deal, "a deal is opened before it is disputed"
    return deal.customer


def entry(customer: str, recorded: Recorded) -> Entry:
    fact = recorded.fact
    return Entry(
        customer=customer,
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        kind=fact.kind,
        occurred_at=fact.at,
        effective_at=effective_at(fact),
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        reason=recorded.reason,
        causation=recorded.causation,
        told=fact.model_dump(mode="json", exclude={"kind", "at"}, exclude_none=True),
    )


def effective_at(fact: AnyFact) -> datetime:
    """From when the fact counts."""
    return fact.effective_from if isinstance(fact, RoleTransferred | RoleRevoked | SharingAgreed) else fact.at


def history(
    connection: Connection[Any],
    customer: str,
    *,
    known_at: datetime | None = None,
    true_at: datetime | None = None,
    limit: int = 200,
    after: tuple[Any, ...] | None = None,
) -> Page[Entry]:
    """A customer's facts, those of the records merged into it included.

    In the order of recording; with `true_at` in the order in which they count, up to that time. `known_at` leaves out
    what was recorded later, merges included.
    """
    order = "position" if true_at is None else "effective_at, position"
    key = "(position)" if true_at is None else "(effective_at, position)"
    marks = ", ".join(["%s"] * len(after or ()))
    since = f" AND {key} > ({marks})" if after else ""
    statement = (
        f"SELECT {', '.join(ENTRY.columns)} FROM history WHERE customer = ANY(%s)"  # noqa: S608 (our own words)
        " AND (%s::timestamptz IS NULL OR recorded_at <= %s) AND (%s::timestamptz IS NULL OR effective_at <= %s)"
        f"{since} ORDER BY {order} LIMIT %s"
    )
    with instant(connection, History) as position:
        customers = [customer, *absorbed_by(connection, customer, known_at)]
        parameters = [customers, known_at, known_at, true_at, true_at, *(after or ()), bounded(limit) + 1]
        rows = [ENTRY.read(row) for row in connection.execute(statement.encode(), parameters)]
    return page(
        position, rows, limit, lambda row: (row.position,) if true_at is None else (row.effective_at, row.position)
    )


def absorbed_by(connection: Connection[Any], customer: str, known_at: datetime | None) -> list[str]:
    """The records merged into this one, and into those; a merge has no way back, so there is no circle."""
    rows = connection.execute(
        'WITH RECURSIVE merged (customer) AS (SELECT %s::text COLLATE "C" UNION ALL'
        " SELECT m.absorbed FROM merged JOIN history_merge m ON m.survivor = merged.customer"
        " WHERE %s::timestamptz IS NULL OR m.recorded_at <= %s)"
        " SELECT customer FROM merged OFFSET 1",
        [customer, known_at, known_at],
    )
    return [customer for (customer,) in rows]
