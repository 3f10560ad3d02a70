"""Deals as they stand, and the funnel: how many deals and how much money stand in each stage, entered it, were signed, were lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, assert_never

from psycopg import Connection
from typing_extensions import TypedDict

from domain.contract.facts import ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.deal.facts import DealLost, DealOpened, StageAdvanced, StageReverted
from domain.fact import OfCase, OfCustomer, OfDeal, OfOrganisation, OfSubject
from domain.facts import AnyFact
from domain.mentorship.facts import SharingAgreed
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.payout.facts import PayoutHeld, PayoutReleased
from domain.policy.facts import PolicyPublished
from domain.record import Recorded
from domain.role.facts import RoleEarned, RoleExpired, RoleRevoked, RoleTransferred
from projections.desk import Desk
from projections.reading import Found, Page, bounded, instant, page
from projections.table import Sum, Table

Measure = Literal["standing", "opened", "entered", "signed", "lost"]


class Step(TypedDict):
    """A stage entered at `at` (ISO 8601) by the fact at `position`, forwards or back."""

    stage: str
    at: str
    position: int
    artefact: str | None


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal; amounts in minor units. `position` is the last fact that changed the row."""

    deal: str
    customer: str
    rep: str
    product: str | None
    policy: str
    opened_at: datetime
    expected_amount: int | None
    currency: str | None
    stage: str
    stage_since: datetime
    course: list[Step]
    contract: str | None
    signed_at: datetime | None
    signed_by: str | None
    amount: int | None
    milestones: list[dict[str, Any]]
    received: Sum
    refunded: Sum
    lost_at: datetime | None
    lost_ground: str | None
    position: int


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """Deals and minor units by stage and currency ('' where none is known).

    `standing`: live deals in the stage now. `entered`: every time one came into it. `opened`, `signed` and `lost`: in it.
    """

    measure: Measure
    stage: str
    currency: str
    deals: Sum
    amount: Sum


DEAL: Final = Table(
    "deal_state",
    DealRow,
    key=("deal",),
    indexes=(
        "(stage, stage_since, deal) WHERE lost_at IS NULL",
        "(customer, deal)",
        "(rep, deal)",
    ),
)
FUNNEL: Final = Table("deal_funnel", FunnelRow, key=("measure", "stage", "currency"), kept="summed")


class Deals:
    name: ClassVar[str] = "deals"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (DEAL, FUNNEL)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        deals = desk.load(DEAL, ((r.fact.deal,) for r in batch if isinstance(r.fact, OfDeal)))
        funnel = desk.open(FUNNEL)
        for recorded in batch:
            fact = recorded.fact
            if not isinstance(fact, OfDeal):
                continue
            before = deals.get(fact.deal)
            after = folded(before, fact, recorded.position)
            if after is None:
                continue
            deals.put(after)
            for each in (*moved(before, after), *happened(fact, after)):
                funnel.add(each)


def folded(row: DealRow | None, fact: AnyFact, position: int) -> DealRow | None:
    """The deal's row after a fact; None where the fact leaves it as it is."""
    if isinstance(fact, DealOpened):
        return opened(fact, position)
    match fact:
        case StageAdvanced():
            artefact = f"{fact.artefact.kind} {fact.artefact.ref}" if fact.artefact else None
            return entered(row, fact.stage, fact.at, position, artefact)
        case StageReverted():
            return entered(row, fact.stage, fact.at, position, None)
        case DealLost():
            return changed(row, position, lost_at=fact.at, lost_ground=fact.ground)
        case ContractSigned():
            signed = {"contract": fact.contract, "signed_at": fact.at, "signed_by": fact.rep, "amount": fact.amount}
            return changed(row, position, **signed, currency=fact.currency, policy=fact.policy)
        case MilestoneScheduled():
            return told(row, position, fact.milestone, amount=fact.amount, due=fact.due and fact.due.isoformat())
        case MilestoneDue():
            return told(row, position, fact.milestone, told="due")
        case MilestoneOverdue():
            return told(row, position, fact.milestone, told="overdue")
        case PaymentReceived():
            return changed(row, position, received=known(row).received + fact.amount)
        case PaymentRefunded():
            return changed(row, position, refunded=known(row).refunded + fact.amount)
        case (
            RoleEarned() | RoleTransferred() | RoleRevoked() | RoleExpired() | SharingAgreed() | PayoutHeld() | PayoutReleased()
            | OfCase() | OfCustomer() | OfOrganisation() | OfSubject() | PolicyPublished()
        ):  # fmt: skip
            return None
    assert_never(fact)


def opened(fact: DealOpened, position: int) -> DealRow:
    return DealRow(
        deal=fact.deal,
        customer=fact.customer,
        rep=fact.rep,
        product=fact.product,
        policy=fact.policy,
        opened_at=fact.at,
        expected_amount=fact.expected_amount,
        currency=fact.currency,
        stage=fact.stage,
        stage_since=fact.at,
        course=[Step(stage=fact.stage, at=fact.at.isoformat(), position=position, artefact=None)],
        contract=None,
        signed_at=None,
        signed_by=None,
        amount=None,
        milestones=[],
        received=0,
        refunded=0,
        lost_at=None,
        lost_ground=None,
        position=position,
    )


def known(row: DealRow | None) -> DealRow:
    assert row, "a deal is opened before anything else"
    return row


def changed(row: DealRow | None, position: int, **values: Any) -> DealRow:
    return replace(known(row), position=position, **values)


def entered(row: DealRow | None, stage: str, at: datetime, position: int, artefact: str | None) -> DealRow:
    step = Step(stage=stage, at=at.isoformat(), position=position, artefact=artefact)
    return changed(row, position, stage=stage, stage_since=at, course=[*known(row).course, step])


def told(row: DealRow | None, position: int, milestone: str, **values: Any) -> DealRow:
    others = {each["milestone"]: each for each in known(row).milestones}
    others[milestone] = {**others.get(milestone, {"milestone": milestone, "told": "nothing"}), **values}
    return changed(row, position, milestones=list(others.values()))


def worth(row: DealRow) -> int:
    """The contract's amount, until there is one what is expected, in minor units; 0 where nothing is known."""
    return row.amount if row.amount is not None else row.expected_amount or 0


def moved(before: DealRow | None, after: DealRow) -> Iterator[FunnelRow]:
    """What a fact takes out of the standing of one stage and puts into another's."""
    if before and before.lost_at is None:
        yield FunnelRow("standing", before.stage, before.currency or "", -1, -worth(before))
    if after.lost_at is None:
        yield FunnelRow("standing", after.stage, after.currency or "", 1, worth(after))


def happened(fact: OfDeal, row: DealRow) -> Iterator[FunnelRow]:
    """What a fact adds to the counts that only grow."""
    found: tuple[Measure, ...] = ()
    match fact:
        case DealOpened():
            found = ("opened", "entered")
        case StageAdvanced() | StageReverted():
            found = ("entered",)
        case ContractSigned():
            found = ("signed",)
        case DealLost():
            found = ("lost",)
    for measure in found:
        yield FunnelRow(measure, row.stage, row.currency or "", 1, worth(row))


def one(connection: Connection[Any], deal: str) -> Found[DealRow]:
    """A deal as it stands."""
    with instant(connection, Deals) as position:
        rows = select(connection, "deal = %s", [deal], "deal", 1)
        return Found(position, rows[0] if rows else None)


def in_stage(
    connection: Connection[Any], stage: str, limit: int = 100, after: tuple[Any, ...] | None = None
) -> Page[DealRow]:
    """The live deals of a stage, the longest there first."""
    where, parameters = "lost_at IS NULL AND stage = %s", [stage]
    if after:
        where, parameters = f"{where} AND (stage_since, deal) > (%s, %s)", [stage, *after]
    with instant(connection, Deals) as position:
        rows = select(connection, where, parameters, "stage_since, deal", bounded(limit) + 1)
        return page(position, rows, limit, lambda row: (row.stage_since, row.deal))


def deals(
    connection: Connection[Any],
    *,
    customer: str | None = None,
    rep: str | None = None,
    limit: int = 100,
    after: tuple[Any, ...] | None = None,
) -> Page[DealRow]:
    """Deals by id: all, a customer's, or those that a rep opened."""
    given = {column: value for column, value in (("customer", customer), ("rep", rep)) if value is not None}
    where = " AND ".join(["deal > %s", *(f"{column} = %s" for column in given)])
    with instant(connection, Deals) as position:
        parameters = [after[0] if after else "", *given.values()]
        rows = select(connection, where, parameters, "deal", bounded(limit) + 1)
        return page(position, rows, limit, lambda row: (row.deal,))


def funnel(connection: Connection[Any]) -> Page[FunnelRow]:
    """Every count of the funnel; one row a measure, stage and currency."""
    with instant(connection, Deals) as position:
        statement = f"SELECT {', '.join(FUNNEL.columns)} FROM deal_funnel ORDER BY measure, stage, currency"  # noqa: S608 (our own words)
        return Page(position, [FUNNEL.read(row) for row in connection.execute(statement.encode())])


def select(connection: Connection[Any], where: str, parameters: list[Any], order: str, limit: int) -> list[DealRow]:
    statement = f"SELECT {', '.join(DEAL.columns)} FROM deal_state WHERE {where} ORDER BY {order} LIMIT %s"  # noqa: S608 (our own words)
    return [DEAL.read(row) for row in connection.execute(statement.encode(), [*parameters, limit])]
