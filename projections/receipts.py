"""Money in and out: every receipt and every refund, by deal, payment and the bank's own id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from psycopg import Connection

from domain.contract.facts import ContractFact
from domain.deal.facts import DealFact
from domain.fact import OfCase, OfCustomer, OfOrganisation, OfSubject
from domain.mentorship.facts import SharingAgreed
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.payout.facts import PayoutHeld, PayoutReleased
from domain.policy.facts import PolicyPublished
from domain.record import Recorded
from domain.role.facts import RoleFact
from projections.desk import Desk
from projections.reading import Found, Page, bounded, instant, page
from projections.table import Table


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment received, in minor units of its currency."""

    deal: str
    payment: str
    external_id: str
    milestone: str | None
    amount: int
    currency: str
    settles: bool
    received_at: datetime
    recorded_at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Refund:
    deal: str
    refund: str
    payment: str
    amount: int
    currency: str
    refunded_at: datetime
    recorded_at: datetime
    position: int


RECEIPT: Final = Table(
    "payment_receipt",
    Receipt,
    key=("deal", "payment"),
    kept="appended",
    indexes=("(external_id)", "(payment)", "(position)"),
)
REFUND: Final = Table(
    "payment_refund", Refund, key=("deal", "refund"), kept="appended", indexes=("(deal, payment)", "(position)")
)


class Receipts:
    name: ClassVar[str] = "receipts"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = True
    tables: ClassVar[tuple[Table[Any], ...]] = (RECEIPT, REFUND)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        received, refunded = desk.open(RECEIPT), desk.open(REFUND)
        for recorded in batch:
            fact = recorded.fact
            match fact:
                case PaymentReceived():
                    received.append(receipt(fact, recorded))
                case PaymentRefunded():
                    refunded.append(
                        Refund(
                            deal=fact.deal,
                            refund=fact.refund,
                            payment=fact.payment,
                            amount=fact.amount,
                            currency=fact.currency,
                            refunded_at=fact.at,
                            recorded_at=recorded.recorded_at,
                            position=recorded.position,
                        )
                    )
                case (
                    SharingAgreed()
                    | PayoutHeld()
                    | PayoutReleased()
                    | OfCase()
                    | OfCustomer()
                    | OfOrganisation()
                    | OfSubject()
                    | PolicyPublished()
                ):
                    continue
                case _:
                    no_money: DealFact | RoleFact | ContractFact = fact
                    del no_money


def receipt(fact: PaymentReceived, recorded: Recorded) -> Receipt:
    return Receipt(
        deal=fact.deal,
        payment=fact.payment,
        external_id=fact.external_id,
        milestone=fact.milestone,
        amount=fact.amount,
        currency=fact.currency,
        settles=fact.settles,
        received_at=fact.at,
        recorded_at=recorded.recorded_at,
        position=recorded.position,
    )


@dataclass(frozen=True, slots=True)
class Money:
    """A receipt and what of it went back, in minor units."""

    receipt: Receipt
    refunded: int

    @property
    def net(self) -> int:
        return self.receipt.amount - self.refunded


def receipts(
    connection: Connection[Any],
    *,
    deal: str | None = None,
    payment: str | None = None,
    external_id: str | None = None,
    limit: int = 200,
    after: tuple[Any, ...] | None = None,
) -> Page[Money]:
    """Receipts in the order of recording, of a deal, of a payment id, of the bank's id, or all."""
    asked = {"deal": deal, "payment": payment, "external_id": external_id}
    given = {column: value for column, value in asked.items() if value is not None}
    where = "".join(f" AND {column} = %({column})s" for column in given)
    statement = (
        f"SELECT {', '.join(RECEIPT.columns)}, (SELECT coalesce(sum(f.amount), 0) FROM payment_refund f"  # noqa: S608 (our own words)
        " WHERE f.deal = r.deal AND f.payment = r.payment) FROM payment_receipt r"
        f" WHERE position > %(after)s{where} ORDER BY position LIMIT %(limit)s"
    )
    parameters = {**given, "after": after[0] if after else 0, "limit": bounded(limit) + 1}
    with instant(connection, Receipts) as position:
        rows = [
            Money(RECEIPT.read(row[:-1]), int(row[-1])) for row in connection.execute(statement.encode(), parameters)
        ]
    return page(position, rows, limit, lambda row: (row.receipt.position,))


def refunds(connection: Connection[Any], deal: str, payment: str | None = None) -> Page[Refund]:
    """The refunds of a deal, or of one of its payments, in the order of recording; the latest thousand at most."""
    statement = (
        f"SELECT {', '.join(REFUND.columns)} FROM payment_refund WHERE deal = %s"  # noqa: S608 (our own words)
        " AND (%s::text IS NULL OR payment = %s) ORDER BY position DESC LIMIT 1000"
    )
    with instant(connection, Receipts) as position:
        rows = [REFUND.read(row) for row in connection.execute(statement.encode(), [deal, payment, payment])]
    return Page(position, rows[::-1])


def receipt_of(connection: Connection[Any], deal: str, payment: str) -> Found[Money]:
    """One receipt with what of it went back."""
    found = receipts(connection, deal=deal, payment=payment, limit=1)
    return Found(found.position, found.rows[0] if found.rows else None)
