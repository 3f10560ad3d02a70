"""Is it alive, is it ready and if not what is behind, and what has it done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic_core import to_json

from services.api.call import JSON, Call
from services.api.gate import Gate
from services.api.looks import Look, Looks

MOST_BEHIND: Final = 10_000
"""Events that a read model may be behind before the service says that it is not ready."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service is ready, and by how many events each read model is behind the head of the log."""

    status: Literal["ready", "behind", "stopped", "database-unreachable"]
    head: int
    behind: Mapping[str, int]
    stopped: Mapping[str, str]
    in_work: int


@dataclass(frozen=True, slots=True)
class Health:
    """What answers `/healthz`, `/readyz` and `/metrics`, for whoever asks."""

    gate: Gate
    looks: Looks

    async def alive(self, call: Call) -> None:
        await call.answer(200, b'{"status":"alive"}')

    async def ready(self, call: Call) -> None:
        try:
            found = readiness(await self.looks.look(), self.gate.in_work)
        except psycopg.OperationalError:
            found = Readiness("database-unreachable", self.looks.last.head, {}, {}, self.gate.in_work)
        await call.answer(200 if found.status == "ready" else 503, to_json(found), JSON)

    async def metrics(self, call: Call) -> None:
        counts = self.gate.counts
        counts.in_work.set(self.gate.in_work)
        try:
            look = await self.looks.look()
        except psycopg.OperationalError:
            look = self.looks.last
        counts.head.set(look.head)
        for name, behind in look.behind().items():
            counts.behind.labels(name).set(behind)
        await call.answer(200, generate_latest(counts.registry), CONTENT_TYPE_LATEST.encode())


def readiness(look: Look, in_work: int) -> Readiness:
    behind = look.behind()
    stopped: dict[str, Any] = {name: model.stopped for name, model in look.models.items() if model.stopped}
    if stopped:
        return Readiness("stopped", look.head, behind, stopped, in_work)
    late = not behind or max(behind.values()) > MOST_BEHIND
    return Readiness("behind" if late else "ready", look.head, behind, {}, in_work)
