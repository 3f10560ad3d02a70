"""What was paid: every payout confirmed or rejected, by period, currency and payee. Of a statement the last word counts.

What a return file tells counts once the file is reconciled, all of it at once; until then a file is unfinished.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from psycopg import Connection

from domain.payee.facts import PayoutConfirmed, PayoutRejected
from domain.record import Recorded
from domain.returned.facts import ReturnReconciled
from projections.desk import Desk
from projections.reading import Page, bounded, instant, page
from projections.table import Table

Outcome = Literal["paid", "rejected"]


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payment of a statement; `amount` in minor units, `external_id` the bank's, `file` the return file it counts by."""

    position: int
    period: str
    currency: str
    payee: str
    external_id: str
    amount: int
    outcome: Outcome
    paid_at: datetime
    recorded_at: datetime
    file: str | None


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A return file that was reconciled."""

    period: str
    file: str
    payouts: int
    position: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A return file of which some payouts are recorded, and not all: none of them counts yet."""

    period: str
    file: str
    payouts: int


PAYOUT: Final = Table(
    "payout",
    PayoutRow,
    key=("position",),
    kept="appended",
    indexes=("(period, currency, payee, position)", "(external_id)", "(payee, position)", "(period, file)"),
)
RETURN: Final = Table("return_file", ReturnRow, key=("period", "file"), kept="appended")

COUNTING: Final = (
    "(p.file IS NULL OR EXISTS (SELECT 1 FROM return_file r WHERE r.period = p.period AND r.file = p.file))"
)


class Payouts:
    name: ClassVar[str] = "payouts"
    version: ClassVar[int] = 2
    money: ClassVar[bool] = True
    tables: ClassVar[tuple[Table[Any], ...]] = (PAYOUT, RETURN)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        paid, returned = desk.open(PAYOUT), desk.open(RETURN)
        for recorded in batch:
            match recorded.fact:
                case PayoutConfirmed() as fact:
                    paid.append(row(fact, "paid", recorded))
                case PayoutRejected() as fact:
                    paid.append(row(fact, "rejected", recorded))
                case ReturnReconciled() as fact:
                    returned.append(ReturnRow(fact.period, fact.file, fact.payouts, recorded.position))
                case _:
                    continue


def row(fact: PayoutConfirmed | PayoutRejected, outcome: Outcome, recorded: Recorded) -> PayoutRow:
    return PayoutRow(
        position=recorded.position,
        period=fact.period,
        currency=fact.currency,
        payee=fact.payee,
        external_id=fact.external_id,
        amount=fact.amount,
        outcome=outcome,
        paid_at=fact.at,
        recorded_at=recorded.recorded_at,
        file=fact.file,
    )


def payouts(connection: Connection[Any], period: str, payee: str | None = None) -> dict[tuple[str, str], PayoutRow]:
    """What counts of each statement of a period, by currency and payee. Read it inside an `instant`."""
    statement = (
        f"SELECT DISTINCT ON (currency, payee) {', '.join(PAYOUT.columns)} FROM payout p"  # noqa: S608 (our own words)
        f" WHERE period = %(period)s AND (%(payee)s::text IS NULL OR payee = %(payee)s) AND {COUNTING}"
        " ORDER BY currency, payee, position DESC"
    )
    found = (PAYOUT.read(each) for each in connection.execute(statement.encode(), {"period": period, "payee": payee}))
    return {(each.currency, each.payee): each for each in found}


def told_before(connection: Connection[Any], external_ids: Iterable[str]) -> dict[str, set[Outcome]]:
    """Which of the bank's ids are known, of any period, and what was told of each. Read it inside an `instant`."""
    found: dict[str, set[Outcome]] = {}
    statement = f"SELECT external_id, outcome FROM payout p WHERE external_id = ANY(%s) AND {COUNTING}"  # noqa: S608
    for external, outcome in connection.execute(statement.encode(), [list(external_ids)]):
        found.setdefault(external, set()).add(outcome)
    return found


def is_reconciled(connection: Connection[Any], period: str, file: str) -> bool:
    """Whether a return file was reconciled before. Read it inside an `instant`."""
    statement = "SELECT EXISTS (SELECT 1 FROM return_file WHERE period = %s AND file = %s)"
    return bool((connection.execute(statement, [period, file]).fetchone() or (False,))[0])


def unfinished(connection: Connection[Any], period: str | None = None) -> list[Unfinished]:
    """The return files that were told in part. Read it inside an `instant`."""
    statement = (
        f"SELECT period, file, count(*) FROM payout p WHERE NOT {COUNTING}"  # noqa: S608 (our own words)
        " AND (%(period)s::text IS NULL OR period = %(period)s) GROUP BY period, file ORDER BY min(position)"
    )
    return [Unfinished(*each) for each in connection.execute(statement.encode(), {"period": period})]


def paid(
    connection: Connection[Any], period: str, limit: int = 100, after: tuple[Any, ...] | None = None
) -> Page[PayoutRow]:
    """How the payouts of a period stand, in the order of currency and payee: of each statement the last word that counts."""
    statement = (
        f"SELECT DISTINCT ON (currency, payee) {', '.join(PAYOUT.columns)} FROM payout p"  # noqa: S608 (our own words)
        f" WHERE period = %s AND (currency, payee) > (%s, %s) AND {COUNTING} ORDER BY currency, payee, position DESC LIMIT %s"
    )
    with instant(connection, Payouts) as position:
        rows = connection.execute(statement.encode(), [period, *(after or ("", "")), bounded(limit) + 1]).fetchall()
    return page(position, [PAYOUT.read(each) for each in rows], limit, lambda each: (each.currency, each.payee))
