"""A company whose deals pay commission: a clock that tests set, commands in one line, and the payroll run beside them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from domain.commands import parse
from domain.commission import attribute
from domain.fact import OfDeal, Part
from domain.facts import DealStreamFact
from domain.payroll.facts import PeriodClosed
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.refusals import Refusal
from domain.streams import DealStream, evolve_deal
from projections.runner import Runner, log_of
from projections.statements import StatementRow, StatementSums
from services.database import connect
from services.ledger.answer import Answer
from services.ledger.application import Ledger
from services.payroll.run import Closing, PayrollRun
from services.scenarios.stage import StoryClock
from tests.conftest import OpenLedger
from tests.domain.story import on, shipped

Key = tuple[str, str, str, str | None, str | None]

__all__ = ["Company", "Part", "company"]


@dataclass
class Company:
    """`clock` is the time of recording. Deals are signed by whom they are named after: `D-Li` pays Li all roles."""

    ledger: Ledger
    clock: StoryClock
    run: PayrollRun
    count: int = 0
    policy: PolicyVersion = field(default_factory=lambda: shipped("b2b-1"))

    def tells(self, name: str, at: str, /, **fields: Any) -> Answer:
        answer = self.asks(name, at, **fields)
        assert answer.refusal is None, f"{name}: {answer.refusal}"
        return answer

    def asks(self, name: str, at: str, /, recorded: str | None = None, **fields: Any) -> Answer:
        self.clock.move_to(on(recorded or at))
        self.count += 1
        command = parse({"name": name, "at": on(at).isoformat(), **fields})
        assert not isinstance(command, Refusal), str(command)
        return self.ledger.record(command, command_id=f"told/{self.count}")

    def founded(self, *people: str) -> None:
        self.tells("publish-policy", "2023-01-01 09:00", version=self.policy.model_dump(mode="json"))
        self.tells("create-unit", "2023-01-01 09:00", unit="team", title="Team")
        for rep, duty in {
            **dict.fromkeys(people, "rep"),
            "Ma": "manager",
            "Fan": "finance",
            "Kong": "committee",
        }.items():
            self.tells("join-rep", "2023-01-02 09:00", rep=rep, unit="team", duty=duty)

    def signed(self, rep: str, at: str = "01-02 09:00", amount: int = 10**12, currency: str = "CNY") -> str:
        deal = f"D-{rep}" if currency == "CNY" else f"D-{rep}-{currency}"
        if currency == "CNY":
            self.tells("register-customer", at, customer=f"C-{rep}", customer_name=f"店 {rep}", by=rep)
        self.tells("open-deal", at, deal=deal, customer=f"C-{rep}", rep=rep)
        told = {"contract": f"K-{deal}", "amount": amount, "currency": currency, "actor": "Ma"}
        self.tells("sign-contract", at, deal=deal, rep=rep, **told)
        return deal

    def received(
        self, deal: str, amount: int, at: str, payment: str = "P-1", currency: str = "CNY", **told: Any
    ) -> None:
        fields = {"payment": payment, "external_id": f"{deal}:{payment}", "amount": amount, "currency": currency}
        self.tells("receive-payment", at, deal=deal, **fields, **told)

    def refunded(
        self, deal: str, amount: int, at: str, payment: str = "P-1", refund: str = "R-1", currency: str = "CNY"
    ) -> None:
        fields = {"payment": payment, "refund": refund, "amount": amount, "currency": currency}
        self.tells("refund-payment", at, deal=deal, **fields)

    def opens(self, period: str, at: str) -> Answer:
        self.clock.move_to(on(at))
        return self.run.open(period, actor="Fan")

    def closes(self, period: str, at: str, reason: str | None = "seen") -> Closing:
        self.clock.move_to(on(at))
        return self.run.close(period, actor="Fan", reason=reason)

    def month(self, period: str, opened: str, closed: str, reason: str | None = "seen") -> None:
        """Open a month if it is not, and close it."""
        if period not in self.run.periods().periods:
            answer = self.opens(period, opened)
            assert answer.refusal is None, str(answer.refusal)
        found = self.closes(period, closed, reason)
        assert found.refusal is None, str(found.refusal)

    def rows(self, period: str, payee: str | None = None) -> list[StatementRow]:
        with self.run.statements(period) as found:
            return list(found.rows(payee))

    def sums(self, period: str, payee: str, currency: str = "CNY") -> StatementSums:
        with self.run.statements(period) as found:
            return next(each for each in found.sums(payee) if each.currency == currency)

    def in_short(self, period: str, payee: str) -> list[tuple[str, str | None, int]]:
        """Section, cause and amount of each row, summed by section and cause in the order of the statement."""
        amounts = Counter[tuple[str, str | None]]()
        for row in self.rows(period, payee):
            amounts[row.section, row.cause] += row.amount
        return [(*key, amount) for key, amount in amounts.items()]

    def attributed(self, until: int) -> Counter[Key]:
        """What `attribute` says of every deal as known at a position, by deal, payment, role, whose and payee."""
        streams: dict[str, DealStream] = {}
        plans: dict[str, PolicyVersion] = {}
        amounts = Counter[Key]()
        for recorded in self.everything():
            if recorded.position > until:
                break
            if isinstance(recorded.fact, PolicyPublished):
                plans[recorded.fact.policy] = recorded.fact.version
            elif isinstance(recorded.fact, OfDeal):
                before = streams.get(recorded.fact.deal, DealStream())
                streams[recorded.fact.deal] = evolve_deal(
                    before, cast(DealStreamFact, recorded.fact), recorded.position
                )
        for deal, stream in streams.items():
            if stream.contract.signing:
                for line in attribute(stream, plans[stream.contract.signing.policy]):
                    amounts[(deal, *line.key)] += line.amount
        return +amounts

    def everything(self) -> Iterator[Any]:
        after = 0
        while page := self.ledger.read_all(after=after):
            yield from page
            after = page[-1].position

    def stated(self, until: str) -> Counter[Key]:
        """What the accruals and adjustments of all statements up to a period come to, by the same key."""
        amounts = Counter[Key]()
        for period in [each for each in self.run.periods().periods if each <= until]:
            for row in self.rows(period):
                if row.section in ("accrual", "adjustment"):
                    assert row.deal, "a line is of a deal"
                    assert row.payment, "and of a payment"
                    assert row.role, "and of a role"
                    amounts[row.deal, row.payment, row.role, row.of, row.payee or None] += row.amount
        assert all(amount >= 0 for amount in amounts.values())
        return +amounts

    def closings(self) -> list[PeriodClosed]:
        return list(self.run.periods().closed())


@contextmanager
def company(open_here: OpenLedger, *people: str, policy: PolicyVersion | None = None) -> Iterator[Company]:
    """A company of a lawful year, with these reps."""
    clock = StoryClock()
    ledger = open_here(clock)
    runner = Runner(
        lambda: connect(ledger.dsn, ledger.schema),
        log_of(ledger.notification_log, ledger.mapper),
        channel=ledger.log_recorder.channel,
    )
    run = PayrollRun(ledger, runner, lambda: connect(ledger.dsn, ledger.schema, timeouts=False))
    made = Company(ledger, clock, run, policy=policy or shipped("b2b-1"))
    made.founded(*people)
    yield made
