"""Every statement of the write path. Arrays go as literals joined by hand, so that a batch costs a few texts, not a thousand parameters.

Inserts select from `ledger_head`, which routes them to the ledger's node where a cluster spreads PostgreSQL by schema.
"""

from collections.abc import Iterable
from typing import Final

LOCK: Final = "update ledger_head set position = position returning position, recorded_at, chain, clock_timestamp()"
"""A row lock on the head: nobody else can write until the transaction ends."""

LOCK_AS_KNOWN: Final = (
    "update ledger_head set position = position returning clock_timestamp(), 1 / (chain = %s)::integer"
)
"""The same lock, and a division by zero, so that nothing is committed, if the log does not end where it is thought to."""

RECEIPTS: Final = "select command_id, digest, answer::text from receipt where command_id = any(%s::text[])"

STREAMS: Final = (
    "select stream, position, record::text from event where stream = any(%s::text[]) order by stream, version"
)

REFERENCES: Final = (
    "select position, record::text from event"
    " where (stream = 'organisation' and version > %s) or (stream = 'policies' and version > %s)"
    " or (stream = 'payroll' and version > %s) order by position"
)

CHANGED: Final = "select distinct stream from event where position > %s"

WRITTEN: Final = "select position, record::text from event where position > %s order by position"

KEYS: Final = (
    "select h.kind, h.key, h.stream, h.position from held_key h"
    " join unnest(%s::text[], %s::text[]) w(kind, key) on h.kind = w.kind and h.key = w.key"
)

TALLIES: Final = (
    "select t.kind, t.key, t.n from tally t"
    " join unnest(%s::text[], %s::text[]) w(kind, key) on t.kind = w.kind and t.key = w.key"
)

LAPSING: Final = "select who, stream, at from alarm where alarm = 'retention' and who = any(%s::text[]) and at <= %s"

HOLDINGS: Final = "select who, stream from alarm where alarm = 'retention' and who = any(%s::text[])"

PERSONAL_KEYS: Final = "select subject, wrapped, master from personal_key where subject = any(%s::text[])"

INSERT_EVENTS: Final = (
    "insert into event (position, stream, version, kind, event_id, occurred_at, recorded_at, record, chain)"
    " select %s::bigint + u.n, u.stream, u.version, u.kind, u.event_id, u.occurred_at, %s::timestamptz, u.record,"
    " decode(u.chain, 'hex') from ledger_head, unnest(%s::text[], %s::integer[], %s::text[], %s::uuid[],"
    " %s::timestamptz[], string_to_array(%s, E'\\n')::json[], %s::text[])"
    " with ordinality u(stream, version, kind, event_id, occurred_at, record, chain, n)"
)

INSERT_RECEIPTS: Final = (
    "insert into receipt (command_id, digest, recorded_at, engine, command, answer, position, stream, asker)"
    " select u.command_id, decode(u.digest, 'hex'), %s::timestamptz, %s, u.command, u.answer, u.position, u.stream, u.asker"
    " from ledger_head, unnest(%s::text[], %s::text[], string_to_array(%s, E'\\n')::json[],"
    " string_to_array(%s, E'\\n')::json[], %s::bigint[], %s::text[], %s::text[])"
    " u(command_id, digest, command, answer, position, stream, asker)"
)

HOLD_KEYS: Final = (
    "insert into held_key (kind, key, stream, position) select u.* from ledger_head,"
    " unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) u on conflict (kind, key)"
    " do update set stream = excluded.stream, position = excluded.position"
)

FREE_KEYS: Final = (
    "delete from held_key h using unnest(%s::text[], %s::text[]) u(kind, key) where h.kind = u.kind and h.key = u.key"
)

COUNT: Final = (
    "insert into tally (kind, key, n) select u.* from ledger_head, unnest(%s::text[], %s::text[], %s::integer[]) u"
    " on conflict (kind, key) do update set n = tally.n + excluded.n"
)

SET_ALARMS: Final = (
    "insert into alarm (stream, alarm, at, who, position) select u.* from ledger_head,"
    " unnest(%s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::bigint[]) u on conflict (stream, alarm)"
    " do update set at = excluded.at, who = excluded.who, position = excluded.position"
)

REST_ALARMS: Final = (
    "delete from alarm a using unnest(%s::text[], %s::text[]) u(stream, alarm)"
    " where a.stream = u.stream and a.alarm = u.alarm"
)

OWN_KEY: Final = "ledger/receipts"
"""The subject of the ledger's own first key. The master key that wraps it is the one in force."""

KEY_IN_FORCE: Final = "select wrapped, master from personal_key where subject = 'ledger/receipts'"

NAME_KEY_IN_FORCE: Final = "update personal_key set master = %s where subject = 'ledger/receipts' and master is null"

KEEP_OWN_KEY: Final = (
    "insert into personal_key (subject, wrapped, master) select %s, %s, %s"
    " where not exists (select from personal_key where subject = 'ledger/receipts' and master <> %s) on conflict do nothing"
)

INSERT_PERSONAL_KEYS: Final = (
    "insert into personal_key (subject, wrapped, master) select u.subject, decode(u.wrapped, 'hex'),"
    " substr(u.master, 1 / (own.master = u.master)::integer)"
    " from ledger_head left join personal_key own on own.subject = 'ledger/receipts',"
    " unnest(%s::text[], %s::text[], %s::text[]) u(subject, wrapped, master)"
)
"""Keeps new keys, and divides by zero, so that nothing is committed, if another master key than theirs is in force."""

DESTROY_PERSONAL_KEYS: Final = (
    "insert into personal_key (subject, wrapped) select u.subject, null from ledger_head, unnest(%s::text[]) u(subject)"
    " on conflict (subject) do update set wrapped = null"
)

MOVE_HEAD: Final = "update ledger_head set position = %s, recorded_at = %s::timestamptz, chain = %s where position = %s"

NOTIFY: Final = "select pg_notify(%s, %s), 1 / (position = %s)::integer from ledger_head"
"""Tells the listeners, and divides by zero, so that nothing is committed, if the head is not where it was moved to."""


def array(values: Iterable[str]) -> str:
    """The literal of a text array, every value quoted."""
    found = list(values)
    if not found:
        return "{}"
    joined = '","'.join(found)
    if joined.count('"') != 2 * (len(found) - 1) or "\\" in joined:
        joined = '","'.join(value.replace("\\", "\\\\").replace('"', '\\"') for value in found)
    return f'{{"{joined}"}}'


def plain_array(values: Iterable[object]) -> str:
    """The literal of an array whose values need no quoting: numbers, ids, hex digits, times, the word NULL."""
    return f"{{{','.join(map(str, values))}}}"


def nullable_array(values: Iterable[str | None]) -> str:
    """The literal of a text array of ids, some of which may be absent."""
    return plain_array("NULL" if value is None else f'"{value}"' for value in values)
