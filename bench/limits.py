"""What limits the rest: what a commit costs, what a command costs Python, and where one caller's time goes.

A process judges on one processor, so a command's Python bounds its commands a second. Group commit saves commits: where one
costs next to nothing, a row a commit is bound by processors too, and gathering them gains little.
"""

import cProfile
import pstats
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

from psycopg.conninfo import make_conninfo
from rich.table import Table

from bench.callers import in_a_loop
from bench.claims import Claims, open_bench_ledger
from bench.measures import Measure, console
from bench.recording import raw_run

ROOT: Final = Path(__file__).resolve().parents[1]
COMMITS: Final = 1_000
COMMANDS: Final = 6_000
PROFILED: Final = 3_000
PARTS: Final = {
    "domain": "judging: rules, facts, folding",
    "services/ledger": "recording: sights, texts, receipts, arrays",
    "bench": "the caller: making commands",
    "pydantic": "validation and JSON (pydantic)",
    "psycopg": "talking to PostgreSQL",
    "select": "waiting for PostgreSQL",
    "epoll": "waiting for PostgreSQL",
}


def measure(dsn: str) -> Iterator[Measure]:
    """What bounds the rates, by the processor's clock, which others on the machine disturb less than they do the wall's."""
    careless = make_conninfo(dsn, options="-c synchronous_commit=off")
    on_disk, not_yet = (raw_run(where, 1, COMMITS).percentile(50) for where in (dsn, careless))
    yield Measure("a row and its commit, 1 caller", on_disk, "ms", "not waiting for the disk", not_yet)
    with open_bench_ledger(dsn) as ledger:
        claims = Claims(ledger)
        claims.stock_up(2 * COMMANDS)
        spent = processor(lambda: in_a_loop(64, COMMANDS, claims.errand))
        in_bulk = processor(lambda: deque(ledger.record_many(claims.bulk(COMMANDS)), 0))
    raw = processor(lambda: raw_run(dsn, 64, COMMANDS))
    yield Measure("Python a command, 64 tasks", spent / COMMANDS * 1e6, "µs", "raw, 64 callers", raw / COMMANDS * 1e6)
    yield Measure("Python a command, bulk", in_bulk / COMMANDS * 1e6, "µs")


def processor(work: Callable[[], object]) -> float:
    """Seconds of this process's processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began


def tell(dsn: str) -> None:
    """Profile one caller, who judges in its own thread, and print the share of each part. Only the shares count."""
    with open_bench_ledger(dsn) as ledger:
        claims = Claims(ledger)
        claims.stock_up(2 * PROFILED)
        claim = claims.prepare()
        for number in range(PROFILED):
            claim(number)
        profile = cProfile.Profile()
        profile.enable()
        for number in range(PROFILED):
            claim(number)
        profile.disable()
    spent = by_part(pstats.Stats(profile))
    table = Table(title="Where the time of one caller goes", title_justify="left")
    for heading in ("part", "share"):
        table.add_column(heading, justify="right" if heading == "share" else "left")
    for part, seconds in spent.items():
        table.add_row(part, f"{100 * seconds / sum(spent.values()):.0f} %")
    console().print(table)


def by_part(stats: pstats.Stats) -> dict[str, float]:
    """Seconds spent in each part, the longest first."""
    spent: defaultdict[str, float] = defaultdict(float)
    timings = cast(dict[tuple[str, int, str], tuple[int, int, float, float, object]], stats.stats)  # type: ignore[attr-defined]
    for (file, _, function), (_, _, own, *_) in timings.items():
        spent[part_of(file, function)] += own
    return dict(sorted(spent.items(), key=lambda part: -part[1]))


def part_of(file: str, function: str) -> str:
    where = file.removeprefix(f"{ROOT}/")
    for part, told in PARTS.items():
        if where.startswith(f"{part}/") or f"/{part}" in where or part in function:
            return told
    return "the rest of Python"
