"""Why a month pays less, or more, than the one before: the difference of two statements, split by cause, nothing left over."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from projections.statements import StatementRow, StatementSums

TOLD: Final = {
    "refund": "refunds of money that {period} paid",
    "transfer": "roles of {period} that passed to another",
    "revocation": "roles of {period} that were taken away",
    "role-earned": "roles of {period} that were earned after its closing",
    "expiry": "roles of {period} whose protection ran out",
    "sharing": "shares of {period} agreed after its closing",
    "ruling": "rulings on {period}",
    "late": "what happened in {period} and came to light later",
    "signing": "contracts of {period} signed after its closing",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause came to in either month, in minor units: what it added to the payable, or took from it."""

    cause: str
    before: int
    now: int

    @property
    def difference(self) -> int:
        return self.now - self.before


def split(
    before: tuple[StatementSums | None, Iterable[StatementRow]],
    now: tuple[StatementSums | None, Iterable[StatementRow]],
) -> list[Part]:
    """The causes by which the second statement's payable differs from the first's, the largest first.

    Give the same payee's statements in the same currency; None where there is none. `before` sums to the first payable, `now`
    to the second, so the differences sum to theirs.
    """
    first, second = Counter(dict(causes(*before))), Counter(dict(causes(*now)))
    parts = [Part(cause, first[cause], second[cause]) for cause in dict.fromkeys((*first, *second))]
    return sorted((part for part in parts if part.difference), key=lambda part: (-abs(part.difference), part.cause))


def causes(sums: StatementSums | None, rows: Iterable[StatementRow]) -> Iterator[tuple[str, int]]:
    """Everything that made a statement's payable what it is, by cause."""
    if sums is None:
        return
    found = Counter[str]()
    for row in rows:
        if cause := cause_of(row):
            found[cause] += int(row.amount)
    found["what is due no longer, carried as a debt instead of taken at once"] += int(sums.raised)
    found["debts of earlier months, settled within the cap"] -= int(sums.offset)
    earned = sums.accrual + sums.adjustment + sums.raised + sums.borne + sums.hold + sums.release
    found["what went below zero, and is carried"] -= min(int(earned), 0)
    yield from ((cause, amount) for cause, amount in found.items() if amount)


def cause_of(row: StatementRow) -> str | None:
    """What a row of the flows is told as; None for one that is none, or was counted with the sums."""
    match row.section:
        case "accrual":
            return f"commission on deal {row.deal}"
        case "adjustment":
            return TOLD.get(row.cause or "", f"{row.cause} of {{period}}").format(period=row.corrects_period)
        case "clawback":
            return f"what {row.corrects_period} paid too long ago to be taken back"
        case "hold":
            return f"held back by case {row.case}" if row.case else "lines that nobody earned"
        case "conversion":
            return (
                f"paid in another currency: {row.cause}"
                if row.amount < 0
                else f"paid from another currency: {row.cause}"
            )
        case "release":
            return f"let go by case {row.case}"
        case _:
            return None
