"""Templates: how a value of a command is drawn from a row, such as `{close_value | money}` or `crm:{opportunity_id}`.

A template that is one slot gives what its last function makes (a time, an amount); any other gives text. A slot whose column
is empty stops the row, unless it is optional (`{phone?}`): then the field is left out.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from services.importing.reasons import NotIn, Reason

SLOT: Final = re.compile(r"\{([^{}]*)\}")

Values = Mapping[str, str]
Draw = Callable[[Values, datetime | None], Any]
"""Draws a value from a row's values; the time is that of the act, once it is known."""


class Function(Protocol):
    """What a function of a slot does: text, or what the function before it made, and the time of the act."""

    def __call__(self, value: Any, at: datetime | None, /) -> Any: ...


class TemplateWrong(ValueError):
    """A template that cannot be read; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Slot:
    column: str
    optional: bool
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Slot, ...]

    def slots(self) -> Iterator[Slot]:
        return (part for part in self.parts if isinstance(part, Slot))


def parse(text: str) -> Template:
    """Read a template. Raises `TemplateWrong`.

    >>> parse("crm:{id | slug}").parts
    ('crm:', Slot(column='id', optional=False, calls=(Call(name='slug', argument=''),)))
    """
    parts: list[str | Slot] = []
    end = 0
    for found in SLOT.finditer(text):
        parts += [text[end : found.start()], slot(found[1])]
        end = found.end()
    parts.append(text[end:])
    if any(isinstance(part, str) and ("{" in part or "}" in part) for part in parts):
        raise TemplateWrong("a brace is not closed; a slot is written {column} or {column | function}")
    return Template(tuple(part for part in parts if part != ""))


def slot(inner: str) -> Slot:
    column, *calls = (part.strip() for part in inner.split("|"))
    optional = column.endswith("?")
    name = column.removesuffix("?").strip()
    if not name:
        raise TemplateWrong("a slot names a column: {column} or {column | function}")
    if "" in calls:
        raise TemplateWrong("there is nothing after a |; name a function, or take the | away")
    return Slot(name, optional, tuple(read_call(call) for call in calls))


def read_call(text: str) -> Call:
    name, _, argument = text.partition(" ")
    return Call(name, argument.strip())


def drawn(template: Template, function: Callable[[Call], Function]) -> Draw:
    """Compile a template; `function` gives what a call does, and raises `TemplateWrong` for one that there is not."""
    draws = [part if isinstance(part, str) else from_slot(part, function) for part in template.parts]
    if len(draws) == 1:
        only = draws[0]
        return constant(only) if isinstance(only, str) else only
    return joined(draws)


def constant(value: Any) -> Draw:
    return lambda _values, _at: value


def joined(draws: list[str | Draw]) -> Draw:
    def draw(values: Values, at: datetime | None) -> str | None:
        parts = [part if isinstance(part, str) else part(values, at) for part in draws]
        return None if None in parts else "".join(map(str, parts))

    return draw


def from_slot(part: Slot, function: Callable[[Call], Function]) -> Draw:
    column, optional = part.column, part.optional
    default = next((call.argument for call in part.calls if call.name == "default"), "")
    functions = [function(call) for call in part.calls if call.name != "default"]

    def draw(values: Values, at: datetime | None) -> Any:
        value: Any = values[column] or default
        if not value:
            if optional:
                return None
            raise NotIn(Reason.VALUE_MISSING, column)
        try:
            for each in functions:
                value = each(value, at)
        except NotIn as why:
            why.column = column
            raise
        return value

    return draw
