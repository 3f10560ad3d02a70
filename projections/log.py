"""The log as the read models see it: whole facts in the order of their positions, personal values still sealed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Connection

from domain.record import Recorded

Decode = Callable[[int, str, int, str, bytes], Recorded]
"""Reads a stored fact: position, stream, version, kind, and the text that is stored of it."""

LONGEST_HISTORY: Final = 100_000


@dataclass(frozen=True, slots=True)
class Log:
    """`after(position, limit)` gives at most `limit` facts beyond the position, without a gap; `decode` reads one."""

    after: Callable[[int, int], list[Recorded]]
    decode: Decode

    def before(self, connection: Connection[Any], streams: Sequence[tuple[str, int]]) -> dict[str, list[Recorded]]:
        """The facts of each stream below the version given with it, in order; one query for all, by index."""
        if not streams:
            return {}
        rows = connection.execute(
            "SELECT e.position, e.stream, e.version, e.kind, e.record::text"
            " FROM unnest(%s::text[], %s::integer[]) k (stream, version)"
            " JOIN event e ON e.stream = k.stream AND e.version < k.version ORDER BY e.stream, e.version",
            [[stream for stream, _ in streams], [version for _, version in streams]],
        )
        found: dict[str, list[Recorded]] = {stream: [] for stream, _ in streams}
        for row in rows:
            found[row[1]].append(self._recorded(row))
        return found

    def history(
        self,
        connection: Connection[Any],
        stream: str,
        *,
        known_at: datetime | None = None,
        limit: int = LONGEST_HISTORY,
    ) -> list[Recorded]:
        """A stream's facts in order, as known at a time: what was recorded by then. At most `limit` of them."""
        rows = connection.execute(
            "SELECT position, stream, version, kind, record::text FROM event"
            " WHERE stream = %s AND (%s::timestamptz IS NULL OR recorded_at <= %s) ORDER BY version LIMIT %s",
            [stream, known_at, known_at, limit],
        )
        return [self._recorded(row) for row in rows]

    def _recorded(self, row: tuple[Any, ...]) -> Recorded:
        position, stream, version, kind, record = row
        return self.decode(position, stream, version, kind, record.encode())
