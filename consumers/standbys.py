"""What a failover would keep: only what the stand-bys have on their disks may leave for Kafka."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any, Final, LiteralString

import structlog
from psycopg import Connection

POLL_S: Final = 0.01
SAY_AFTER_S: Final = 5.0

WRITTEN: Final[LiteralString] = "SELECT pg_current_wal_insert_lsn()::text"
FLUSHED: Final[LiteralString] = (
    "SELECT count(DISTINCT application_name) FILTER (WHERE flush_lsn >= %s::pg_lsn),"
    " count(DISTINCT application_name), count(*) FILTER (WHERE flush_lsn IS NULL)"
    " FROM pg_stat_replication WHERE application_name = ANY(%s::text[])"
)
FRESH: Final[LiteralString] = "SELECT pg_stat_clear_snapshot()"
"""In one transaction PostgreSQL keeps showing the stand-bys that it showed first."""

logger: Final = structlog.get_logger("relay")


@dataclass(frozen=True, slots=True)
class Standbys:
    """The stand-bys that may be promoted, by their `application_name`. All of them must confirm; none named, none waited for."""

    names: Sequence[str] = ()

    def mark(self, connection: Connection[Any]) -> str | None:
        """How far the write-ahead log reaches, taken after reading: the commit of whatever was read lies before it."""
        if not self.names:
            return None
        row = connection.execute(WRITTEN).fetchone()
        return str(row[0]) if row else None

    def wait(self, connection: Connection[Any], mark: str | None, stop: Event) -> bool:
        """Wait until every stand-by has flushed up to the mark, and say whether they did before told to stop.

        What keeps it waiting is logged once. Raises `psycopg.OperationalError` if the database is lost.
        """
        begun, said = monotonic(), False
        while mark is not None and not stop.is_set():
            connection.execute(FRESH)
            confirmed, connected, hidden = connection.execute(FLUSHED, (mark, list(self.names))).fetchone() or (0, 0, 0)
            if confirmed == len(set(self.names)):
                return True
            if not said and monotonic() > begun + SAY_AFTER_S:
                said = True
                logger.warning(
                    "waiting for stand-bys",
                    wanted=list(self.names),
                    connected=connected,
                    confirmed=confirmed,
                    hint="grant pg_monitor to the ledger's role" if hidden else "LEDGER_KAFKA_STANDBYS",
                )
            stop.wait(POLL_S)
        return mark is None
