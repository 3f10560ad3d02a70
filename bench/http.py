"""Commands and reads over HTTP: 64 callers with kept connections, a bulk stream, the pool board, beside an empty POST."""

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any, Final

from bench.callers import Run, typical
from bench.claims import BEGIN, open_bench_ledger
from bench.measures import Measure, at_least, at_most
from bench.wire import callers, request, streamed
from domain.fact import SYSTEM
from services.access.tokens import issue
from services.settings import Settings

CALLERS: Final = 64
COMMANDS: Final = 12_800
BULK: Final = 12_800
READS: Final = 10_000
EMPTY: Final = 20_000
ROUNDS: Final = 3
STOCK: Final = COMMANDS + BULK
MASTER_KEY: Final = base64.b64encode(bytes(32)).decode()

PEER: Final = """
import sys, uvicorn
from fastapi import FastAPI

app = FastAPI()

@app.post("/empty")
async def empty() -> dict[str, str]:
    return {}

uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="error", loop="uvloop", http="httptools")
"""


class Requests:
    """Requests made beforehand, so that making them is not measured."""

    def __init__(self, settings: Settings) -> None:
        self.claimed = count()
        self.registered = count()
        lasts = timedelta(days=1)
        self.system = issue(settings, SYSTEM, lasts, time())
        self.tokens = [issue(settings, f"rep-{n}", lasts, time()) for n in range(CALLERS)]

    def registrations(self, number: int) -> Iterator[bytes]:
        for n in islice(self.registered, number):
            told = {"id": f"register-{n}", "name": "register-customer", "at": BEGIN.isoformat(), "customer": f"C-{n}"}
            person = {"by": f"rep-{n % CALLERS}", "customer_name": f"恒通便利店 {n}", "phone": f"138{n:08d}"}
            yield json.dumps({**told, **person}, ensure_ascii=False).encode() + b"\n"

    def claim(self, caller: int) -> dict[str, Any]:
        number = next(self.claimed)
        at = BEGIN + timedelta(minutes=1, milliseconds=number)
        return {"at": at.isoformat(), "customer": f"C-{number}", "rep": f"rep-{caller}"}

    def claims(self, number: int) -> list[Iterator[bytes]]:
        """A row of claims for each caller, each under its own token and its own key."""
        return [iter([self.one(caller) for _ in range(number // CALLERS)]) for caller in range(CALLERS)]

    def one(self, caller: int) -> bytes:
        told = self.claim(caller)
        key = f"idempotency-key: claim-{told['customer']}"
        return request("POST", "/v1/commands/claim-customer", self.tokens[caller], json.dumps(told).encode(), key)

    def bulk(self, number: int) -> list[bytes]:
        found = []
        for _ in range(number):
            told = self.claim(0)
            named = {"id": f"claim-{told['customer']}", "name": "claim-customer", **told}
            found.append(json.dumps(named).encode() + b"\n")
        return found

    def board(self, number: int) -> list[Iterator[bytes]]:
        rows = [request("GET", "/v1/pool?limit=50", token) for token in self.tokens]
        return [islice(cycle([row]), number // CALLERS) for row in rows]


def measure(dsn: str) -> Iterator[Measure]:
    """One process that serves, its read models kept by nobody meanwhile; the callers are another. Every command is durable.

    Every answer is written to the log, as in production. The round of median rate counts.
    """
    with TemporaryDirectory() as folder, open_bench_ledger(dsn) as ledger:
        settings = Settings(Path(folder), dsn, ledger.schema)
        requests = Requests(settings)
        with serving(dsn, ledger.schema, folder) as port, peer() as peer_port:
            singles, bulks, boards, empties = [], [], [], []
            for _ in range(ROUNDS):
                stock_up(port, requests)
                singles.append(callers(port, requests.claims(COMMANDS)))
                bulks.append(bulk_run(port, requests))
                boards.append(callers(port, requests.board(READS)))
                empties.append(
                    callers(peer_port, [islice(cycle([EMPTY_POST]), EMPTY // CALLERS) for _ in range(CALLERS)])
                )
        single, bulk, board, empty = (typical(runs) for runs in (singles, bulks, boards, empties))
    yield at_least("single commands over HTTP, 64 callers", single.rate, "commands/s", 4_000)
    yield at_most("single commands over HTTP, 64 callers, p99", single.percentile(99), "ms", 25)
    yield Measure("single commands over HTTP, 64 callers, p50", single.percentile(50), "ms")
    yield Measure("single commands over HTTP", single.rate, "a second", "an empty FastAPI POST", empty.rate)
    yield at_least("bulk commands over HTTP, 1 stream", bulk.rate, "commands/s", 10_000)
    yield at_least("pool board over HTTP, 50 rows, 64 callers", board.rate, "reads/s", 2_000)
    yield Measure("pool board over HTTP, p99", board.percentile(99), "ms")
    yield Measure("pool board over HTTP", board.rate, "a second", "an empty FastAPI POST", empty.rate)


EMPTY_POST: Final = request("POST", "/empty", "none")


def stock_up(port: int, requests: Requests) -> None:
    """Register the customers of one round, which are then fresh in the server's memory, as those of a busy day are."""
    _, answered, problems = streamed(port, "/v1/commands", requests.system, requests.registrations(STOCK))
    assert (answered, problems) == (STOCK, 0), (answered, problems)


def bulk_run(port: int, requests: Requests) -> Run:
    seconds, answered, problems = streamed(port, "/v1/commands", requests.system, iter(requests.bulk(BULK)))
    assert (answered, problems) == (BULK, 0), (answered, problems)
    return Run(seconds, (seconds / BULK,) * BULK)


@contextmanager
def serving(dsn: str, schema: str, folder: str) -> Iterator[int]:
    """A process of its own that serves the ledger, and its port. Its log goes to a file, as a log does."""
    own = {
        "LEDGER_DATABASE_URL": dsn,
        "LEDGER_SCHEMA": schema,
        "LEDGER_DATA_DIR": folder,
        "LEDGER_MASTER_KEY": MASTER_KEY,
        "LEDGER_ALLOW_SUPERUSER": "yes",
    }
    arrange(own)
    command = [sys.executable, "-m", "services.cli", "serve", "--api-only", "--json", "--port", "0"]
    with (Path(folder) / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout
            yield int(json.loads(process.stdout.readline())["serving"].rpartition(":")[2])
        finally:
            process.terminate()
            process.wait()


def arrange(own: dict[str, str]) -> None:
    """Bring the read models up to what there is, once."""
    command = [sys.executable, "-m", "services.cli", "run", "projections", "--once", "--json"]
    subprocess.run(command, env={**os.environ, **own}, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def peer() -> Iterator[int]:
    """An empty FastAPI application on the same server, and its port."""
    port = 18_431
    process = subprocess.Popen([sys.executable, "-c", PEER, str(port)])
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Wait until somebody listens; at most ten seconds."""
    end = time() + 10
    while time() < end:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError(f"nobody listens on {port}")
