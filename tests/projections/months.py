"""Months of pay without a ledger: facts drawn by chance, folded into real tables and taken back, and what they must come to.

Three reps, two deals in two currencies. Everything that moves money happens: receipts, refunds, roles that pass to others or to
nobody, sharings, holds and their end, people who leave and come back, and months that are closed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.commission import attribute
from domain.contract.facts import ContractSigned
from domain.deal.facts import DealOpened
from domain.fact import OfDeal, Part
from domain.facts import AnyFact
from domain.mentorship.facts import SharingAgreed
from domain.months import begins, day_in, following
from domain.organisation.facts import RepJoined, RepLeft
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.payout.facts import PayoutHeld, PayoutReleased
from domain.payroll.facts import PeriodClosed, PeriodOpened
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.rate.facts import RatePublished
from domain.record import Recorded
from domain.role.facts import RoleRevoked, RoleTransferred
from domain.streams import DealStream, evolve_deal
from projections.folding import fold
from projections.lines import Lines
from projections.log import Log
from projections.registry import Generation
from projections.statements import StatementRow, StatementSums
from tests.domain.story import on
from tests.projections.generated import plan

REPS = ("Li", "Zhou", "Feng")
DEALS = {"D-1": "CNY", "D-2": "KWD"}
ROLES = ("ENTRY", "COLLECTOR", "CLOSER")
Key = tuple[str, str, str, str | None, str | None]


def terms(window_months: int, cap: int) -> PolicyVersion:
    payroll = {"pay_day": 15, "clawback": {"window_months": window_months, "cap": cap}}
    return PolicyVersion.model_validate(plan() | {"payroll": payroll, "scope": {}})


@dataclass
class Months:
    """Draws facts one by one; `stand` is what each deal's stream comes to."""

    policy: PolicyVersion
    facts: list[AnyFact] = field(default_factory=list)
    received: dict[tuple[str, str], int] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: on("2024-01-01 09:00"))
    month: str = "2024-01"
    count: int = 0

    def __post_init__(self) -> None:
        name = self.policy.policy
        told: Any = {"policy": name, "content_hash": self.policy.content_hash, "version": self.policy, "by": "Ma"}
        self.add(PolicyPublished(at=self.at, **told))
        for rep in REPS:
            self.add(RepJoined(at=self.at, rep=rep, unit="team", duty="rep"))
        for deal, currency in DEALS.items():
            self.add(DealOpened(at=self.at, deal=deal, customer="C-1", rep="Li", stage="lead", policy=name))
            signed: Any = {
                "contract": f"K-{deal}",
                "customer": "C-1",
                "rep": "Li",
                "amount": 10**12,
                "currency": currency,
            }
            self.add(ContractSigned(at=self.at, deal=deal, policy=name, plan_hash=self.policy.content_hash, **signed))
        self.open()

    def add(self, fact: AnyFact) -> None:
        self.facts.append(fact)

    def open(self) -> None:
        zone, after = self.policy.zone, following(self.month)
        when: Any = {"begins": begins(self.month, zone), "ends": begins(after, zone), "pay_day": day_in(after, 15)}
        self.add(PeriodOpened(at=self.at, period=self.month, policy=self.policy.policy, by="Fan", **when))

    def does(self, what: str, which: int, amount: int) -> None:
        """Let a thing happen, a day later than the one before; one that cannot happen does not."""
        self.at += timedelta(days=1)
        self.count += 1
        deal, rep, role = list(DEALS)[which % 2], REPS[which % 3], ROLES[which % 5 % 3]
        told: dict[str, Any] = {"at": self.at, "deal": deal}
        match what:
            case "receive":
                late = timedelta(days=40) if which % 7 == 0 else timedelta(0)
                payment = f"P-{self.count}"
                self.received[deal, payment] = amount
                bank: Any = {"payment": payment, "external_id": payment, "amount": amount, "currency": DEALS[deal]}
                self.add(PaymentReceived(deal=deal, at=self.at - late, **bank))
            case "refund" if self.received:
                (deal, payment), left = list(self.received.items())[which % len(self.received)]
                if left:
                    back = min(amount, left)
                    self.received[deal, payment] -= back
                    gone: Any = {
                        "payment": payment,
                        "refund": f"R-{self.count}",
                        "amount": back,
                        "currency": DEALS[deal],
                    }
                    self.add(PaymentRefunded(at=self.at, deal=deal, **gone))
            case "transfer":
                parts = (Part(rep=rep, bps=3333), Part(rep=REPS[(which + 1) % 3], bps=6667))
                since: Any = {
                    "effective_from": self.at - timedelta(days=amount % 90),
                    "by": "Kong",
                    "ground": "so ruled",
                }
                self.add(RoleTransferred(**told, role=role, parts=parts, **since))
            case "revoke":
                since = {"effective_from": self.at - timedelta(days=amount % 90), "by": "Kong", "ground": "so ruled"}
                self.add(RoleRevoked(**told, role=role, **since))
            case "share":
                parts = (Part(rep=rep, bps=9000), Part(rep=REPS[(which + 2) % 3], bps=1000))
                since = {"effective_from": self.at - timedelta(days=amount % 60), "ground": "agreed"}
                self.add(SharingAgreed(**told, of=rep, parts=parts, **since))
            case "hold":
                narrow: Any = [{}, {"role": role}, {"payee": rep}, {"role": role, "payee": rep}][amount % 4]
                self.add(PayoutHeld(**told, case=f"K-{which % 3}", clause="B2B-1/disputes", **narrow))
            case "lift":
                narrow = [{}, {"role": role}][amount % 2]
                self.add(PayoutReleased(**told, case=f"K-{which % 3}", ground="decided", **narrow))
            case "leave":
                self.add(RepLeft(at=self.at, rep=rep, ground="gone"))
            case "come":
                self.add(RepJoined(at=self.at, rep=rep, unit="team", duty="rep"))
            case "rate":
                self.publish(f"{amount % 90}.{amount % 997 + 1}")
            case "close":
                self.close()
            case "close-behind":
                self.close(behind=amount % 7)

    def publish(self, rate: str) -> None:
        told: Any = {"currency": "KWD", "into": "CNY", "rate": rate, "source": "parity"}
        self.add(RatePublished(at=self.at, period=self.month, by="Fan", **told))

    def close(self, behind: int = 0) -> None:
        """Close the month at the end of the log, or some facts before it."""
        last = max((closing.position for closing in self.closings()), default=0)
        position = max(last, len(self.facts) - behind)
        pinned: Any = {"plans": {}, "totals": (), "digest": "", "position": position}
        self.add(PeriodClosed(at=self.at, period=self.month, policy=self.policy.policy, by="Fan", **pinned))
        self.month = following(self.month)
        self.open()

    def recorded(self) -> list[Recorded]:
        versions = Counter[str]()
        found = []
        for position, fact in enumerate(self.facts, 1):
            versions[fact.stream] += 1
            at = max(each.at for each in self.facts[:position])
            envelope = (
                UUID(int=position),
                fact.stream,
                versions[fact.stream],
                at,
                "Fan",
                f"told/{position}",
                None,
                None,
            )
            found.append(Recorded(position, *envelope, fact))
        return found

    def closings(self) -> list[PeriodClosed]:
        return [fact for fact in self.facts if isinstance(fact, PeriodClosed)]

    def streams(self, until: int) -> dict[str, DealStream]:
        """Every deal as known at a position."""
        found = dict.fromkeys(DEALS, DealStream())
        for position, fact in enumerate(self.facts[:until], 1):
            if isinstance(fact, OfDeal):
                found[fact.deal] = evolve_deal(found[fact.deal], fact, position)
        return found

    def attributed(self, until: int) -> Counter[Key]:
        amounts = Counter[Key]()
        for deal, stream in self.streams(until).items():
            for line in attribute(stream, self.policy):
                amounts[(deal, line.payment, line.role, line.of, line.payee)] += line.amount
        return +amounts


def folded(connection: Connection[Any], generation: Generation, recorded: Sequence[Recorded], batch: int) -> None:
    """Fold the facts into the tables of the lines, so many at a time."""

    def nothing(*_: Any) -> Any:
        raise LookupError("all deals are at hand")

    for i in range(0, len(recorded), batch):
        fold(connection, Log(nothing, nothing), generation, recorded[i : i + batch])


def fresh() -> Generation:
    return Generation(Lines(), 1, Lines.version, live=True, position=0)


def rows(connection: Connection[Any], period: str) -> list[StatementRow]:
    columns = ", ".join(f'"{name}"' for name in StatementRow.__dataclass_fields__)
    statement = f"SELECT {columns} FROM statement_row_1 WHERE period = %s ORDER BY currency, payee, number"
    return [StatementRow(*row) for row in connection.execute(statement.encode(), [period])]


def sums(connection: Connection[Any], period: str) -> Iterator[StatementSums]:
    columns = ", ".join(f'"{name}"' for name in StatementSums.__dataclass_fields__)
    statement = f"SELECT {columns} FROM statement_1 WHERE period = %s ORDER BY currency, payee"
    return (StatementSums(*row) for row in connection.execute(statement.encode(), [period]))
