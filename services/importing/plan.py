"""Rows become commands: the shape of a file is recognised by its header, and each row is drawn through the mapping."""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import JsonValue

from domain.commands import COMMANDS, AnyCommand, parse
from domain.fact import SYSTEM
from domain.refusals import Refusal
from services.importing.conventions import Conventions
from services.importing.mapping import ImportMapping, Shape, Step, calls_of, columns_of
from services.importing.reading import Table, Unreadable
from services.importing.reasons import NotIn, Reason
from services.importing.templates import Draw, Values, constant, drawn
from services.importing.templates import parse as parse_template

COMMAND_ID: Final = re.compile(r"[\w.:@/#-]{1,190}")
ASSIGNED: Final = "assigned as imported"

Asked = tuple[str, str, AnyCommand | Refusal]
"""The step, the command's id, and the command, or why it is none."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    name: str
    command: str
    conditions: tuple[tuple[str, frozenset[str]], ...]
    at: Draw
    fields: tuple[tuple[str, Draw], ...]
    key: Draw | None

    def applies(self, values: Values) -> bool:
        return all(values[column] in wanted for column, wanted in self.conditions)

    def body(self, values: Values) -> dict[str, Any]:
        """The command's fields. Raises `NotIn`. What is optional and empty is left out."""
        at = self.at(values, None)
        body = {"name": self.command, "at": at}
        when = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        for field, draw in self.fields:
            if (value := draw(values, when)) is not None:
                body[field] = value
        return body


@dataclass(frozen=True, slots=True)
class PlannedShape:
    """A shape ready to draw rows through. `order` is its place in the mapping: what comes first there is recorded first."""

    order: int
    name: str
    shape: Shape
    source: str
    columns: tuple[str, ...]
    key: Draw
    aliases: Mapping[str, Mapping[str, str]]
    steps: tuple[PlannedStep, ...]
    activities: Mapping[str, tuple[PlannedStep, ...]]
    ranks: Mapping[str, int]

    def values(self, fields: Sequence[str]) -> dict[str, str]:
        """The values of a row's columns, without blanks around them, an alias replaced by what it stands for."""
        values = dict(zip(self.columns, map(str.strip, fields), strict=True))
        for column, aliases in self.aliases.items():
            if (meant := aliases.get(values[column])) is not None:
                values[column] = meant
        return values

    def not_taken(self, columns: Sequence[str]) -> list[str]:
        """The columns of a file that the mapping neither uses nor ignores on purpose."""
        known = {normal(column) for column in (*self.columns, *self.shape.ignored_columns)}
        return [column for column in columns if column and normal(column) not in known]

    def key_of(self, values: Values) -> str:
        """The row's own key. Raises `NotIn`."""
        key = str(self.key(values, None))
        if not COMMAND_ID.fullmatch(key):
            raise NotIn(Reason.KEY_UNUSABLE)
        return key

    def time_of(self, values: Values) -> float:
        """When the row's first step happened, in seconds since 1970. Raises `NotIn`."""
        at = self.steps_for(values)[0].at(values, None)
        return (at if isinstance(at, datetime) else datetime.fromisoformat(at)).timestamp()

    def rank_of(self, values: Values) -> int:
        """The place of the row's activity in the mapping, by which happenings of one time are ordered."""
        return self.ranks.get(values[self.shape.activity], 0) if self.shape.activity is not None else 0

    def is_ignored(self, values: Values) -> bool:
        """Whether the mapping says that such a row leaves nothing to record; its ownership may say so of a claim."""
        if self.shape.activity is None:
            return not self.steps
        activity = values[self.shape.activity]
        return activity in self.shape.ignored_activities or self.activities.get(activity) == ()

    def steps_for(self, values: Values) -> list[PlannedStep]:
        """The steps that apply to the row. Raises `NotIn` when a listed column has another value, or no step applies."""
        for column, known in self.shape.values.items():
            if values[column] not in known:
                raise NotIn(Reason.VALUE_UNKNOWN, column, f"Known: {', '.join(known)}.")
        steps = self.steps
        if self.shape.activity is not None:
            activity = values[self.shape.activity]
            if activity not in self.activities:
                raise NotIn(Reason.ACTIVITY_UNKNOWN, self.shape.activity)
            steps = self.activities[activity]
        applying = [step for step in steps if step.applies(values)]
        if not applying:
            raise NotIn(Reason.NO_STEP)
        return applying

    def commands(self, key: str, values: Values) -> Iterator[Asked]:
        """The row's commands in order, each with its id: source, shape, key and step. Raises `NotIn`."""
        for step in self.steps_for(values):
            own = f"{self.name}/{key}" if step.key is None else str(step.key(values, None))
            command_id = f"{self.source}/{own}/{step.name}"
            if not COMMAND_ID.fullmatch(command_id):
                raise NotIn(Reason.KEY_UNUSABLE)
            yield step.name, command_id, parse(step.body(values))


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping, compiled for a ledger."""

    conventions: Conventions
    setup: tuple[PlannedStep, ...]
    source: str
    shapes: tuple[PlannedShape, ...]
    asks_for_managers: bool

    def setup_commands(self) -> Iterator[Asked]:
        for step in self.setup:
            yield step.name, f"{self.source}/setup/{step.name}", parse(step.body({}))

    def recognise(self, table: Table) -> tuple[PlannedShape, tuple[int, ...]]:
        """The shape whose columns the table has, and where they stand. Raises `Unreadable`, naming what is missing.

        A header that has more columns of another shape than the fitting one wants is taken for a wrong header of that.
        """
        there = {normal(column): i for i, column in reversed(list(enumerate(table.columns)))}
        fitting = [shape for shape in self.shapes if all(normal(column) in there for column in shape.columns)]
        nearest_shape = min(self.shapes, key=lambda each: distance(each.columns, there))
        if not fitting:
            raise Unreadable(not_recognised(table, there, nearest_shape))
        shape = max(fitting, key=lambda each: len(each.columns))
        meant = max(self.shapes, key=lambda each: found_of(each.columns, there))
        if found_of(meant.columns, there) > len(shape.columns):
            raise Unreadable(not_recognised(table, there, meant))
        repeated = [c for c in shape.columns if sum(normal(c) == normal(each) for each in table.columns) > 1]
        if repeated:
            raise Unreadable(
                f"{table.name}: the header has {', '.join(repeated)} more than once; give each its own name"
            )
        return shape, tuple(there[normal(column)] for column in shape.columns)


def not_recognised(table: Table, there: Mapping[str, int], near: PlannedShape) -> str:
    """What is missing of the shape that the file was probably meant to have."""
    told = []
    for column in near.columns:
        alike = nearest(column, there)
        if normal(column) not in there:
            told.append(f"{column} (there is {table.columns[there[alike]]})" if alike else column)
    return (
        f"{table.name}: the header fits no shape of the mapping. The nearest is {near.name}; "
        f"missing: {', '.join(told)}. The file has: {', '.join(table.columns)}."
    )


def found_of(columns: Sequence[str], there: Mapping[str, int]) -> int:
    """How many of a shape's columns a header has."""
    return sum(normal(column) in there for column in columns)


def nearest(column: str, there: Iterable[str]) -> str | None:
    """The column that the name may have been meant for."""
    return next(iter(difflib.get_close_matches(normal(column), there, n=1, cutoff=0.5)), None)


def distance(columns: Sequence[str], there: Mapping[str, int]) -> float:
    """How far a header is from a shape: 1 for each column missing, half of that where one is alike."""
    missing = [column for column in columns if normal(column) not in there]
    return sum(0.5 if nearest(column, there) else 1 for column in missing) / len(columns)


def normal(column: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", column).casefold().split())


def compiled(mapping: ImportMapping, fingerprint: Callable[[str, str], str]) -> Plan:
    """Compile a mapping that was read with `read_mapping`."""
    conventions = mapping.conventions(fingerprint)
    steps = [step for shape in mapping.shapes.values() for _, step in shape.all_steps()]
    drawn_from = [*(step.fields for step in steps), *(shape.fields for shape in mapping.shapes.values())]
    return Plan(
        conventions,
        tuple(planned_step(step, {}, conventions) for step in mapping.setup),
        mapping.source,
        tuple(
            planned_shape(i, name, shape, mapping, conventions)
            for i, (name, shape) in enumerate(mapping.shapes.items())
        ),
        any("manager" in calls_of(value) for fields in drawn_from for value in fields.values()),
    )


def planned_shape(
    order: int, name: str, shape: Shape, mapping: ImportMapping, conventions: Conventions
) -> PlannedShape:
    def planned(steps: Sequence[Step]) -> tuple[PlannedStep, ...]:
        owned = (owning(step, shape.fields, mapping.ownership) for step in steps)
        return tuple(planned_step(step, shape.fields, conventions) for step in owned if step)

    columns = columns_in(shape)
    return PlannedShape(
        order,
        name,
        shape,
        mapping.source,
        columns,
        drawn(parse_template(shape.key), conventions.function),
        {column: mapping.aliases[column] for column in columns if column in mapping.aliases},
        planned(shape.steps),
        {activity: planned(steps) for activity, steps in shape.activities.items()},
        {activity: rank for rank, activity in enumerate(shape.activities)},
    )


def columns_in(shape: Shape) -> tuple[str, ...]:
    """Every column that the shape uses, once."""
    found = [*columns_of(shape.key), *columns_of(shape.fields), *shape.values]
    for _, step in shape.all_steps():
        found += [*columns_of(step.fields), *columns_of(step.key), *step.when]
    return tuple(dict.fromkeys([*found, *([shape.activity] if shape.activity else [])]))


def owning(step: Step, shared: Mapping[str, JsonValue], ownership: str) -> Step | None:
    """A claim as the mapping's ownership has it: left out, claimed under the quotas, or assigned by the import itself."""
    if step.command != "claim-customer" or ownership == "claim":
        return step
    if ownership == "none":
        return None
    claim = {**shared, **step.fields}
    assigned = {
        "at": claim["at"],
        "customer": claim["customer"],
        "to": claim["rep"],
        "ground": ASSIGNED,
        "actor": SYSTEM,
    }
    return step.model_copy(update={"command": "reassign-customer", "fields": assigned})


def planned_step(step: Step, shared: Mapping[str, JsonValue], conventions: Conventions) -> PlannedStep:
    known = COMMANDS[step.command].model_fields  # type: ignore[attr-defined]
    fields: dict[str, JsonValue] = {name: value for name, value in shared.items() if name in known} | step.fields
    at = fields.pop("at")
    return PlannedStep(
        step.step,
        step.command,
        tuple(
            (column, frozenset([wanted] if isinstance(wanted, str) else wanted)) for column, wanted in step.when.items()
        ),
        draw_of(at, conventions),
        tuple((name, draw_of(value, conventions)) for name, value in fields.items()),
        drawn(parse_template(step.key), conventions.function) if step.key is not None else None,
    )


def draw_of(value: JsonValue, conventions: Conventions) -> Draw:
    """How a field's value is drawn; in lists and nested values, what is empty is left out."""
    if isinstance(value, str):
        return drawn(parse_template(value), conventions.function)
    if isinstance(value, list):
        return in_list([draw_of(each, conventions) for each in value])
    if isinstance(value, dict):
        return nested({name: draw_of(each, conventions) for name, each in value.items()})
    return constant(value)


def in_list(draws: Sequence[Draw]) -> Draw:
    return lambda values, at: [found for draw in draws if (found := draw(values, at)) is not None]


def nested(draws: Mapping[str, Draw]) -> Draw:
    def draw(values: Values, at: datetime | None) -> dict[str, Any] | None:
        found = {name: value for name, each in draws.items() if (value := each(values, at)) is not None}
        return found or None

    return draw
