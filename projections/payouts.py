"""What was paid: every payout confirmed, by period, currency and payee."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from psycopg import Connection

from domain.payee.facts import PayoutConfirmed
from domain.record import Recorded
from projections.desk import Desk
from projections.reading import Page, bounded, instant, page
from projections.table import Table


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A statement that was paid; `amount` in minor units, `external_id` the bank's."""

    period: str
    currency: str
    payee: str
    external_id: str
    amount: int
    paid_at: datetime
    recorded_at: datetime
    position: int


PAYOUT: Final = Table(
    "payout_confirmed",
    PayoutRow,
    key=("period", "currency", "payee"),
    kept="appended",
    indexes=("(external_id)", "(payee, position)"),
)


class Payouts:
    name: ClassVar[str] = "payouts"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = True
    tables: ClassVar[tuple[Table[Any], ...]] = (PAYOUT,)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        paid = desk.open(PAYOUT)
        for recorded in batch:
            if isinstance(recorded.fact, PayoutConfirmed):
                paid.append(row(recorded.fact, recorded))


def row(fact: PayoutConfirmed, recorded: Recorded) -> PayoutRow:
    return PayoutRow(
        period=fact.period,
        currency=fact.currency,
        payee=fact.payee,
        external_id=fact.external_id,
        amount=fact.amount,
        paid_at=fact.at,
        recorded_at=recorded.recorded_at,
        position=recorded.position,
    )


def payouts(connection: Connection[Any], period: str) -> dict[tuple[str, str], PayoutRow]:
    """The payouts confirmed of a period, by currency and payee. Read it inside an `instant`."""
    statement = f"SELECT {', '.join(PAYOUT.columns)} FROM payout_confirmed WHERE period = %s"  # noqa: S608 (our own words)
    found = (PAYOUT.read(each) for each in connection.execute(statement.encode(), [period]))
    return {(each.currency, each.payee): each for each in found}


def paid(
    connection: Connection[Any], period: str, limit: int = 100, after: tuple[Any, ...] | None = None
) -> Page[PayoutRow]:
    """The payouts confirmed of a period, in the order of currency and payee."""
    statement = (
        f"SELECT {', '.join(PAYOUT.columns)} FROM payout_confirmed WHERE period = %s AND (currency, payee) > (%s, %s)"  # noqa: S608 (our own words)
        " ORDER BY currency, payee LIMIT %s"
    )
    with instant(connection, Payouts) as position:
        rows = connection.execute(statement.encode(), [period, *(after or ("", "")), bounded(limit) + 1]).fetchall()
    return page(position, [PAYOUT.read(each) for each in rows], limit, lambda each: (each.currency, each.payee))
