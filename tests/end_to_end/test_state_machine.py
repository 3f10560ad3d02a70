"""A ledger on real PostgreSQL beside a model of plain dictionaries: whatever is done to both, they agree.

Two processes' worth of ledger write to one schema in turn, the clock moves as it likes, the sweeper comes when it comes, and
reports come in late. The model knows no events: it holds who owns what until when, and what was paid.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from psycopg import sql

from domain.commands import AnyCommand, parse
from domain.policy.terms import Newcomer, PolicyVersion
from domain.pool.facts import CustomerClaimed, CustomerDropped, CustomerReassigned, CustomerReleased
from domain.refusals import Refusal
from services.ledger.answer import Answer
from services.ledger.application import Ledger, open_ledger
from services.sweeper import sweep
from services.vault import Vault
from tests.domain.story import metres_north, photo
from tests.samples import BEGIN, opening, policy

DAY = timedelta(days=1)
RETENTION, CAP, COOL_DOWN, MOST_HELD, MOST_CLAIMS = 7 * DAY, 42 * DAY, 7 * DAY, 2, 3
REPS = ("Li", "Zhou", "Wang")
SHOPS = ("S-1", "S-2", "S-3", "S-4")
CHANGES_HANDS = (CustomerClaimed, CustomerReassigned, CustomerReleased, CustomerDropped)

rep_names, shop_names = st.sampled_from(REPS), st.sampled_from(SHOPS)
lateness = st.one_of(st.just(timedelta(0)), st.integers(1, 47).map(lambda hours: timedelta(hours=hours)))


@dataclass
class Shop:
    """What the model knows of a customer."""

    owner: str | None = None
    since: datetime = datetime.min.replace(tzinfo=UTC)
    deadline: datetime = datetime.max.replace(tzinfo=UTC)
    cap: datetime = datetime.max.replace(tzinfo=UTC)
    won: bool = False
    lost_by: list[tuple[str, datetime]] = field(default_factory=list)

    def given_up(self, at: datetime) -> None:
        if self.owner:
            self.lost_by.append((self.owner, at))
        self.owner, self.since = None, at

    def taken(self, rep: str, at: datetime) -> None:
        if self.owner:
            self.lost_by.append((self.owner, at))
        self.owner, self.since = rep, at
        self.deadline, self.cap = (
            (at + RETENTION, at + CAP) if not self.won else (datetime.max.replace(tzinfo=UTC),) * 2
        )


def narrow() -> PolicyVersion:
    """A policy whose limits are reached soon."""
    terms = policy(days=RETENTION.days)
    few = {"held": MOST_HELD, "claims_a_day": MOST_CLAIMS, "close": 1, "newcomer": Newcomer(days=90, close=1)}
    pool = terms.pool.model_copy(update={"quota": terms.pool.quota.model_copy(update=few)})
    return terms.model_copy(update={"pool": pool})


class LedgerBesideModel(RuleBasedStateMachine):
    """Each rule does one thing to the ledger and to the model, and compares the two answers."""

    dsn: str

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.shops = {name: Shop() for name in SHOPS}
        self.claims: dict[tuple[str, str], int] = {}
        self.receipts: dict[str, int] = {}
        self.external: set[str] = set()
        self.told: list[tuple[str, AnyCommand, Answer]] = []
        self.schema = f"machine_{uuid4().hex[:16]}"
        vault = Vault(bytes(32))
        self.ledgers: list[Ledger] = [open_ledger(self.dsn, self.schema, vault, lambda: self.now) for _ in range(2)]
        self.writer = 0
        assert all(answer.accepted for answer in self.ledgers[0].record_many(opening(*REPS, terms=narrow())))
        for name in (*SHOPS, "payer"):
            told = {"customer": name, "by": "Li", "customer_name": f"The shop {name}", "place": metres_north(0)}
            self.accepted("register-customer", **told)
            self.accepted("open-deal", deal=f"deal-{name}", customer=name, rep="Li", stage="solution")
        self.accepted("sign-contract", deal="deal-payer", contract="C", rep="Li", amount=10**6, currency="CNY")

    def teardown(self) -> None:
        try:
            self.agree()
            assert self.ledgers[0].refold().difference is None
        finally:
            for ledger in self.ledgers:
                ledger.close()
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(self.schema)))

    def answer(self, name: str, late: timedelta = timedelta(0), **fields: Any) -> str | None:
        """The code of the ledger's refusal, None when it accepts."""
        command = parse({"name": name, "at": self.now - late, **fields})
        assert not isinstance(command, Refusal), str(command)
        command_id = f"machine:{len(self.told)}"
        self.writer = 1 - self.writer
        answer = self.ledgers[self.writer].record(command, command_id=command_id)
        assert not answer.repeated
        self.told.append((command_id, command, answer))
        return str(answer.refusal.code) if answer.refusal else None

    def accepted(self, name: str, **fields: Any) -> None:
        assert self.answer(name, **fields) is None

    def lapse(self) -> None:
        """What the clock has made happen by now, as the model has it."""
        for shop in self.shops.values():
            if shop.owner and shop.deadline <= self.now:
                shop.given_up(shop.deadline)

    def held(self, rep: str) -> int:
        return sum(shop.owner == rep and not shop.won for shop in self.shops.values())

    @rule(hours=st.sampled_from([1, 5, 24, 47, 24 * 5, 24 * 7, 24 * 8]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(name=shop_names, rep=rep_names)
    def claim_at_once(self, name: str, rep: str) -> None:
        self.claim(name, rep, timedelta(0))

    @rule(name=shop_names, rep=rep_names, late=lateness)
    def claim(self, name: str, rep: str, late: timedelta) -> None:
        self.lapse()
        at, shop = max(BEGIN, self.now - late), self.shops[name]
        day = (rep, at.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat())
        expected = None
        if shop.owner:
            expected = "customer-held"
        elif at < shop.since:
            expected = "overtaken"
        elif any(former == rep and at < lost + COOL_DOWN for former, lost in shop.lost_by):
            expected = "cooling-down"
        elif self.held(rep) >= MOST_HELD:
            expected = "pool-full"
        elif self.claims.get(day, 0) >= MOST_CLAIMS:
            expected = "claims-spent"
        assert self.answer("claim-customer", self.now - at, customer=name, rep=rep) == expected
        if expected is None:
            self.claims[day] = self.claims.get(day, 0) + 1
            shop.taken(rep, at)

    @rule(name=shop_names, rep=rep_names)
    def release(self, name: str, rep: str) -> None:
        self.lapse()
        shop = self.shops[name]
        expected = "not-held" if shop.owner is None else "not-owner" if shop.owner != rep else None
        assert self.answer("release-customer", customer=name, rep=rep) == expected
        if expected is None:
            shop.given_up(self.now)

    @rule(name=shop_names, to=rep_names)
    def reassign(self, name: str, to: str) -> None:
        self.lapse()
        shop = self.shops[name]
        expected = "customer-held" if shop.owner == to else None
        assert self.answer("reassign-customer", customer=name, to=to, actor="Boss", ground="so decided") == expected
        if expected is None:
            shop.taken(to, self.now)

    @rule(name=shop_names, rep=rep_names, metres=st.sampled_from([0, 400, 500, 501, 5_000]), late=lateness)
    def visit(self, name: str, rep: str, metres: int, late: timedelta) -> None:
        self.lapse()
        at, shop, visit = max(BEGIN, self.now - late), self.shops[name], f"V-{len(self.told)}"
        told = {"visit": visit, "rep": rep, "purpose": "look", "point": metres_north(metres), "photo": photo(visit)}
        assert self.answer("record-visit", self.now - at, customer=name, **told) is None
        if metres <= 500 and shop.owner == rep and not shop.won and at >= shop.since:
            shop.deadline = min(max(shop.deadline, at + RETENTION), shop.cap)

    @rule(name=st.just(SHOPS[0]), rep=rep_names)
    def sign(self, name: str, rep: str) -> None:
        self.lapse()
        shop = self.shops[name]
        told: dict[str, Any] = {"contract": f"C-{name}", "rep": rep, "amount": 100, "currency": "CNY"}
        expected = "already-signed" if shop.won else None
        assert self.answer("sign-contract", deal=f"deal-{name}", **told) == expected
        shop.won, shop.deadline = True, datetime.max.replace(tzinfo=UTC)

    @rule(external=st.sampled_from(["b-1", "b-2", "b-3", "b-4"]), amount=st.integers(1, 10**6))
    def pay(self, external: str, amount: int) -> None:
        payment = f"P-{len(self.told)}"
        told: dict[str, Any] = {"payment": payment, "external_id": external, "amount": amount, "currency": "CNY"}
        expected = "payment-repeated" if external in self.external else None
        assert self.answer("receive-payment", deal="deal-payer", **told) == expected
        if expected is None:
            self.external.add(external)
            self.receipts[payment] = amount

    @precondition(lambda self: self.receipts)
    @rule(choice=st.integers(0, 3), amount=st.integers(1, 10**6))
    def refund(self, choice: int, amount: int) -> None:
        payment = list(self.receipts)[choice % len(self.receipts)]
        told: dict[str, Any] = {
            "payment": payment,
            "refund": f"R-{len(self.told)}",
            "amount": amount,
            "currency": "CNY",
        }
        expected = "refund-exceeds" if amount > self.receipts[payment] else None
        assert self.answer("refund-payment", deal="deal-payer", **told) == expected
        if expected is None:
            self.receipts[payment] -= amount

    @rule(choice=st.integers(0, 1_000))
    def repeat(self, choice: int) -> None:
        command_id, command, first = self.told[choice % len(self.told)]
        head = self.ledgers[0].head().position
        again = self.ledgers[choice % 2].record(command, command_id=command_id)
        assert (again.positions, again.refusal, again.repeated) == (first.positions, first.refusal, True)
        assert self.ledgers[0].head().position == head

    @rule()
    def sweep(self) -> None:
        sweep(self.ledgers[1 - self.writer], limit=2)

    @rule()
    def agree(self) -> None:
        """Once the sweeper has been, ledger and model hold the same."""
        self.lapse()
        sweep(self.ledgers[self.writer])
        log = self.ledgers[0].read_all(limit=100_000)
        assert [each.position for each in log] == list(range(1, len(log) + 1))
        owners: dict[str, str | None] = dict.fromkeys(SHOPS)
        for fact in (each.fact for each in log):
            if isinstance(fact, CHANGES_HANDS):
                former = fact.former_owner if not isinstance(fact, CustomerClaimed) else None
                assert owners[fact.customer] == former, "an owner is followed by another without having given up"
                owners[fact.customer] = getattr(fact, "owner", getattr(fact, "rep", None))
        assert owners == {name: shop.owner for name, shop in self.shops.items()}
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(
                sql.SQL("select kind, key, n from {}").format(sql.Identifier(self.schema, "tally"))
            )
            tallies = {(kind, key): n for kind, key, n in rows if n}
        held = {("held", rep): n for rep in REPS if (n := self.held(rep))}
        assert tallies == held | {("claims", f"{rep}@{day}"): n for (rep, day), n in self.claims.items()}


def test_the_ledger_agrees_with_a_model_of_plain_dictionaries(dsn: str) -> None:
    machine = type("LedgerHere", (LedgerBesideModel,), {"dsn": dsn})
    bounded = settings(
        max_examples=20,
        stateful_step_count=50,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=bounded)
    assert issubclass(machine, LedgerBesideModel)
