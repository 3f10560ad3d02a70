"""Callers spread over processes of their own, as those of several service processes are.

`python -m bench.processes SCHEMA CALLERS COMMANDS FIRST`, the DSN on stdin, registers customers, numbered from the first on,
says so, and claims them when it is told to go.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from bench.callers import Run, in_a_loop
from bench.claims import Claims
from services.collector import spare_the_collector
from services.ledger.application import open_ledger
from services.vault import Vault

APART: Final = 200_000
"""How far the customers of one process are from those of the next."""


def spread(dsn: str, schema: str, processes: int, callers: int, things: int, first: int) -> Run:
    """Let so many processes, with their share of the callers each, record so many commands in all, at the same time.

    Their customers are numbered from `first` on, `APART` from process to process.
    """
    share = callers // processes, things // processes
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.processes", schema, *map(str, share), str(first + number * APART)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    try:
        for each in started:
            tell(each, dsn)
        for each in started:
            heard(each)
        began = time.perf_counter()
        for each in started:
            tell(each, "go")
        latencies = [latency for each in started for latency in json.loads(heard(each))]
        return Run(time.perf_counter() - began, tuple(latencies))
    finally:
        for each in started:
            each.kill()
            each.communicate()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    """The next line that a process says. Raises `RuntimeError` if it says no more."""
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a process of the bench has failed; what it said stands above")
    return line


def main(arguments: Sequence[str]) -> None:
    schema, (callers, things, first) = arguments[0], map(int, arguments[1:])
    dsn = sys.stdin.readline().strip()
    with open_ledger(dsn, schema, Vault(bytes(32))) as ledger:
        claims = Claims(ledger, first)
        claims.stock_up(things)
        spare_the_collector()
        print("ready", flush=True)
        sys.stdin.readline()
        run = in_a_loop(callers, things, claims.errand)
        print(json.dumps(run.latencies), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
