"""`python -m bench`: measure everything in one run, print the table, and keep it in `bench/results/latest.json`."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg
import structlog

from bench import evidence, http, importing, limits, listening, lookback, payroll, recording, streaming
from bench.measures import Measure, keep, tell
from services.collector import spare_the_collector
from services.database import embedded

RESULTS: Final = Path(__file__).parent / "results" / "latest.json"
BENCHES: Final[dict[str, Callable[[str], Iterator[Measure]]]] = {
    "recording": recording.measure,
    "limits": limits.measure,
    "importing": importing.measure,
    "lookback": lookback.measure,
    "evidence": evidence.measure,
    "payroll": payroll.measure,
    "http": http.measure,
    "listening": listening.measure,
    "kafka": streaming.measure,
}


def main(chosen: list[str]) -> int:
    """Run the benches chosen, or all. Returns 1 if a goal was missed, 2 for an unknown bench."""
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        print(f"There is no bench {', '.join(unknown)}; there are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    spare_the_collector()
    with ExitStack() as opened:
        dsn = os.environ.get("LEDGER_BENCH_DATABASE_URL") or opened.enter_context(
            embedded(Path(opened.enter_context(TemporaryDirectory())))
        )
        print(f"PostgreSQL: {', '.join(settings(dsn))}")
        measures = [each for name in chosen or BENCHES for each in BENCHES[name](dsn)]
        tell(measures)
        keep(measures, RESULTS)
        if not chosen or {"recording", "limits"}.intersection(chosen):
            limits.tell(dsn)
    missed = [each.measure for each in measures if each.met is False]
    print(f"Goals missed: {', '.join(missed)}" if missed else "Every goal was met.")
    return 1 if missed else 0


def settings(dsn: str) -> list[str]:
    """What a fair comparison depends on, as the server says it."""
    with psycopg.connect(dsn) as connection:
        asked = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        return [f"{name} {connection.execute(f'show {name}').fetchone()[0]}" for name in asked]  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
