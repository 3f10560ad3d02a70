"""Reconciling: the file is read and judged whole, then what it tells is recorded, and counts when all of it is.

The last fact says that the file is reconciled; until then nothing of it counts. Repeated, it records nothing twice.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import chain
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from domain.fact import ORGANISATION
from domain.organisation.facts import RepJoined
from domain.payee.decisions import ConfirmPayout, PayeeCommand, RejectPayout
from domain.refusals import Code, Refusal
from domain.returned.decisions import ReconcileReturn
from projections.payouts import Outcome, Payouts, is_reconciled, payouts, told_before, unfinished
from projections.reading import instant
from services.ledger.application import Ledger
from services.payroll.returned.mapping import ReturnMapping, ReturnUnusable
from services.payroll.returned.matching import Findings, Key, Known, match
from services.payroll.returned.reading import SHOWN, Payment, payments
from services.payroll.statement import NoSuchPeriod
from services.payroll.statements import opened

Progress = Callable[[int, int], None]

TOLD: Final = 32
"""Digits of a digest, of a file or of a command."""


class PeriodNotClosed(ValueError):
    """Only what was closed can have been paid."""


class ReturnUnfinished(ValueError):
    """Another return file of the period was told in part: that one first. The message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a closed period was to pay, and what of it is known to have been paid, in minor units. `done`: the file was told."""

    position: int
    zone: ZoneInfo
    payable: dict[Key, int]
    confirmed: dict[Key, Known]
    done: bool


@dataclass(slots=True)
class Reconciled:
    """`confirmed` and `sent_back` payouts were recorded now; `refused` were not, and why."""

    position: int
    findings: Findings
    confirmed: int = 0
    sent_back: int = 0
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
    """Hold a return file against a closed period's statements, and record what matches and what was rejected.

    It is recorded in bounded commits, so that the ledger's other callers go on; the last of them makes all of it count.
    Raises `NoSuchPeriod`, `PeriodNotClosed`, `ReturnUnusable` or `ReturnUnfinished` before anything is recorded; otherwise as
    `Ledger.record`.
    """
    file = digest(path)
    expected = expectation(connection, period, zone, file)
    currencies = sorted({currency for currency, _ in expected.payable})
    if not currencies:
        raise ReturnUnusable([f"{period} pays nothing, so that nothing can have been paid"])
    found = payments(path, mapping, currencies)
    check(path, found, expected, ledger)
    findings = match(found, expected.payable, expected.confirmed, outcomes(connection, found))
    done = Reconciled(expected.position, findings)
    telling = [*findings.sent_back, *findings.matched]
    if telling or not expected.done:
        record(ledger, done, telling, Told(period, file, expected.zone, actor), progress)
    return done


@dataclass(frozen=True, slots=True)
class Told:
    """What all commands of one file have in common."""

    period: str
    file: str
    zone: ZoneInfo
    actor: str


def record(ledger: Ledger, done: Reconciled, telling: list[Payment], told: Told, progress: Progress) -> None:
    """Record what a file tells, and then that it is reconciled."""
    last = whole(ledger, done, told, len(telling))
    answers = ledger.record_many(chain(commands(telling, told), [last]))
    for number, (payment, answer) in enumerate(zip(telling, answers, strict=False), 1):
        if answer.refusal:
            done.refused.append((payment, answer.refusal))
        elif payment.rejected:
            done.sent_back += 1
        else:
            done.confirmed += 1
        done.position = max(done.position, answer.last or 0)
        progress(number, len(telling))
    ended, recorded = next(answers), done.confirmed + done.sent_back
    if ended.refusal and ended.refusal.code == Code.RETURN_UNFINISHED and recorded:
        command_id, command = whole(ledger, done, told, recorded)
        ended = ledger.record(command, command_id=command_id)
    done.position = max(done.position, ended.last or 0)


def whole(ledger: Ledger, done: Reconciled, told: Told, count: int) -> tuple[str, ReconcileReturn]:
    """The command by which the file counts, and an id for it."""
    command = ReconcileReturn(
        at=ledger.now(),
        actor=told.actor,
        period=told.period,
        file=told.file,
        payouts=count,
        listed=done.findings.listed(),
    )
    return f"return/{told.period}/{told.file}/{digest_of(command.model_dump_json().encode())}", command


def expectation(connection: Connection[Any], period: str, zone: ZoneInfo, file: str) -> Expected:
    """What the statements say. Raises `NoSuchPeriod`, `PeriodNotClosed`, `ReturnUnusable` or `ReturnUnfinished`."""
    with opened(connection, period) as statements:
        if statements.heading.state == "preview":
            raise PeriodNotClosed(period)
        if statements.heading.state == "settled":
            raise ReturnUnusable(
                [f"{period} was settled elsewhere: nothing of it is paid from here, so nothing comes back"]
            )
        payable = {(each.currency, each.payee): each.payable for each in statements.sums() if each.payee}
        position = statements.heading.position
    with instant(connection, Payouts) as known_until:
        paid, done, others = (
            payouts(connection, period),
            is_reconciled(connection, period, file),
            unfinished(connection),
        )
    for each in others:
        if each.period == period and each.file != file:
            raise ReturnUnfinished(
                f"A return file of {period} (SHA-256 {each.file}…) was told in part, {each.payouts:,} payouts, and counts only"
                " when it is whole: give that file again first, then this one."
            )
    confirmed = {key: Known(each.external_id, each.amount) for key, each in paid.items() if each.outcome == "paid"}
    return Expected(max(position, known_until), zone, payable, confirmed, done)


def outcomes(connection: Connection[Any], found: Iterable[Payment]) -> dict[str, set[Outcome]]:
    """What is known of the file's external ids, of any period."""
    with instant(connection, Payouts):
        return told_before(connection, (each.external_id for each in found))


def digest(path: Path) -> str:
    """What names a return file: the same bytes are the same file. Raises `ReturnUnusable`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:TOLD]
    except OSError as error:
        raise ReturnUnusable([f"{path}: {error.strerror or error}"]) from None


def digest_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:TOLD]


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


def commands(telling: Iterable[Payment], told: Told) -> Iterator[tuple[str, PayeeCommand]]:
    """The commands, each under an id that is the same whenever the file is told again."""
    for each in telling:
        command = (RejectPayout if each.rejected else ConfirmPayout)(
            at=datetime.combine(each.paid_on, time(), told.zone),
            actor=told.actor,
            payee=each.payee,
            period=told.period,
            currency=each.currency,
            amount=each.amount,
            external_id=each.external_id,
            file=told.file,
        )
        yield f"payout/{told.period}/{each.external_id}/{digest_of(command.model_dump_json().encode())}", command


__all__ = ["NoSuchPeriod", "PeriodNotClosed", "Reconciled", "ReturnUnfinished", "reconcile"]
