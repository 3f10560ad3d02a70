"""Durable commands a second with all invariants on, beside raw PostgreSQL and the library as it comes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql

from bench.callers import Run, Task, in_a_loop, together, typical
from bench.measures import Measure, against, at_most
from bench.peers import copied, raw_insert, raw_table, stock_application, stock_save
from domain.commands import AnyCommand
from domain.customer.decisions import RegisterCustomer
from domain.organisation.decisions import CreateUnit, JoinRep
from domain.personal import Personal
from domain.policy.decisions import PublishPolicy
from domain.pool.decisions import ClaimCustomer
from services.ledger.application import Ledger, open_ledger
from services.policy_files import shipped
from services.vault import Vault

REPS: Final = 2_000
CALLERS: Final = (1, 8, 64, 200)
CLAIMS: Final = {1: 1_500, 8: 6_000, 64: 12_000, 200: 12_000}
BULK: Final = 12_800
STOCK: Final = 3_000
MOST_CONNECTIONS: Final = 64
"""Beyond this many callers the peers, who need a connection each, are not measured: a server has a hundred."""

ROUNDS: Final = 3
UNIT: Final = "commands/s"
BEGIN: Final = datetime.now(UTC) - timedelta(hours=2)
"""Claims of just now, so that the clock has nothing to tell of them yet."""


@contextmanager
def open_bench_ledger(dsn: str) -> Iterator[Ledger]:
    """A ledger in a schema of its own, dropped at the end: policy B2B-1 with room for many claims, and reps."""
    schema = f"bench_{uuid4().hex[:12]}"
    try:
        with open_ledger(dsn, schema, Vault(bytes(32))) as ledger:
            refused = [answer for answer in ledger.record_many(opening()) if answer.refusal]
            assert not refused, refused[0]
            yield ledger
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def opening() -> Iterator[tuple[str, AnyCommand]]:
    version = shipped("b2b-1")
    quota = version.pool.quota.model_copy(update={"claims_a_day": 1_000_000, "held": 1_000_000})
    wide = version.model_copy(update={"pool": version.pool.model_copy(update={"quota": quota})})
    yield "publish", PublishPolicy(at=BEGIN, version=wide)
    yield "unit", CreateUnit(at=BEGIN, unit="north", title="North")
    for rep in range(REPS):
        yield f"join-{rep}", JoinRep(at=BEGIN, rep=f"rep-{rep}", unit="north")


class Claims:
    """Customers registered beforehand, each to be claimed once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._numbers = count()
        self._claimed = count()

    def stock_up(self, customers: int) -> None:
        """Register so many customers more."""
        for answer in self._ledger.record_many(self._registrations(customers)):
            assert not answer.refusal, answer.refusal

    def bulk(self, claims: int) -> Iterator[tuple[str, AnyCommand]]:
        return (self._next() for _ in range(claims))

    def prepare(self) -> Task:
        def claim(number: int) -> None:
            del number
            command_id, command = self._next()
            answer = self._ledger.record(command, command_id=command_id)
            assert not answer.refusal, answer.refusal

        return claim

    async def errand(self, number: int) -> None:
        del number
        command_id, command = self._next()
        answer = await self._ledger.submit(command, command_id=command_id)
        assert not answer.refusal, answer.refusal

    def _next(self) -> tuple[str, AnyCommand]:
        number = next(self._claimed)
        at = BEGIN + timedelta(minutes=1, milliseconds=number)
        return f"claim-{number}", ClaimCustomer(at=at, customer=f"C-{number}", rep=f"rep-{number * 7 % REPS}")

    def _registrations(self, customers: int) -> Iterator[tuple[str, AnyCommand]]:
        for _ in range(customers):
            number = next(self._numbers)
            name = Personal(f"恒通便利店 {number}")
            phone = Personal(f"138{number:08d}")
            yield (
                f"register-{number}",
                RegisterCustomer(
                    at=BEGIN, customer=f"C-{number}", by=f"rep-{number % REPS}", customer_name=name, phone=phone
                ),
            )


Runs = dict[int, Run]


@dataclass(slots=True)
class Rounds:
    """The runs of two who are measured in turn."""

    one: list[Run] = field(default_factory=list)
    other: list[Run] = field(default_factory=list)


def measure(dsn: str) -> Iterator[Measure]:
    """Ours, raw PostgreSQL and the stock application in turn, several rounds; the round of median rate counts. The
    customers claimed are fresh in memory, as those of an import or a busy day are.

    Our callers are threads (`record`), and again tasks of one event loop (`submit`), as the service's are.
    """
    threads: Runs = {}
    tasks: Runs = {}
    raw: Runs = {}
    stock: Runs = {}
    with open_bench_ledger(dsn) as ledger:
        claims = Claims(ledger)
        for callers in CALLERS:
            ours, theirs = Rounds(), Rounds()
            for _ in range(ROUNDS):
                claims.stock_up(2 * CLAIMS[callers])
                ours.one.append(together(callers, CLAIMS[callers], claims.prepare))
                ours.other.append(in_a_loop(callers, CLAIMS[callers], claims.errand))
                if callers <= MOST_CONNECTIONS:
                    theirs.one.append(raw_run(dsn, callers, CLAIMS[callers]))
                    theirs.other.append(stock_run(dsn, callers, min(CLAIMS[callers], STOCK)))
            threads[callers], tasks[callers] = typical(ours.one), typical(ours.other)
            if theirs.one:
                raw[callers], stock[callers] = typical(theirs.one), typical(theirs.other)
        claims.stock_up(BULK * ROUNDS)
        bulk = typical([bulk_run(ledger, claims) for _ in range(ROUNDS)])
    best = max(run.rate for run in raw.values())
    yield from judged(threads, "threads", best, raw, stock)
    yield from judged(tasks, "tasks", best, raw, stock)
    yield against("bulk caller", bulk.rate, UNIT, "raw insert a commit, its best", best, 2.5)
    yield Measure("bulk caller", bulk.rate, UNIT, "COPY, rows/s", typical([copy_run(dsn) for _ in range(ROUNDS)]).rate)
    yield from plain({"threads": threads, "tasks": tasks, "raw": raw, "stock": stock})


def judged(ours: Runs, who: str, best: float, raw: Runs, stock: Runs) -> Iterator[Measure]:
    yield against(f"1 caller, {who}", ours[1].rate, UNIT, "stock application, 1 caller", stock[1].rate, 1)
    yield Measure(f"8 callers, {who}", ours[8].rate, UNIT, "raw insert a commit, 8 callers", raw[8].rate)
    yield against(f"64 callers, {who}", ours[64].rate, UNIT, "raw insert a commit, its best", best, 1.2)
    yield against(f"64 callers, {who}", ours[64].rate, UNIT, "stock application, 64 callers", stock[64].rate, 5)
    yield at_most(f"64 callers, {who}, p99", ours[64].percentile(99), "ms", 15)
    yield against(f"200 callers, {who}", ours[200].rate, UNIT, "ours, 64 callers", ours[64].rate, 1)


def plain(found: dict[str, Runs]) -> Iterator[Measure]:
    """Every figure that the ratios came from."""
    for who, runs in found.items():
        for callers, run in runs.items():
            yield Measure(f"{who}, {callers} callers, rate", run.rate, "a second")
            yield Measure(f"{who}, {callers} callers, p50", run.percentile(50), "ms")
            yield Measure(f"{who}, {callers} callers, p99", run.percentile(99), "ms")


def raw_run(dsn: str, callers: int, things: int) -> Run:
    connections: list[psycopg.Connection] = []
    try:
        with raw_table(dsn) as table:
            return together(callers, things, raw_insert(dsn, table, connections))
    finally:
        for connection in connections:
            connection.close()


def stock_run(dsn: str, callers: int, things: int) -> Run:
    with stock_application(dsn, callers) as application:
        return together(callers, things, stock_save(application))


def bulk_run(ledger: Ledger, claims: Claims) -> Run:
    def all_of_them() -> None:
        for answer in ledger.record_many(claims.bulk(BULK)):
            assert not answer.refusal, answer.refusal

    return once(all_of_them, BULK)


def copy_run(dsn: str) -> Run:
    with raw_table(dsn) as table:
        return once(lambda: copied(dsn, table, BULK), BULK)


def once(work: Callable[[], None], things: int) -> Run:
    """One caller that does everything in one go; its latencies are the whole divided by the things."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    return Run(seconds, (seconds / things,) * things)
