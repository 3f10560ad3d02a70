"""How things stand: the log's end, how far each read model is, and the organisation; one look for all who wait."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

import psycopg
from psycopg import Connection

from domain.fact import ORGANISATION
from domain.organisation.facts import Organisation, OrganisationFact, evolve
from domain.personal import keep_sealed
from services.api.together import Together
from services.ledger.mapper import read_record
from services.wiring import Books

LOOK: Final = """
SELECT h.position, clock_timestamp(), (SELECT coalesce(max(version), 0) FROM event WHERE stream = 'organisation'),
    r.name, r.generation, r.position, r.stopped
FROM ledger_head h LEFT JOIN read_model r ON r.live
"""
NEWS: Final = "SELECT position, record::text FROM event WHERE stream = %s AND version > %s ORDER BY version"


@dataclass(frozen=True, slots=True)
class Model:
    """A read model as it is shown: up to which position it is true, and why it stopped if it did."""

    generation: int
    position: int
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """How things stood at `at`: the log ended at `head`."""

    head: int
    at: datetime
    models: Mapping[str, Model]
    organisation: Organisation

    def position(self, names: Sequence[str]) -> int:
        """The position up to which all of these read models are true."""
        return min((self.models[name].position for name in names), default=self.head)

    def behind(self) -> dict[str, int]:
        """How many events each read model has yet to take in."""
        return {name: self.head - model.position for name, model in sorted(self.models.items())}


@dataclass
class Looks:
    """Looks for the callers of one event loop. Keeps a connection and the organisation from one look to the next."""

    books: Books
    last: Look = field(default_factory=lambda: Look(0, datetime(1970, 1, 1, tzinfo=UTC), {}, Organisation()))
    _version: int = 0
    _connection: Connection[Any] | None = None

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "looks")
        self._together: Together[None, Look] = Together(self._ask)

    async def look(self) -> Look:
        """How things stand now. Raises `psycopg.OperationalError`."""
        return await self._together.put(None)

    def close(self) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    async def _ask(self, asked: Sequence[None]) -> Sequence[Look]:
        look = await asyncio.get_running_loop().run_in_executor(self._thread, self._look_again)
        return [look] * len(asked)

    def _look_again(self) -> Look:
        try:
            return self._look()
        except psycopg.OperationalError:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return self._look()

    def _look(self) -> Look:
        if self._connection is None or self._connection.closed:
            self._connection = self.books.connection()
        rows = self._connection.execute(LOOK, prepare=True).fetchall()
        head, at, version, *_ = cast(tuple[int, datetime, int], rows[0][:3])
        models = {row[3]: Model(row[4], row[5], row[6]) for row in rows if row[3] is not None}
        organisation = self.last.organisation
        if version != self._version:
            organisation = self._follow(organisation)
        self.last = Look(head, at, models, organisation)
        return self.last

    def _follow(self, organisation: Organisation) -> Organisation:
        assert self._connection, "a look has a connection"
        for position, record in self._connection.execute(NEWS, [ORGANISATION, self._version]).fetchall():
            fact = cast(OrganisationFact, read_record(position, record, keep_sealed).fact)
            organisation = evolve(organisation, fact, position)
            self._version += 1
        return organisation
