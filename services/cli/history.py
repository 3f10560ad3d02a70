"""`history`: everything that ever happened to a customer, as known and as true at any time."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from pydantic import BaseModel
from rich.console import RenderableType

from domain.facts import KINDS
from domain.personal import SEALED_PREFIX
from projections import history as histories
from projections import pool as board
from projections.history import Entry
from projections.leads import lead_of
from services.cli.failing import unknown
from services.cli.output import AsJson, Justify, answer, money, table, when
from services.cli.pages import After, after_of, mark, more
from services.cli.reader import KnownAt, Limit, Names, Reader, TrueAt, reading

app = typer.Typer()

LONGEST_PAGE: Final = 200

COLUMNS: Final[dict[str, Justify]] = {
    "position": "right",
    "happened": "left",
    "recorded": "left",
    "fact": "left",
    "what it says": "left",
    "by": "left",
}

UNTOLD: Final = frozenset({"customer", "keys", "policy", "plan_hash", "currency", "photo", "cap", "day", "complete"})
"""Fields that a table leaves out; JSON has them all."""

ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
PEOPLE: Final = frozenset({"rep", "owner", "former_owner", "by", "mentor", "donor", "of"})


@app.command()
def history(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    limit: Limit = LONGEST_PAGE,
    after: After = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """A customer's history: every fact of the customer and of its deals, with both times."""
    with reading(named=names) as reader:
        document, parts = history_answer(reader, customer, known_at, true_at, limit, after)
    answer(document, *parts, as_json=json)


def history_answer(
    reader: Reader,
    customer: str,
    known_at: str | None = None,
    true_at: str | None = None,
    limit: int = LONGEST_PAGE,
    after: str | None = None,
) -> tuple[dict[str, Any], list[RenderableType]]:
    """The history as a document and as a table. Raises `Failure` for an unknown customer."""
    known, true = reader.at(known_at, "--known-at"), reader.at(true_at, "--true-at")
    found = histories.history(
        reader.connection, customer, known_at=known, true_at=true, limit=limit, after=after_of(after)
    )
    row = board.one(reader.connection, customer).row or lead_of(reader.connection, customer).row
    if row is None:
        raise unknown("customer", customer, "salesledger pool lists them, and salesledger leads who may become one.")
    name = reader.opened(row.customer_name) if reader.named else None
    document = {
        "true_up_to": found.position,
        "customer": customer,
        "name": name,
        "known_at": known,
        "true_at": true,
        "facts": [told(entry, reader) for entry in found.rows],
        "after": mark(found.after),
    }
    asked = [f"as known at {when(known, reader.zone)}"] if known else []
    asked += [f"as true at {when(true, reader.zone)}"] if true else []
    title = f"History of {f'{name} ({customer})' if name else customer}{', ' if asked else ''}{' and '.join(asked)}"
    return document, [table(title, COLUMNS, shown(found.rows, reader)), *more(found.after)]


def told(entry: Entry, reader: Reader) -> dict[str, Any]:
    return {
        "position": entry.position,
        "stream": entry.stream,
        "version": entry.version,
        "kind": entry.kind,
        "occurred_at": entry.occurred_at,
        "effective_at": entry.effective_at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor,
        "reason": entry.reason,
        "causation": entry.causation,
        "told": {field: opened(value, reader) for field, value in entry.told.items()},
    }


def opened(value: Any, reader: Reader) -> Any:
    """A field's value with what is personal in the clear, or left out where ids alone are wanted."""
    if isinstance(value, str) and value.startswith(SEALED_PREFIX):
        return reader.opened(value) if reader.named else None
    return value


def shown(entries: list[Entry], reader: Reader) -> Iterator[tuple[object, ...]]:
    for entry in entries:
        yield (
            entry.position,
            when(entry.occurred_at, reader.zone),
            when(entry.recorded_at, reader.zone),
            entry.kind.partition(".")[0],
            in_words(entry, reader),
            reader.person(entry.actor),
        )


def in_words(entry: Entry, reader: Reader) -> str:
    """A fact's own fields in one line, in the order in which its kind has them."""
    model: type[BaseModel] = KINDS[entry.kind]
    told = {field: entry.told[field] for field in model.model_fields if field in entry.told and field not in UNTOLD}
    return ", ".join(
        f"{field.replace('_', ' ')} {worded(field, value, entry.told, reader)}"
        for field, value in told.items()
        if value not in (None, [], False)
    )


def worded(field: str, value: Any, fields: Mapping[str, Any], reader: Reader) -> str:
    match value:
        case str() if field in PEOPLE:
            return reader.person(value) or value
        case str() if value.startswith(SEALED_PREFIX):
            return str(opened(value, reader) or "‹sealed›")
        case int() if field.endswith("amount") and "currency" in fields:
            return money(value, fields["currency"]) or str(value)
        case dict():
            return " ".join(str(each) for each in value.values())
        case list() | tuple():
            return "; ".join(worded(field, each, fields, reader) for each in value)
        case str() if ISO_TIME.match(value):
            return when(datetime.fromisoformat(value), reader.zone) or value
        case _:
            return str(value)
