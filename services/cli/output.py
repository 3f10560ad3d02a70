"""What the commands say: one document an answer, as JSON for scripts or as tables for people, and always how far it is true."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, TextIO
from zoneinfo import ZoneInfo

import typer
from pydantic_core import to_jsonable_python
from rich import box
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from domain.money import major

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, errors too.")]

Justify = Literal["left", "right"]

WIDTH_OF_A_PIPE: Final = 140
"""How wide tables are where no terminal says it; COLUMNS overrides it."""

ROOMY: Final = 120
"""The width from which a table has room for sentences."""

SENTENCES: Final = frozenset({"reason", "what it says", "because"})
"""Columns that hold sentences."""

NOTHING: Final = "—"


@cache
def console() -> Console:
    """Where answers go."""
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS") or WIDTH_OF_A_PIPE)
    return Console(width=width, highlight=False, soft_wrap=False)


@cache
def errors() -> Console:
    """Where everything goes that is not the answer."""
    return Console(stderr=True, highlight=False)


def forget_streams() -> None:
    """Look again where standard output and standard error lead, as a process that calls the commands twice must."""
    console.cache_clear()
    errors.cache_clear()


def answer(document: Mapping[str, Any], *parts: RenderableType, as_json: bool) -> None:
    """Give the answer: the document as JSON, or the parts for people. `true_up_to` in the document ends both."""
    if as_json:
        print_json(document)
        return
    for part in parts:
        console().print(part)
    if (position := document.get("true_up_to")) is not None:
        console().print(Text(f"True up to position {position}.", style="dim"))


def print_json(document: Any, to: TextIO | None = None) -> None:
    """One document a line, UTF-8, times in ISO 8601."""
    out = to or sys.stdout
    out.write(json.dumps(to_jsonable_python(document), ensure_ascii=False) + "\n")
    out.flush()


def table(title: str, columns: Mapping[str, Justify], rows: Iterable[Sequence[object]]) -> RenderableType:
    """A table whose columns line up whatever the script. Values that are None show as a dash.

    On a narrow terminal columns without any value are left out, and sentences stand below, each after its row's first cell.
    """
    cells = [[NOTHING if value is None or value == "" else str(value) for value in row] for row in rows]
    names, apart = list(columns), []
    if console().width < ROOMY:
        names = [name for i, name in enumerate(columns) if not cells or any(row[i] != NOTHING for row in cells)]
        apart = [name for name in names if name in SENTENCES]
    made = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    place = {name: i for i, name in enumerate(columns)}
    beside = [name for name in names if name not in apart]
    for name in beside:
        made.add_column(name, justify=columns[name], overflow="fold")
    for row in cells:
        made.add_row(*(Text(row[place[name]]) for name in beside))
    return Group(made, *(below([(row[0], row[place[name]]) for row in cells]) for name in apart)) if apart else made


def below(rows: Iterable[tuple[str, str]]) -> RenderableType:
    """Sentences, each after what it is about."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for about, sentence in rows:
        made.add_row(about, Text(sentence))
    return made


def pairs(title: str, rows: Iterable[tuple[str, object]]) -> RenderableType:
    """What is said of one thing, a row each."""
    made = Table(
        title=title or None, box=None, title_justify="left", title_style="bold", show_header=False, pad_edge=False
    )
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, NOTHING if value is None or value == "" else Text(str(value)))
    return made


def heading(text: str) -> RenderableType:
    """What begins a part of a long answer."""
    return Rule(Text(text, style="bold"), align="left", characters="─")


def listed(items: Iterable[object]) -> RenderableType:
    """Sentences, each with a dot before it and its lines below one another."""
    made = Table.grid(padding=(0, 1))
    made.add_column()
    made.add_column(overflow="fold")
    for each in items:
        made.add_row(" ·", Text(str(each)))
    return made


def paragraph(text: str, style: str = "") -> RenderableType:
    """Text as it is: what looks like markup in it means nothing."""
    return Text(text, style=style)


def when(at: datetime | None, zone: ZoneInfo) -> str | None:
    """A time to the minute, to the second where it has any, in the policy's time zone."""
    if at is None:
        return None
    local = at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def money(amount: int | None, currency: str | None) -> str | None:
    """An amount with its currency, in the decimals that ISO 4217 gives it."""
    if amount is None or currency is None:
        return None
    return f"{major(amount, currency)} {currency}"


def progress() -> Progress:
    """A bar for long work, on standard error and only where a person looks on."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
