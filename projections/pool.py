"""The pool board: who holds each customer and until when, who waits, and what each rep's quota leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final, TypedDict, assert_never

from psycopg import Connection

from domain.customer.facts import (
    CustomerGraded,
    CustomerPlaceCorrected,
    CustomerRegistered,
    CustomersMerged,
    DuplicateSuspected,
)
from domain.effects import Count, effects
from domain.fact import OfCase, OfCustomer, OfDeal, OfOrganisation, OfPayee, OfPayroll, OfSubject
from domain.facts import AnyFact
from domain.lead.facts import LeadApproved, LeadConverted, LeadRegistered, LeadRejected
from domain.mentorship.facts import CustomerDonated
from domain.policy.facts import PolicyPublished
from domain.pool import facts as pool
from domain.pool.facts import (
    ClaimRefused,
    CustomerClaimed,
    CustomerDropped,
    CustomerReassigned,
    CustomerReleased,
    Holding,
    PoolFact,
    RetentionExtended,
    RetentionWarned,
    Tier,
    TierChanged,
)
from domain.record import Recorded
from domain.visit.facts import (
    ProtectionExpired,
    ProtectionStarted,
    VisitOverridden,
    VisitPlanned,
    VisitRecorded,
    VisitRejected,
    VisitVerified,
)
from projections.desk import Desk
from projections.personal import token
from projections.reading import Found, Page, bounded, instant, page
from projections.table import Sum, Table


class FormerOwner(TypedDict):
    """Who held the customer until `at` (ISO 8601), under which policy."""

    owner: str
    at: str
    policy: str | None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A customer on the board. Personal values are sealed. `position` is the last fact that changed the row.

    `since` is when it last changed hands, `warned_at` when the owner was warned of the present deadline. `given_up` has
    each former owner once, the last time.
    """

    customer: str
    customer_name: str
    phone: str | None
    contact: str | None
    registered_by: str
    registered_at: datetime
    expected_amount: int | None
    currency: str | None
    complete: bool
    grade: str | None
    merged_into: str | None
    owner: str | None
    since: datetime | None
    deadline: datetime | None
    warn_at: datetime | None
    warned_at: datetime | None
    cap: datetime | None
    tier: Tier
    policy: str | None
    given_up: list[FormerOwner]
    position: int


@dataclass(frozen=True, slots=True)
class TallyRow:
    """What quotas limit, counted: `held` and `close` by rep, `claims` by rep and day."""

    kind: str
    key: str
    n: Sum


IN_PUBLIC: Final = "owner IS NULL AND merged_into IS NULL"
ENDS: Final = "coalesce(deadline, timestamptz 'infinity')"

BOARD: Final = Table(
    "pool_board",
    BoardRow,
    key=("customer",),
    indexes=(
        f"((coalesce(since, registered_at)), customer) WHERE {IN_PUBLIC}",
        f"(owner, ({ENDS}), customer) WHERE owner IS NOT NULL",
        "(deadline, customer) WHERE deadline IS NOT NULL",
    ),
)
TALLY: Final = Table("pool_tally", TallyRow, key=("kind", "key"), kept="summed")


class PoolBoard:
    name: ClassVar[str] = "pool"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (BOARD, TALLY)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        board = desk.load(BOARD, ((r.fact.customer,) for r in batch if isinstance(r.fact, OfCustomer)))
        tally = desk.open(TALLY)
        for recorded in batch:
            fact = recorded.fact
            if not isinstance(fact, OfCustomer):
                continue
            row = folded(board.get(fact.customer), fact, recorded.position)
            if row:
                board.put(row)
            for effect in effects(fact):
                if isinstance(effect, Count):
                    tally.add(TallyRow(effect.kind, effect.key, effect.n))


def folded(row: BoardRow | None, fact: AnyFact, position: int) -> BoardRow | None:
    """The customer's row after a fact; None where the fact leaves it as it is."""
    if isinstance(fact, CustomerRegistered):
        return entered(fact, position)
    match fact:
        case CustomersMerged() if fact.customer == fact.absorbed:
            return changed(row, position, merged_into=fact.survivor)
        case CustomerGraded():
            return changed(row, position, grade=fact.grade)
        case RetentionWarned():
            return changed(row, position, warn_at=None, warned_at=fact.at)
        case (
            CustomerClaimed()
            | CustomerReleased()
            | CustomerDropped()
            | CustomerReassigned()
            | RetentionExtended()
            | TierChanged()
        ):
            return held(row, fact, position)
        case (
            LeadRegistered() | LeadApproved() | LeadRejected() | LeadConverted()
            | CustomersMerged() | DuplicateSuspected() | CustomerPlaceCorrected() | ClaimRefused() | CustomerDonated()
            | VisitPlanned() | VisitRecorded() | VisitVerified() | VisitRejected() | VisitOverridden()
            | ProtectionStarted() | ProtectionExpired() | OfCase() | OfDeal() | OfOrganisation() | OfSubject() | PolicyPublished()
            | OfPayee() | OfPayroll()
        ):  # fmt: skip
            return None
    assert_never(fact)


def entered(fact: CustomerRegistered, position: int) -> BoardRow:
    return BoardRow(
        customer=fact.customer,
        customer_name=token(fact.customer_name),
        phone=token(fact.phone) if fact.phone else None,
        contact=token(fact.contact) if fact.contact else None,
        registered_by=fact.by,
        registered_at=fact.at,
        expected_amount=fact.expected_amount,
        currency=fact.currency,
        complete=fact.complete,
        grade=None,
        merged_into=None,
        owner=None,
        since=None,
        deadline=None,
        warn_at=None,
        warned_at=None,
        cap=None,
        tier="ordinary",
        policy=None,
        given_up=[],
        position=position,
    )


def changed(row: BoardRow | None, position: int, **values: Any) -> BoardRow:
    assert row, "a customer is registered before anything else"
    return replace(row, position=position, **values)


def held(row: BoardRow | None, fact: PoolFact, position: int) -> BoardRow:
    """The row after the domain's own rule of what a fact does to a holding."""
    assert row, "a customer is registered before anything else"
    before = Holding(row.owner, row.since, row.position, row.deadline, row.warn_at, row.cap, row.tier, row.policy)
    after = pool.evolve(before, fact, position)
    gone: list[FormerOwner] = [
        {"owner": each.owner, "at": each.at.isoformat(), "policy": row.policy} for each in after.given_up
    ]
    names = {each["owner"] for each in gone}
    return replace(
        row,
        owner=after.owner,
        since=after.since,
        deadline=after.deadline,
        warn_at=after.warn_at,
        warned_at=row.warned_at if after.deadline == before.deadline and after.owner == before.owner else None,
        cap=after.cap,
        tier=after.tier,
        policy=after.policy,
        given_up=[*(each for each in row.given_up if each["owner"] not in names), *gone],
        position=position,
    )


def one(connection: Connection[Any], customer: str) -> Found[BoardRow]:
    """The board's row of one customer."""
    with instant(connection, PoolBoard) as position:
        rows = select(connection, "customer = %s", [customer], "customer", 1)
        return Found(position, rows[0] if rows else None)


def public(connection: Connection[Any], limit: int = 100, after: tuple[Any, ...] | None = None) -> Page[BoardRow]:
    """Customers whom nobody holds, the longest free first."""
    free_since = "coalesce(since, registered_at)"
    where, parameters = IN_PUBLIC, []
    if after:
        where, parameters = f"{IN_PUBLIC} AND ({free_since}, customer) > (%s, %s)", list(after)
    with instant(connection, PoolBoard) as position:
        rows = select(connection, where, parameters, f"{free_since}, customer", bounded(limit) + 1)
        return page(position, rows, limit, lambda row: (row.since or row.registered_at, row.customer))


def private(
    connection: Connection[Any], owner: str, limit: int = 100, after: tuple[Any, ...] | None = None
) -> Page[BoardRow]:
    """A rep's customers, the next to drop first, those without a deadline last."""
    where, parameters = "owner = %s", [owner]
    if after:
        where = f"owner = %s AND ({ENDS}, customer) > (coalesce(%s, timestamptz 'infinity'), %s)"
        parameters = [owner, *after]
    with instant(connection, PoolBoard) as position:
        rows = select(connection, where, parameters, f"{ENDS}, customer", bounded(limit) + 1)
        return page(position, rows, limit, lambda row: (row.deadline, row.customer))


def due_soon(
    connection: Connection[Any], until: datetime, limit: int = 100, after: tuple[Any, ...] | None = None
) -> Page[BoardRow]:
    """Held customers whose deadline lies before `until`, the earliest first; those overdue included."""
    where, parameters = "deadline IS NOT NULL AND deadline < %s", [until]
    if after:
        where, parameters = f"{where} AND (deadline, customer) > (%s, %s)", [until, *after]
    with instant(connection, PoolBoard) as position:
        rows = select(connection, where, parameters, "deadline, customer", bounded(limit) + 1)
        return page(position, rows, limit, lambda row: (row.deadline, row.customer))


def select(connection: Connection[Any], where: str, parameters: list[Any], order: str, limit: int) -> list[BoardRow]:
    statement = f"SELECT {', '.join(BOARD.columns)} FROM pool_board WHERE {where} ORDER BY {order} LIMIT %s"  # noqa: S608 (our own words)
    return [BOARD.read(row) for row in connection.execute(statement.encode(), [*parameters, limit])]
