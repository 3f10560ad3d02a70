"""How the payouts of closed months stand: what is paid, what the bank rejected, and what nobody has confirmed yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection, sql

from projections.lines import Lines
from projections.payouts import COUNTING, PayoutRow, Payouts, Unfinished, payouts, unfinished
from projections.reading import instant
from services.payroll.statements import Opened

STANDING: Final = (
    "SELECT s.period, count(*), count(*) FILTER (WHERE p.outcome = 'paid'), count(*) FILTER (WHERE p.outcome = 'rejected')"
    " FROM statement s LEFT JOIN LATERAL (SELECT outcome FROM payout p WHERE p.period = s.period AND p.currency = s.currency"
    "   AND p.payee = s.payee AND {counting} ORDER BY p.position DESC LIMIT 1) p ON true"
    " WHERE s.payable > 0 GROUP BY s.period"
)


@dataclass(frozen=True, slots=True)
class Paid:
    """Of a closed month: how many statements pay something, how many are confirmed as paid, and how many came back."""

    statements: int = 0
    paid: int = 0
    rejected: int = 0

    @property
    def unpaid(self) -> int:
        """How many are to be paid still; those that came back are among them."""
        return self.statements - self.paid


def standing(connection: Connection[Any]) -> tuple[dict[str, Paid], list[Unfinished]]:
    """How each closed month's payouts stand, by period, and the return files that were told in part."""
    with instant(connection, Lines, Payouts):
        rows = connection.execute(sql.SQL(STANDING).format(counting=sql.SQL(COUNTING)))
        return {period: Paid(*counts) for period, *counts in rows}, unfinished(connection)


def outcomes(found: Opened, payee: str | None) -> dict[tuple[str, str], PayoutRow]:
    """What counts of each statement that is opened, by currency and payee."""
    return payouts(found.connection, found.heading.period, payee)


def told(payout: PayoutRow | None, state: str, zone: ZoneInfo) -> str:
    """How a statement's payout stands, as a sentence; days are counted in the zone."""
    if state == "settled":
        return "It was settled elsewhere; nothing of it is paid from here."
    if payout is None:
        return "It is not confirmed as paid yet."
    day, under = payout.paid_at.astimezone(zone).date().isoformat(), payout.external_id
    if payout.outcome == "paid":
        return f"It was paid on {day} under {under} (event {payout.position})."
    return f"The bank rejected {under} on {day} (event {payout.position}): it is to be paid again, under another id."


def told_of_unfinished(files: list[Unfinished]) -> Iterator[str]:
    """What to do about return files that were told in part."""
    for each in files:
        yield (
            f"A return file of {each.period} (SHA-256 {each.file}…) was told in part: none of its {each.payouts:,} payouts counts"
            f" yet. Give it again: salesledger payroll reconcile {each.period} FILE"
        )
