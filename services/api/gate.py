"""The gate: who asks is proven, too many are sent away at once, and every answer is counted and written down."""

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import psycopg
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.access.keys import KeysUnavailable
from services.access.tokens import TokenRefused, Tokens
from services.api.call import Call
from services.api.problems import Problem
from services.ledger.answer import LedgerUnavailable, OutcomeUnknown
from services.master_keys import MasterKeyUnusable

MOST_AT_ONCE: Final = 1_024
"""Requests in work at one time; more are sent away at once rather than answered slowly."""
AGAIN_IN_S: Final = 1

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

log = structlog.get_logger("api")


@dataclass
class Counts:
    """What is measured of the service."""

    registry: CollectorRegistry

    def __post_init__(self) -> None:
        self.answers = Counter("ledger_http_answers", "Answers given.", ["method", "status"], registry=self.registry)
        self.seconds = Histogram(
            "ledger_http_seconds", "Seconds until an answer.", ["method"], buckets=SECONDS, registry=self.registry
        )
        self.commands = Counter("ledger_commands", "Commands judged.", ["name", "code"], registry=self.registry)
        self.in_work = Gauge("ledger_http_in_work", "Requests in work.", registry=self.registry)
        self.head = Gauge("ledger_head_position", "Where the log ends.", registry=self.registry)
        self.behind = Gauge("ledger_read_model_behind", "Events not yet taken in.", ["model"], registry=self.registry)


class Gate:
    """Lets requests in, and tells how they were answered. For one event loop."""

    def __init__(self, tokens: Tokens, most_at_once: int = MOST_AT_ONCE) -> None:
        self.tokens = tokens
        self.counts = Counts(CollectorRegistry())
        self.most_at_once = most_at_once
        self.in_work = 0
        self.log: Any = log
        self._reading = asyncio.Lock()
        self._told = {
            (method, status): self.counts.answers.labels(method, str(status))
            for method in ("GET", "POST")
            for status in (200, 304, 403, 404, 409, 422)
        }
        self._judged: dict[tuple[str, str], Counter] = {}
        self._seconds = {method: self.counts.seconds.labels(method) for method in ("GET", "POST")}

    def enter(self) -> None:
        """Let one in, or raise `Problem` when the house is full."""
        if self.in_work >= self.most_at_once:
            raise Problem("overloaded", again_in_s=AGAIN_IN_S)
        self.in_work += 1

    def leave(self) -> None:
        self.in_work -= 1

    async def prove(self, call: Call) -> str:
        """Who asks. Raises `Problem` for a request without a token, or with one that proves nothing."""
        given = call.headers.get(b"authorization")
        if given is None:
            raise Problem("token-missing")
        kind, _, token = given.decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Problem("token-missing")
        call.asker = self.tokens.remembered(token) or await self._read(token)
        return call.asker

    async def _read(self, token: str) -> str:
        async with self._reading:
            try:
                return await asyncio.get_running_loop().run_in_executor(None, self.tokens.read, token)
            except TokenRefused as refused:
                raise Problem(refused.code, str(refused)) from None
            except KeysUnavailable as away:
                log.warning("keys_unavailable", error=str(away))
                raise Problem("keys-unreachable", again_in_s=AGAIN_IN_S) from None

    def judged(self, name: str, code: str) -> None:
        """Count a command that was judged."""
        found = self._judged.get((name, code))
        if found is None:
            found = self._judged[name, code] = self.counts.commands.labels(name, code)
        found.inc()

    def tell(self, call: Call) -> None:
        """Count an answer and write it down: ids, positions and codes, never what was said."""
        seconds = perf_counter() - call.began
        method = call.method if call.method in ("GET", "POST") else "other"
        told = self._told.get((method, call.status)) or self.counts.answers.labels(method, str(call.status))
        told.inc()
        (self._seconds.get(method) or self.counts.seconds.labels(method)).observe(seconds)
        self.log.info(
            "answered",
            request=call.request_id,
            method=call.method,
            path=call.path,
            status=call.status,
            asker=call.asker or None,
            command=call.command_id,
            position=call.position,
            trace=call.trace,
            ms=round(1000 * seconds, 2),
        )


def problem_of(error: Exception) -> Problem:
    """How an exception is told. One that nobody expected is an internal error; it is for the log, not for the caller."""
    match error:
        case Problem():
            return error
        case OutcomeUnknown():
            return Problem("outcome-unknown", again_in_s=AGAIN_IN_S)
        case LedgerUnavailable() | psycopg.OperationalError():
            return Problem("database-unreachable", again_in_s=AGAIN_IN_S)
        case MasterKeyUnusable():
            log.error("master_key_unusable", error=str(error))
            return Problem("master-key-unusable", again_in_s=AGAIN_IN_S)
        case _:
            return Problem("internal-error")
