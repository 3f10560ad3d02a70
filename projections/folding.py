"""One step of a read model: fold a batch and move the checkpoint in the same transaction, or stop at the fact that cannot be."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import Connection

from domain.record import Recorded
from projections import registry
from projections.desk import Desk
from projections.log import Log
from projections.registry import Generation

LOST: Final = (psycopg.OperationalError, psycopg.InterfaceError)
"""What says nothing about the facts: a lost connection, a lock not had in time."""


class ProjectionStopped(RuntimeError):
    """A read model met a fact that it cannot apply. It stands at the position before, and goes on once it can."""

    def __init__(self, projection: str, position: int, kind: str, why: str) -> None:
        super().__init__(f"{projection} stopped at position {position} ({kind}): {why}")
        self.projection = projection
        self.position = position
        self.kind = kind


class Overtaken(Exception):
    """Another runner has moved the checkpoint, or another generation is shown by now."""


def fold(connection: Connection[Any], log: Log, generation: Generation, batch: Sequence[Recorded]) -> None:
    """Fold facts that follow the checkpoint.

    Raises `ProjectionStopped` when one cannot be applied, after those before it have been, and `Overtaken` when another
    runner was faster. Nothing is half done in either case.
    """
    try:
        apply(connection, log, generation, batch)
    except (Overtaken, *LOST):
        raise
    except Exception as error:
        if len(batch) > 1:
            half = len(batch) // 2
            fold(connection, log, generation, batch[:half])
            fold(connection, log, generation, batch[half:])
            return
        name, met = generation.model.name, batch[0]
        why = f"{type(error).__name__}: {error}"
        registry.mark_stopped(connection, generation, f"position {met.position} ({met.fact.kind}): {why}")
        raise ProjectionStopped(name, met.position, met.fact.kind, why) from error


def apply(connection: Connection[Any], log: Log, generation: Generation, batch: Sequence[Recorded]) -> None:
    first, last = batch[0].position, batch[-1].position
    if first != generation.position + 1 or last - first != len(batch) - 1:
        raise LookupError(f"the log has a gap: after {generation.position} came {first} to {last}, {len(batch)} facts")
    with connection.transaction():
        if not registry.moved(connection, generation, last):
            raise Overtaken(generation.model.name)
        desk = Desk(connection, generation.number, log)
        generation.model.fold(batch, desk)
        desk.write(copying=not generation.live)
    generation.position = last
    generation.stopped = None
