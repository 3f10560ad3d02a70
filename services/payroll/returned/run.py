"""Reconciling: the file is read and judged whole, then what matches is confirmed; repeated, it confirms nothing twice."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from domain.fact import ORGANISATION
from domain.organisation.facts import RepJoined
from domain.payee.decisions import ConfirmPayout
from domain.refusals import Refusal
from projections.payouts import Payouts, payouts
from projections.reading import instant
from services.ledger.application import Ledger
from services.payroll.returned.mapping import ReturnMapping, ReturnUnusable
from services.payroll.returned.matching import Findings, Key, Known, match
from services.payroll.returned.reading import SHOWN, Payment, payments
from services.payroll.statement import NoSuchPeriod
from services.payroll.statements import opened

Progress = Callable[[int, int], None]

TOLD: Final = 32
"""Digits of a command's own digest in its id."""


class PeriodNotClosed(ValueError):
    """Only what was closed can have been paid."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a closed period was to pay, and what of it is known to have been paid, in minor units."""

    position: int
    zone: ZoneInfo
    payable: dict[Key, int]
    confirmed: dict[Key, Known]


@dataclass(slots=True)
class Reconciled:
    """`confirmed` payouts were recorded now; `refused` were not, and why."""

    position: int
    findings: Findings
    confirmed: int = 0
    refused: list[tuple[Payment, Refusal]] = field(default_factory=list)


def reconcile(
    ledger: Ledger,
    connection: Connection[Any],
    period: str,
    path: Path,
    mapping: ReturnMapping,
    zone: ZoneInfo,
    *,
    actor: str,
    progress: Progress = lambda _done, _of: None,
) -> Reconciled:
    """Hold a return file against a closed period's statements, and confirm what matches in bounded commits.

    Raises `NoSuchPeriod`, `PeriodNotClosed` or `ReturnUnusable` before anything is recorded; otherwise as `Ledger.record`.
    """
    expected = expectation(connection, period, zone)
    currencies = sorted({currency for currency, _ in expected.payable})
    if not currencies:
        raise ReturnUnusable([f"{period} pays nothing, so that nothing can have been paid"])
    found = payments(path, mapping, currencies)
    check(path, found, expected, ledger)
    findings = match(found, expected.payable, expected.confirmed, used_before(connection, found))
    done = Reconciled(expected.position, findings)
    asked = list(commands(findings.matched, period, expected.zone, actor))
    for number, (payment, answer) in enumerate(zip(findings.matched, ledger.record_many(asked), strict=True), 1):
        if answer.refusal:
            done.refused.append((payment, answer.refusal))
        else:
            done.confirmed += 1
            done.position = max(done.position, answer.last or 0)
        progress(number, len(asked))
    return done


def expectation(connection: Connection[Any], period: str, zone: ZoneInfo) -> Expected:
    """What the statements say. Raises `NoSuchPeriod` or `PeriodNotClosed`."""
    with opened(connection, period) as statements:
        if statements.heading.state != "closed":
            raise PeriodNotClosed(period)
        payable = {(each.currency, each.payee): each.payable for each in statements.sums() if each.payee}
        position = statements.heading.position
    with instant(connection, Payouts) as known_until:
        paid = payouts(connection, period)
    confirmed = {key: Known(each.external_id, each.amount) for key, each in paid.items()}
    return Expected(max(position, known_until), zone, payable, confirmed)


def used_before(connection: Connection[Any], found: list[Payment]) -> set[str]:
    """Which of the file's external ids were confirmed of any period."""
    with instant(connection, Payouts):
        rows = connection.execute(
            "SELECT external_id FROM payout_confirmed WHERE external_id = ANY(%s)",
            [[each.external_id for each in found]],
        )
        return {external for (external,) in rows}


def check(path: Path, found: list[Payment], expected: Expected, ledger: Ledger) -> None:
    """Raises `ReturnUnusable` for payees whom nobody knows and for days that have not come."""
    today = ledger.now().astimezone(expected.zone).date()
    people = {fact.rep for each in ledger.read(ORGANISATION) if isinstance(fact := each.fact, RepJoined)}
    people |= {payee for _, payee in expected.payable}
    mistakes = []
    for each in found:
        if each.payee not in people:
            mistakes.append(f"{path.name}:{each.line}: there is no payee {each.payee}; map it by `payees` (--mapping)")
        if each.paid_on > today:
            mistakes.append(f"{path.name}:{each.line}: {each.paid_on.isoformat()} has not come yet")
    if mistakes:
        more = [f"and {len(mistakes) - SHOWN} more"] if len(mistakes) > SHOWN else []
        raise ReturnUnusable([*mistakes[:SHOWN], *more])


def commands(matched: list[Payment], period: str, zone: ZoneInfo, actor: str) -> Iterator[tuple[str, ConfirmPayout]]:
    """The commands, each under an id that is the same whenever the file is told again."""
    for each in matched:
        command = ConfirmPayout(
            at=datetime.combine(each.paid_on, time(), zone),
            actor=actor,
            payee=each.payee,
            period=period,
            currency=each.currency,
            amount=each.amount,
            external_id=each.external_id,
        )
        told = hashlib.sha256(command.model_dump_json().encode()).hexdigest()[:TOLD]
        yield f"payout/{period}/{each.external_id}/{told}", command


__all__ = ["NoSuchPeriod", "PeriodNotClosed", "Reconciled", "reconcile"]
