"""What the ledger holds of one person, opened for that person: GDPR article 15, Personal Information Protection Law article 45."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, cast

from domain.personal import SEALED_PREFIX
from services.database import connect
from services.ledger.application import Ledger
from services.vault import sealed_prefix
from services.wiring import Books

PAGE: Final = 500
ERASED: Final = "‹erased›"

EVENTS: Final = (
    "select position, recorded_at, record::text from event"
    " where position(%(quoted)s in record::text) > 0 or position(%(sealed)s in record::text) > 0 order by position"
)
COMMANDS: Final = (
    "select command_id, recorded_at, command::text, answer::text from receipt"
    " where position(%(quoted)s in command::text) > 0 or position(%(sealed)s in command::text) > 0"
    " order by recorded_at, command_id"
)


def held_of(books: Books, whose: str) -> Iterator[dict[str, Any]]:
    """Every event and every command that names the subject or holds its data, one at a time, personal values opened.

    `whose` is `customer/C-1` or `rep/Wang`. Reads the whole log and all receipts once, in constant memory.
    """
    name = whose.partition("/")[2]
    asked = {"quoted": json.dumps(name, ensure_ascii=False), "sealed": sealed_prefix(whose)}
    with connect(books.ledger.dsn, books.ledger.schema, timeouts=False) as connection, connection.transaction():
        with connection.cursor("held_events") as events:
            events.itersize = PAGE
            for position, recorded_at, record in cast(
                Iterable[tuple[int, datetime, str]], events.execute(EVENTS, asked)
            ):
                told = opened(books.ledger, json.loads(record))
                yield {"part": "event", "position": position, "recorded_at": recorded_at, **told}
        with connection.cursor("held_commands") as commands:
            commands.itersize = PAGE
            for command_id, recorded_at, command, answer in cast(Iterable[Any], commands.execute(COMMANDS, asked)):
                yield {
                    "part": "command",
                    "command_id": command_id,
                    "recorded_at": recorded_at,
                    "command": opened(books.ledger, json.loads(command)),
                    "answer": json.loads(answer),
                }


def opened(ledger: Ledger, value: Any) -> Any:
    """The JSON value with what is sealed opened, or marked where its key was destroyed."""
    match value:
        case dict():
            return {key: opened(ledger, each) for key, each in value.items()}
        case list():
            return [opened(ledger, each) for each in value]
        case str() if value.startswith(SEALED_PREFIX):
            return ledger.reveal(value) or ERASED
        case _:
            return value
