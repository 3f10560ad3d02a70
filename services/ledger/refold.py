"""Does what is kept beside the log still follow from it? Reads the whole log again and names the first difference.

One snapshot, one pass, bounded memory: the shared facts are folded into temporary tables and compared by the database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, LiteralString, cast

from psycopg import Connection, sql

from domain.effects import effects
from domain.personal import keep_sealed
from services.database import connect
from services.ledger.chain import START, link
from services.ledger.changes import Changes
from services.ledger.mapper import read_record

PAGE: Final = 2_000

LOG: Final = (
    "select position, stream, version, kind, event_id, occurred_at, recorded_at, record::text, chain from event"
    " order by position"
)

FOLDED: Final[dict[str, LiteralString]] = {
    "held_key": "select kind, key, stream, position from {}.held_key",
    "tally": "select kind, key, n from {}.tally where n <> 0",
    "alarm": "select stream, alarm, at, who, position from {}.alarm",
}
"""What is compared of each table. A count of nothing is as good as none."""

AS_KEPT: Final = sql.SQL("create temp table {} (like {} including all)")

FIRST_OF_ONE: Final = sql.SQL("{} except all {} order by 1, 2 limit 1")

VERSIONS: Final = "select stream from event group by stream having count(*) <> max(version) limit 1"

Stored = tuple[int, str, int, str, Any, datetime, datetime, str, bytes]


@dataclass(frozen=True, slots=True)
class Refolded:
    """How many events were read, and the first difference found, in words; None: everything follows from the log."""

    events: int
    difference: str | None = None


def refold(dsn: str, schema: str) -> Refolded:
    """Check positions, chain, envelopes, versions and shared facts of a ledger against its stored texts."""
    with connect(dsn, schema, timeouts=False) as connection:
        connection.execute("begin isolation level repeatable read")
        for table in FOLDED:
            connection.execute(AS_KEPT.format(sql.Identifier(table), sql.Identifier(schema, table)))
        events = 0
        chain, recorded_at = START, datetime.min.replace(tzinfo=UTC)
        for page in pages(connection):
            changes = Changes()
            for row in page:
                events += 1
                if difference := unlike(row, events, chain, recorded_at):
                    return Refolded(events, f"event {events}: {difference}")
                chain, recorded_at = row[8], row[6]
                fact = read_record(row[0], row[7], keep_sealed).fact
                changes.add(fact.stream, row[0], effects(fact))
            for statement, parameters in changes.statements():
                connection.execute(statement, parameters)
        return Refolded(events, beside_the_log(connection, schema, events, chain))


def pages(connection: Connection[Any]) -> Iterator[Sequence[Stored]]:
    with connection.cursor("log") as cursor:
        cursor.execute(LOG)
        while page := cursor.fetchmany(PAGE):
            yield cast(Sequence[Stored], page)


def unlike(row: Stored, expected: int, chain: bytes, before: datetime) -> str | None:
    """What is wrong with a stored event, given the chain and the time of the one before it."""
    position, stream, version, kind, event_id, occurred_at, recorded_at, text, stored_chain = row
    if position != expected:
        return f"its position is {position}: the log has a gap"
    if link(chain, text.encode()) != stored_chain:
        return "its stored text is not the one that was chained"
    if recorded_at < before:
        return "it was recorded before the one in front of it"
    told = read_record(position, text, keep_sealed)
    columns = {
        "stream": (stream, told.stream),
        "version": (version, told.version),
        "kind": (kind, told.fact.kind),
        "event_id": (event_id, told.event_id),
        "occurred_at": (occurred_at, told.occurred_at),
        "recorded_at": (recorded_at, told.recorded_at),
    }
    return next((f"its column {name} is not what its text says" for name, (a, b) in columns.items() if a != b), None)


def beside_the_log(connection: Connection[Any], schema: str, events: int, chain: bytes) -> str | None:
    """The first difference between the folds of the log and the tables beside it."""
    head = connection.execute("select position, chain from ledger_head").fetchone()
    if head != (events, chain):
        return f"the head is not where the log ends, at {events}"
    if gap := connection.execute(VERSIONS).fetchone():
        return f"the versions of {gap[0]} have a gap"
    for table, query in FOLDED.items():
        kept, folded = (sql.SQL(query).format(sql.Identifier(where)) for where in (schema, "pg_temp"))
        for one, other, verb in ((kept, folded, "has"), (folded, kept, "lacks")):
            found = connection.execute(FIRST_OF_ONE.format(one, other)).fetchone()
            if found:
                return f"{table} {verb} {found[0]}, {found[1]}"
    return None
