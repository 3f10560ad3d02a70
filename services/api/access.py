"""Who read whose personal data, and who was denied what: written down before the answer is given."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from psycopg import Connection
from pydantic_core import to_json

from domain.personal import tells_of_a_person
from services.api.call import Call
from services.api.together import Together
from services.wiring import Books

INSERT: Final = """
INSERT INTO access_record (id, at, asker, act, matter, outcome, subjects, request)
SELECT u.id, clock_timestamp(), u.asker, u.act, u.matter, u.outcome, u.subjects, u.request
FROM ledger_head, json_to_recordset(%s::json)
    u(id text, asker text, act text, matter text, outcome text, subjects text[], request text)
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """What was asked about, and the outcome: `shown`, or the code with which it was denied."""

    id: str
    asker: str
    act: str
    matter: str
    outcome: str
    subjects: tuple[str, ...]
    request: str

    @classmethod
    def of(cls, call: Call, act: str, matter: str, outcome: str, subjects: Sequence[str] = ()) -> "AccessRecord":
        """What looks like a person's number was asked for instead of an id, and is not kept."""
        matter = "…" if tells_of_a_person(matter) else matter
        return cls(call.unique, call.asker, act, matter, outcome, tuple(subjects), call.request_id)

    def again(self, call: Call) -> "AccessRecord":
        """The same access by another request."""
        return replace(self, id=call.unique, request=call.request_id)


class Record:
    """Keeps the records, for the callers of one event loop; those that come together are one insert."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._thread = ThreadPoolExecutor(1, "access")
        self._together: Together[AccessRecord, None] = Together(self._keep_soon)
        self._connection: Connection[Any] | None = None

    async def put(self, record: AccessRecord) -> None:
        """Keep a record, durably. Raises `psycopg.OperationalError`."""
        await self._together.put(record)

    def close(self) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    async def _keep_soon(self, records: Sequence[AccessRecord]) -> Sequence[None]:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, records)
        return [None] * len(records)

    def _keep(self, records: Sequence[AccessRecord]) -> None:
        text = to_json(records).decode()
        try:
            self._connected().execute(INSERT, [text])
        except psycopg.OperationalError:
            self._connected(again=True).execute(INSERT, [text])

    def _connected(self, *, again: bool = False) -> Connection[Any]:
        if again and self._connection is not None:
            self._connection.close()
        if self._connection is None or self._connection.closed:
            self._connection = self._books.connection()
        return self._connection
