"""What limits the rest: where one caller's time goes, by the part of the house in which it is spent."""

import cProfile
import pstats
from collections import defaultdict
from pathlib import Path
from typing import Final, cast

from rich.table import Table

from bench.measures import console
from bench.recording import Claims, open_bench_ledger

ROOT: Final = Path(__file__).resolve().parents[1]
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
