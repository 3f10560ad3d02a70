"""Sales, and how they roll up the organisation: each signed contract once, however many are credited with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from psycopg import Connection

from domain.contract.facts import ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.deal.facts import DealFact
from domain.fact import OfCase, OfCustomer, OfOrganisation, OfSubject
from domain.mentorship.facts import SharingAgreed
from domain.payment.facts import PaymentFact
from domain.payout.facts import PayoutHeld, PayoutReleased
from domain.policy.facts import PolicyPublished
from domain.record import Recorded
from domain.role.facts import RoleFact
from projections.desk import Desk
from projections.organisation import OrganisationChart
from projections.reading import Found, Page, instant
from projections.table import Table


@dataclass(frozen=True, slots=True)
class Sale:
    """A signed contract, counted once for who signed it however many are credited with it."""

    deal: str
    contract: str
    rep: str
    signed_at: datetime
    amount: int
    currency: str
    position: int


SALE: Final = Table(
    "sale_signed", Sale, key=("deal",), kept="appended", indexes=("(signed_at, deal)", "(rep, signed_at)")
)


class Sales:
    name: ClassVar[str] = "sales"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (SALE,)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        sales = desk.open(SALE)
        for recorded in batch:
            fact, at = recorded.fact, recorded.position
            match fact:
                case ContractSigned():
                    sales.append(Sale(fact.deal, fact.contract, fact.rep, fact.at, fact.amount, fact.currency, at))
                case (
                    MilestoneScheduled()
                    | MilestoneDue()
                    | MilestoneOverdue()
                    | SharingAgreed()
                    | PayoutHeld()
                    | PayoutReleased()
                ):
                    continue
                case OfCase() | OfCustomer() | OfOrganisation() | OfSubject() | PolicyPublished():
                    continue
                case _:
                    no_sale: DealFact | RoleFact | PaymentFact = fact
                    del no_sale


@dataclass(frozen=True, slots=True)
class RollUp:
    """The sales of a unit and all below it in a time: each contract once, in minor units of its currency."""

    unit: str
    currency: str
    sales: int
    amount: int


ROLL_UP: Final = """
WITH RECURSIVE sale AS (
    SELECT s.deal, s.signed_at, s.amount, s.currency, p.unit
    FROM sale_signed s, LATERAL (SELECT unit FROM org_post WHERE org_post.rep = s.rep AND since <= s.signed_at
        ORDER BY since DESC, position DESC LIMIT 1) p
    WHERE s.signed_at >= %(since)s AND s.signed_at < %(until)s
), line (deal, signed_at, amount, currency, unit) AS (
    SELECT deal, signed_at, amount, currency, unit FROM sale
    UNION ALL
    SELECT line.deal, line.signed_at, line.amount, line.currency, p.parent
    FROM line, LATERAL (SELECT parent FROM org_parent WHERE org_parent.unit = line.unit AND since <= line.signed_at
        ORDER BY since DESC, position DESC LIMIT 1) p
    WHERE p.parent IS NOT NULL
)
SELECT unit, currency, count(*), sum(amount) FROM line WHERE unit IS NOT NULL GROUP BY unit, currency ORDER BY unit, currency
"""


def roll_up(connection: Connection[Any], since: datetime, until: datetime) -> Page[RollUp]:
    """The sales signed in [`since`, `until`), for every unit with all below it, by the tree as it was at each signing.

    A sale counts once in every unit above whoever signed it, however many share its commission.
    """
    with instant(connection, OrganisationChart, Sales) as position:
        rows = connection.execute(ROLL_UP, {"since": since, "until": until})
        return Page(position, [RollUp(unit, currency, n, int(amount)) for unit, currency, n, amount in rows])


def sale(connection: Connection[Any], deal: str) -> Found[Sale]:
    """The signed contract of a deal."""
    with instant(connection, Sales) as position:
        statement = f"SELECT {', '.join(SALE.columns)} FROM sale_signed WHERE deal = %s"  # noqa: S608 (our own words)
        row = connection.execute(statement.encode(), [deal]).fetchone()
        return Found(position, SALE.read(row) if row else None)
