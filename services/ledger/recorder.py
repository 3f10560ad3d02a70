"""The log as the event sourcing library sees it: stored events by stream and by position, and subscriptions to new ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString, cast
from uuid import UUID, uuid5

import psycopg
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification, StoredEvent, Subscription
from psycopg import Connection

from services.database import Readers, connect
from services.ledger.chain import links
from services.ledger.head import Head
from services.ledger.mapper import EVENT_IDS
from services.ledger.statements import INSERT_EVENTS, LOCK, MOVE_HEAD, NOTIFY, array, plain_array
from services.ledger.subscription import LedgerSubscription

OLDEST: Final = -1
NEWEST: Final = 2**31 - 1
LAST: Final = 2**63 - 1

COLUMNS: Final = "select position, stream, version, kind, record::text from event"
EVENTS: Final = COLUMNS + " where stream = %s and version > %s and version <= %s order by version limit %s"
EVENTS_FROM_LAST: Final = (
    COLUMNS + " where stream = %s and version > %s and version <= %s order by version desc limit %s"
)
NOTIFICATIONS: Final = COLUMNS + " where position >= %s and position <= %s order by position limit %s"
NOTIFICATIONS_OF_KINDS: Final = (
    COLUMNS + " where position >= %s and position <= %s and kind = any(%s) order by position limit %s"
)


class LedgerRecorder(ApplicationRecorder):
    """Reads the log of one ledger. Positions have no gap and are seen in order: who has seen n has seen all before n."""

    def __init__(self, dsn: str, schema: str) -> None:
        self.dsn = dsn
        self.schema = schema
        self.channel = f"{schema}_recorded"
        self.readers = Readers(dsn, schema)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Record stored events as they are, in one transaction, and return their positions.

        The library's door. What is judged comes in by `Ledger.record`, which also keeps receipts and shared facts; here the
        state must be JSON in one line. Raises the library's `IntegrityError` if a version of a stream is taken.
        """
        del kwargs
        if not stored_events:
            return []
        with connect(self.dsn, self.schema) as connection:
            try:
                with connection.transaction():
                    return self._insert(connection, stored_events)
            except psycopg.errors.UniqueViolation as error:
                raise IntegrityError(f"the version is taken: {error.diag.constraint_name}") from error

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[Notification]:
        """The events of a stream by version. Each knows its position, as a notification does."""
        newest, oldest = NEWEST if lte is None else lte, OLDEST if gt is None else gt
        query = EVENTS_FROM_LAST if desc else EVENTS
        return self._notifications(query, (str(originator_id), oldest, newest, limit))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position, at most `limit`, optionally of some kinds only."""
        first = (start or 0) + (0 if inclusive_of_start else 1)
        last = LAST if stop is None else stop
        if topics:
            return self._notifications(NOTIFICATIONS_OF_KINDS, (first, last, list(topics), limit))
        return self._notifications(NOTIFICATIONS, (first, last, limit))

    def max_notification_id(self) -> int | None:
        """The position of the last event, or None when there is none."""
        return self.head().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Follow the log beyond `gt`, for ever: a lost connection is opened again, and nothing is missed or repeated."""
        return LedgerSubscription(self, gt, topics)

    def head(self) -> Head:
        """Where the log ends."""
        with self.readers.connection() as connection:
            row = connection.execute("select position, recorded_at, chain from ledger_head").fetchone()
        return Head(*cast(tuple[int, datetime, bytes], row))

    def database_time(self) -> datetime:
        """What time it is by the database's clock."""
        with self.readers.connection() as connection:
            row = connection.execute("select clock_timestamp()").fetchone()
        return cast(tuple[datetime], row)[0]

    def close(self) -> None:
        self.readers.close()

    def _notifications(self, query: LiteralString, parameters: Sequence[object]) -> list[Notification]:
        with self.readers.connection() as connection:
            rows = connection.execute(query, parameters).fetchall()
        return [
            Notification(stream, version, kind, record.encode(), id=position)
            for position, stream, version, kind, record in cast(list[tuple[int, str, int, str, str]], rows)
        ]

    def _insert(self, connection: Connection[Any], events: Sequence[StoredEvent]) -> Sequence[int]:
        position, before, chain, now = cast(Any, connection.execute(LOCK).fetchone())
        recorded_at = max(before, now).isoformat()
        chained = links(chain, (event.state for event in events))
        connection.execute(
            INSERT_EVENTS,
            (
                position,
                recorded_at,
                array(str(event.originator_id) for event in events),
                plain_array(event.originator_version for event in events),
                array(event.topic for event in events),
                plain_array(uuid5(EVENT_IDS, f"{e.originator_id}@{e.originator_version}") for e in events),
                plain_array(recorded_at for _ in events),
                "\n".join(event.state.decode() for event in events),
                plain_array(each.hex() for each in chained),
            ),
        )
        last = position + len(events)
        connection.execute(MOVE_HEAD, (last, recorded_at, chained[-1], position))
        connection.execute(NOTIFY, (self.channel, str(last), last))
        return list(range(position + 1, last + 1))
