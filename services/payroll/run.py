"""The payroll run: open a month, look at what is unusual, close it, and read its statements."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from time import monotonic
from typing import Any, Final, cast
from uuid import uuid4

import structlog
from psycopg import Connection, errors

from domain.fact import PAYROLL, POLICIES, SYSTEM
from domain.payroll.decisions import ClosePeriod, OpenPeriod, not_open
from domain.payroll.facts import Payroll, PayrollFact, evolve
from domain.policy.facts import PolicyPublished
from domain.refusals import Refusal
from projections.folding import LOST, Overtaken, ProjectionStopped
from projections.runner import Runner
from services.ledger.answer import Answer
from services.ledger.application import Ledger
from services.payroll.closing import Held, held
from services.payroll.looking import Look, Looked, Telling, nobody_asked
from services.payroll.statement import NoSuchPeriod
from services.payroll.statements import Opened, Statement, moment, of_payee, opened

__all__ = ["Closing", "Looked", "PayrollRun", "ProjectionBehind"]

RETRY_AFTER_S = 0.2

logger: Final = structlog.get_logger("payroll")

NOWHERE = -1
"""The position of a closing that reaches nothing: wherever the log stands, it is refused."""


class ProjectionBehind(TimeoutError):
    """The read models are not up to the log, and did not get there while it was waited for. Nothing was closed."""


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
        return periods(self.ledger)

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

    def look(
        self, period: str, *, exports: bool = True, settled: bool = False, telling: Telling = nobody_asked
    ) -> Looked:
        """Arrange an open month as if it were closed now, and say what is unusual. Changes nothing.

        One that was `settled` elsewhere ends before the first receipt or refund of a later month.

        Raises `NoSuchPeriod`, `ProjectionBehind` or `ProjectionStopped`.
        """
        self.wait_for(self.ledger.head().position)
        look = looking(self.ledger, settled=settled, telling=telling)
        gathering = look.payroll.open
        if gathering is None or gathering.period != period:
            raise NoSuchPeriod(period)
        with closing(self.connect()) as connection, moment(connection):
            return look.at(connection, period, exports=exports)

    def close(
        self,
        period: str,
        *,
        reason: str | None = None,
        actor: str = SYSTEM,
        at: datetime | None = None,
        command_id: str | None = None,
        settled: bool = False,
        telling: Telling = nobody_asked,
    ) -> Closing:
        """Close a month: one fact, which pins what was looked at. Repeating it after a crash is refused or done, never half.

        Of one that was `settled` elsewhere nothing is paid from here, and all of it counts as paid.

        Raises as `look` and `Ledger.record`.
        """
        told = command_id or f"payroll/close/{uuid4()}"
        when = at or self.ledger.now()
        by: dict[str, Any] = {"period": period, "actor": actor, "reason": reason, "at": when, "settled": settled}
        if not_open(period, self.periods()):
            return self._refused(by, told)
        self.wait_for(self.ledger.head().position)
        with closing(self.connect()) as connection, self._held(connection) as lines:
            look = looking(self.ledger, settled=settled, telling=telling)
            if not_open(period, look.payroll):
                return self._refused(by, told)
            looked = look.at(connection, period, beside=partial(lines.keeping, over=bool(reason)))
            command = ClosePeriod(**by, **looked.pinned())
            answer = self.ledger.record(command, command_id=told)
            if answer.accepted:
                self._go_on(lines, answer.positions[-1])
        if answer.accepted:
            self.wait_for(self.ledger.head().position)
        return Closing(command, answer)

    def _refused(self, by: Mapping[str, Any], command_id: str) -> Closing:
        command = ClosePeriod(**by, position=NOWHERE, plans={}, totals=(), digest="")
        return Closing(command, self.ledger.record(command, command_id=command_id))

    @contextmanager
    def _held(self, connection: Connection[Any]) -> Iterator[Held]:
        try:
            with held(connection, self.patience_s) as lines:
                yield lines
        except errors.LockNotAvailable as error:
            raise ProjectionBehind(f"Another process holds the read models ({error}). Ask again.") from error

    def _go_on(self, lines: Held, until: int) -> None:
        """Fold the closing with what was written for it. Where that fails it is recorded all the same: the runner folds it again."""
        try:
            lines.go_on(self.runner.log, until)
        except (ProjectionStopped, Overtaken, *LOST) as error:
            logger.warning("the closing is arranged again", position=until, error=type(error).__name__)

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
        return ClosePeriod(**by, **self.look(period, settled=settled).pinned())

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


def periods(ledger: Ledger) -> Payroll:
    """Every period as it stands now."""
    payroll = Payroll()
    for recorded in ledger.read(PAYROLL):
        payroll = evolve(payroll, cast(PayrollFact, recorded.fact), recorded.position)
    return payroll


def looking(ledger: Ledger, *, settled: bool = False, telling: Telling = nobody_asked) -> Look:
    """What a month is looked at with, as the ledger stands."""
    facts = (each.fact for each in ledger.read(POLICIES))
    book = {fact.policy: fact for fact in facts if isinstance(fact, PolicyPublished)}
    return Look(periods(ledger), book, ledger.now(), settled, telling)
