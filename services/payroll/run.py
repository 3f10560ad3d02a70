"""The payroll run: open a month, look at what is unusual, close it, and read its statements."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event
from time import monotonic
from typing import Any, cast
from uuid import uuid4

from psycopg import Connection, errors, sql

from domain.fact import PAYROLL, POLICIES, SYSTEM
from domain.payroll.decisions import ClosePeriod, OpenPeriod, not_open
from domain.payroll.facts import Payroll, PayrollFact, Totals, Unusual, evolve
from domain.policy.facts import PolicyPublished
from domain.refusals import Refusal
from projections.runner import Runner
from services.ledger.answer import Answer
from services.ledger.application import Ledger
from services.payroll.check import unusual
from services.payroll.exports.digests import export_digests
from services.payroll.statement import NoSuchPeriod
from services.payroll.statements import Opened, Statement, of_payee, opened

RETRY_AFTER_S = 0.2

NOWHERE = -1
"""The position of a closing that reaches nothing: wherever the log stands, it is refused."""


class ProjectionBehind(TimeoutError):
    """The read models are not up to the log, and did not get there while it was waited for. Nothing was closed."""


@dataclass(frozen=True, slots=True)
class Looked:
    """An open month as it would be closed: what it comes to, what of it is unusual, and everything that a closing pins."""

    period: str
    position: int
    plans: dict[str, str]
    totals: tuple[Totals, ...]
    digest: str
    exports: dict[str, str]
    unusual: tuple[Unusual, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """The wish to close a month, with all that it would pin, and how it was answered."""

    command: ClosePeriod
    answer: Answer

    @property
    def refusal(self) -> Refusal | None:
        return self.answer.refusal


@dataclass(frozen=True)
class PayrollRun:
    """`connect` opens a connection without time limits whose search path is the ledger's schema.

    `patience_s` is how long read models that are behind are waited for.
    """

    ledger: Ledger
    runner: Runner
    connect: Callable[[], Connection[Any]]
    patience_s: float = 60.0

    def periods(self) -> Payroll:
        """Every period as it stands now."""
        payroll = Payroll()
        for recorded in self.ledger.read(PAYROLL):
            payroll = evolve(payroll, cast(PayrollFact, recorded.fact), recorded.position)
        return payroll

    def open(
        self,
        period: str,
        *,
        policy: str | None = None,
        actor: str = SYSTEM,
        at: datetime | None = None,
        command_id: str | None = None,
    ) -> Answer:
        """Open a month. Raises as `Ledger.record`."""
        command = OpenPeriod(at=at or self.ledger.now(), actor=actor, period=period, policy=policy)
        return self.ledger.record(command, command_id=command_id or f"payroll/open/{uuid4()}")

    def look(self, period: str, *, exports: bool = True, settled: bool = False) -> Looked:
        """Arrange an open month as if it were closed now, and say what is unusual. Changes nothing.

        One that was `settled` elsewhere ends before the first receipt or refund of a later month.

        Raises `NoSuchPeriod`, `ProjectionBehind` or `ProjectionStopped`.
        """
        self.wait_for(self.ledger.head().position)
        payroll = self.periods()
        gathering = payroll.open
        if gathering is None or gathering.period != period:
            raise NoSuchPeriod(period)
        with closing(self.connect()) as connection, opened(connection, period, settled=settled) as found:
            book = {f.policy: f for each in self.ledger.read(POLICIES) if isinstance(f := each.fact, PolicyPublished)}
            terms = book[gathering.opening.policy].version.payroll
            assert terms, "a period is opened by a policy with payroll terms"
            heading = replace(found.heading, state="settled" if settled else "closed")
            return Looked(
                period=period,
                position=heading.position,
                plans={name: book[name].content_hash for name in plans_of(found)},
                totals=heading.sums,
                digest=heading.digest,
                exports=export_digests(connection, heading, found.select()) if exports else {},
                unusual=unusual(found, gathering, payroll, terms, self.ledger.now()),
            )

    def close(
        self,
        period: str,
        *,
        reason: str | None = None,
        actor: str = SYSTEM,
        at: datetime | None = None,
        command_id: str | None = None,
        settled: bool = False,
    ) -> Closing:
        """Close a month: one fact, which pins what was looked at. Repeating it after a crash is refused or done, never half.

        Of one that was `settled` elsewhere nothing is paid from here, and all of it counts as paid.

        Raises as `look` and `Ledger.record`.
        """
        command = self.closing(period, reason=reason, actor=actor, at=at, settled=settled)
        answer = self.ledger.record(command, command_id=command_id or f"payroll/close/{uuid4()}")
        if answer.refusal is None:
            self.wait_for(self.ledger.head().position)
        return Closing(command, answer)

    def closing(
        self,
        period: str,
        *,
        reason: str | None = None,
        actor: str = SYSTEM,
        at: datetime | None = None,
        settled: bool = False,
    ) -> ClosePeriod:
        """The command that closes a month as it stands. Of one that cannot be closed nothing is looked at; it will be refused.

        Raises as `look`.
        """
        when = at or self.ledger.now()
        by: dict[str, Any] = {"period": period, "actor": actor, "reason": reason, "at": when, "settled": settled}
        if not_open(period, self.periods()):
            return ClosePeriod(**by, position=NOWHERE, plans={}, totals=(), digest="")
        looked = self.look(period, settled=settled)
        pinned = {
            name: getattr(looked, name) for name in ("position", "plans", "totals", "digest", "exports", "unusual")
        }
        return ClosePeriod(**by, **pinned)

    @contextmanager
    def statements(self, period: str) -> Iterator[Opened]:
        """A period's statements, in one instant. Raises `NoSuchPeriod`, `ProjectionBehind` or `ProjectionStopped`."""
        self.wait_for(self.ledger.head().position)
        with closing(self.connect()) as connection, opened(connection, period) as found:
            yield found

    def statement(self, period: str, payee: str) -> dict[str, Statement]:
        """One payee's statements of a month, by currency. Raises as `statements`."""
        with self.statements(period) as found:
            return of_payee(found, payee)

    def wait_for(self, position: int) -> None:
        """Bring the read models up to a position; wait while another process holds them. Raises `ProjectionBehind`."""
        until, waiting = monotonic() + self.patience_s, Event()
        while True:
            try:
                self.runner.catch_up(position)
            except (BlockingIOError, errors.LockNotAvailable) as error:
                if monotonic() > until:
                    raise ProjectionBehind(
                        f"The read models are behind position {position} ({error}). Wait for them, and ask again."
                    ) from error
                waiting.wait(RETRY_AFTER_S)
            else:
                return


def plans_of(found: Opened) -> list[str]:
    """The policies by which the period's lines were reckoned, and that of the period."""
    statement = sql.SQL("SELECT DISTINCT policy FROM {} WHERE period = {} AND policy IS NOT NULL").format(
        found.shelves.rows, sql.Literal(found.heading.period)
    )
    return sorted({found.heading.policy, *(row[0] for row in found.connection.execute(statement))})
