"""Durable commands a second with all invariants on, beside raw PostgreSQL and the library as it comes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import psycopg

from bench.callers import Run, in_a_loop, together, typical
from bench.claims import Claims, open_bench_ledger
from bench.measures import Measure, against, at_most
from bench.peers import copied, raw_insert, raw_table, stock_application, stock_save
from bench.processes import APART, spread
from services.ledger.application import Ledger

CALLERS: Final = (1, 8, 64, 200)
CLAIMS: Final = {1: 1_500, 8: 6_000, 64: 12_000, 200: 12_000}
BULK: Final = 12_800
STOCK: Final = 3_000
MOST_CONNECTIONS: Final = 64
"""Beyond this many callers the peers, who need a connection each, are not measured: a server has a hundred."""

PROCESSES: Final = 2
ROUNDS: Final = 3
UNIT: Final = "commands/s"


Runs = dict[int, Run]


@dataclass(slots=True)
class Rounds:
    """The runs of two who are measured in turn."""

    one: list[Run] = field(default_factory=list)
    other: list[Run] = field(default_factory=list)


def measure(dsn: str) -> Iterator[Measure]:
    """Ours, raw PostgreSQL and the stock application in turn, several rounds; the round of median rate counts. The
    customers claimed are fresh in memory, as those of an import or a busy day are.

    Our callers are threads (`record`), and again tasks of one event loop (`submit`), as the service's are; and once more
    spread over several processes that write the same ledger, as those of several services are.
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
        apart = typical([run_apart(dsn, ledger, number) for number in range(ROUNDS)])
    best = max(run.rate for run in raw.values())
    yield from judged(threads, "threads", best, raw, stock)
    yield from judged(tasks, "tasks", best, raw, stock)
    for peer, rate in (("raw insert a commit, its best", best), ("ours, one process, tasks", tasks[64].rate)):
        yield Measure(f"64 callers, {PROCESSES} processes", apart.rate, UNIT, peer, rate)
    yield Measure(f"64 callers, {PROCESSES} processes, p99", apart.percentile(99), "ms")
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


def run_apart(dsn: str, ledger: Ledger, number: int) -> Run:
    """The callers spread over processes that write the same ledger, each with customers that no other process claims."""
    return spread(dsn, ledger.schema, PROCESSES, 64, CLAIMS[64], (1 + number) * PROCESSES * APART)


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
