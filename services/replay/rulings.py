"""Which commands were rulings: what was ruled, and what came of it."""

from typing import Any, Final, LiteralString

from psycopg import Connection

from domain.fact import case_stream

RULINGS: Final = ("decision-issued.v1", "decision-executed.v1")

OF_KINDS: Final[LiteralString] = (
    "select distinct record ->> 'command_id' from event where kind = any(%s)"
    " and (%s::text is null or stream = %s) order by 1"
)


def rulings(connection: Connection[Any], case: str | None = None) -> tuple[str, ...]:
    """The ids of the commands that were rulings, of one case or of all."""
    stream = case_stream(case) if case is not None else None
    rows = connection.execute(OF_KINDS, (list(RULINGS), stream, stream)).fetchall()
    return tuple(command_id for (command_id,) in rows)
