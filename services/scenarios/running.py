"""Tells a story to a ledger, command by command at the story's own times, and compares what came of it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection

from domain.case.course import Case
from domain.contract.facts import MilestoneDue, MilestoneOverdue
from domain.facts import AnyFact
from domain.payroll.decisions import ClosePeriod
from domain.pool.facts import CustomerDropped, RetentionWarned
from domain.record import Recorded
from domain.visit.facts import ProtectionExpired
from projections.booking import BookedLine
from projections.lines import lines
from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.answer import Answer
from services.ledger.application import Ledger
from services.payroll.run import PayrollRun
from services.payroll.statements import READ
from services.scenarios.comparing import Comparison
from services.scenarios.courtroom import Courtroom
from services.scenarios.expecting import Looking, arranged_as_attributed, compare
from services.scenarios.hindsight import Hindsight, decided_again, looked_back
from services.scenarios.reading import Act, Scenario
from services.scenarios.reckoning import Reckoning
from services.scenarios.stage import StoryClock, throw_away_ledger
from services.scenarios.stating import nothing_lost
from services.scenarios.story import MonthClosed
from services.sweeper import sweep
from services.vault import Vault

Sweeper = Literal["on-time", "late", "never"]
"""When the clock's facts are brought in: at each of their instants, at the end of the story, or only by commands."""

PAGE = 1_000
CLOCKS_FACTS = CustomerDropped | RetentionWarned | ProtectionExpired | MilestoneDue | MilestoneOverdue


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a story: every expectation beside what is, and the log at its end. `schema` is its ledger's."""

    scenario: Scenario
    comparisons: tuple[Comparison, ...]
    refusals: tuple[tuple[str, str], ...]
    reckoning: Reckoning
    schema: str

    @property
    def failed(self) -> list[Comparison]:
        return [each for each in self.comparisons if not each.good]

    def in_short(self) -> dict[str, Any]:
        """Owners, refusals, claims, lines and bookings: what must not depend on when the clock's facts were brought in."""
        said = self.reckoning
        return {
            "owners": {customer: said.intervals(customer) for customer in said.customers()},
            "refusals": self.refusals,
            "claims": [(claim.at, claim.rep, claim.customer, claim.code) for claim in said.refused_claims()],
            "lines": [booking for deal in said.deals() for booking in said.booked(deal)],
            "facts": {c: [(fact.kind, fact.at) for fact in said.history(f"customer/{c}")] for c in said.customers()},
        }


def run(
    scenario: Scenario,
    dsn: str,
    *,
    sweeper: Sweeper = "on-time",
    keep: Vault | None = None,
    progress: Callable[[int], object] | None = None,
) -> Outcome:
    """Tell the story to a throw-away ledger on the database, and compare.

    `keep` is the vault of a ledger that stays. `progress` hears how many of the acts are done. Raises what
    `open_ledger`, `Ledger.record` and `sweep` raise.
    """
    clock = StoryClock()
    with throw_away_ledger(dsn, clock, keep) as ledger:
        telling = Telling(scenario, ledger, clock, sweeper)
        for done, act in enumerate(scenario.acts, start=1):
            telling.tell(act)
            if progress:
                progress(done)
        return telling.end()


class Telling:
    """A story being told."""

    def __init__(self, scenario: Scenario, ledger: Ledger, clock: StoryClock, sweeper: Sweeper) -> None:
        self.scenario = scenario
        self.ledger = ledger
        self.clock = clock
        self.sweeper = sweeper
        log = log_of(ledger.notification_log, ledger.mapper)
        self.courtroom = Courtroom(self.connection)
        self.runner = Runner(self.connection, log, channel=ledger.log_recorder.channel, models=READ)
        self.payroll = PayrollRun(ledger, self.runner, self.unhurried)
        self.log: list[Recorded] = []
        self.seen: dict[str, int] = {}
        self.refusals: list[tuple[str, str]] = []
        self.comparisons: list[Comparison] = []

    def tell(self, act: Act) -> None:
        """Let the time come, give the command if there is one, and compare what the act expects."""
        self.wait_until(act.recorded_at)
        if act.closes:
            act = replace(act, command=self.closing(act.closes))
        if act.command:
            command = self.courtroom.completed(act.command, self.case)
            answer = self.ledger.record(command, command_id=act.command_id)
            if answer.refusal:
                self.refusals.append((act.what, answer.refusal.code))
                self.courtroom.refused_with = answer.refusal.rival
            if self.sweeper == "on-time":
                sweep(self.ledger)
            self.read_on()
            self.comparisons += self.of_command(act, answer)
        if act.expected:
            self.comparisons += compare(act.expected, self.look(money=act.expected.of_money), (*act.steps, "expect"))
            self.comparisons += looked_back(act.expected, self.hindsight(), (*act.steps, "expect"))

    def end(self) -> Outcome:
        """Let the story's end come, and compare what is expected of the whole."""
        self.wait_until(self.scenario.ends)
        if self.sweeper != "never":
            sweep(self.ledger)
        self.read_on()
        look = self.look(money=True)
        self.comparisons += compare(self.scenario.story.expect, look, ("expect",))
        self.comparisons += arranged_as_attributed(look.reckoning)
        self.comparisons += looked_back(self.scenario.story.expect, self.hindsight(), ("expect",))
        self.comparisons.append(decided_again(self.ledger))
        self.comparisons += nothing_lost(self.log, self.payroll)
        return Outcome(self.scenario, tuple(self.comparisons), tuple(self.refusals), look.reckoning, self.ledger.schema)

    def closing(self, closes: MonthClosed) -> ClosePeriod:
        """The command that closes a month as it stands."""
        told: Any = {"reason": closes.reason, "actor": closes.actor, "at": closes.at, "settled": closes.settled}
        return self.payroll.closing(closes.period, **told)

    def wait_until(self, at: datetime) -> None:
        """Move the clock on; a sweeper on time stops at every instant on the way of which there is something to tell."""
        while self.sweeper == "on-time" and (instant := self.next_alarm(at)):
            self.clock.move_to(instant)
            sweep(self.ledger)
        self.clock.move_to(at)
        self.read_on()

    def case(self, case: str) -> Case:
        """How a case stands by now."""
        return Reckoning(tuple(self.log), self.clock.now).case(case)

    def next_alarm(self, until: datetime) -> datetime | None:
        with self.ledger.log_recorder.readers.connection() as connection:
            row = connection.execute("select min(at) from alarm where at <= %s", (until,)).fetchone()
        found = row[0] if row else None
        return found if isinstance(found, datetime) else None

    def read_on(self) -> None:
        while page := self.ledger.read_all(after=len(self.log), limit=PAGE):
            self.log += page

    def look(self, *, money: bool) -> Looking:
        """What can be said of the story so far; of its money only if asked, since that has to be arranged first."""
        reckoning = Reckoning(tuple(self.log), self.clock.now, self.booked_lines() if money else ())
        return Looking(reckoning, tuple(code for _, code in self.refusals), self.scenario.story.instant, self.payroll)

    def hindsight(self) -> Hindsight:
        return Hindsight(self.ledger, self.log, self.scenario.story.zone)

    def booked_lines(self) -> list[BookedLine]:
        """The commission lines that the read model books of the log so far."""
        self.runner.catch_up()
        found: list[BookedLine] = []
        after = None
        with closing(self.connection()) as connection:
            while True:
                page = lines(connection, limit=PAGE, after=after)
                found += page.rows
                after = page.after
                if after is None:
                    return found

    def connection(self) -> Connection[Any]:
        return connect(self.ledger.dsn, self.ledger.schema)

    def unhurried(self) -> Connection[Any]:
        return connect(self.ledger.dsn, self.ledger.schema, timeouts=False)

    def of_command(self, act: Act, answer: Answer) -> list[Comparison]:
        """How the command was answered, beside what is expected; who expects nothing expects that it is accepted."""
        kinds = self.changed(act, answer)
        steps = (*act.steps, "expect") if act.expected else act.steps
        wanted = str(act.expected.refused) if act.expected and act.expected.refused else "accepted"
        told = str(answer.refusal.code if wanted != "accepted" else answer.refusal) if answer.refusal else "accepted"
        found = [Comparison(f"{named(act)} is", wanted, told, (*steps, "refused"))]
        if act.expected and act.expected.rival:
            rival = answer.refusal and answer.refusal.rival
            found.append(Comparison(f"in the way of {named(act)}", act.expected.rival, rival, (*steps, "rival")))
        if act.expected and act.expected.facts is not None:
            found.append(Comparison(f"facts of {named(act)}", list(act.expected.facts), kinds, (*steps, "facts")))
        return found

    def changed(self, act: Act, answer: Answer) -> list[str]:
        """The kinds of the facts that the histories changed by the command hold since a command last changed them.

        So the clock's facts are among them, whoever brought them in.
        """
        assert act.command is not None, "a look changes nothing"
        own: Sequence[AnyFact] = [self.log[position - 1].fact for position in answer.positions if not answer.repeated]
        others = (fact.stream for fact in own if not isinstance(fact, CLOCKS_FACTS))
        streams = list(dict.fromkeys((act.command.stream, *others)))
        kinds: list[str] = [
            each.fact.kind
            for stream in streams
            for each in self.log[self.seen.get(stream, 0) :]
            if each.stream == stream
        ]
        self.seen |= dict.fromkeys(streams, len(self.log))
        return kinds


def named(act: Act) -> str:
    """What a person calls the act: its command and when it was."""
    assert act.command is not None, "a look has no name"
    return act.what if act.is_set_up else f"{act.what} of {act.command.at:%Y-%m-%d %H:%M}"
