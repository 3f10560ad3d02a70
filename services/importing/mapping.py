"""The mapping file: what the columns and values of an export mean. Whatever is wrong with one is told by line and column."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from domain.commands import COMMANDS
from domain.money import Currency
from services.importing.conventions import Conventions
from services.importing.templates import Template, TemplateWrong, drawn, parse
from services.yaml_places import Document, NotYaml, Steps, read_model

Word = Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise PydanticCustomError("malformed", "there is no time zone of this name") from None
    return name


def _command(name: str) -> str:
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.4)
        raise PydanticCustomError(
            "malformed", f"there is no command {name}; did you mean {(near or list(COMMANDS))[0]}?"
        )
    return name


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Part):
    """One command of a row. `key` is its own where rows share it; `when` says for which values of columns it is asked."""

    step: Word
    command: Annotated[str, AfterValidator(_command)]
    key: str | None = None
    when: dict[str, str | tuple[str, ...]] = {}
    fields: dict[str, JsonValue] = {}


class Shape(Part):
    """What one kind of file is, recognised by its header: what identifies a row, and which commands it means.

    `fields` are those of all its steps, as far as the command has them. Either `steps`, or `activity` with `activities`;
    or neither, and `nothing_to_record` says why.
    """

    key: str
    fields: dict[str, JsonValue] = {}
    values: dict[str, tuple[str, ...]] = {}
    steps: tuple[Step, ...] = ()
    activity: str | None = None
    activities: dict[str, tuple[Step, ...]] = {}
    ignored_activities: tuple[str, ...] = ()
    nothing_to_record: str | None = None
    ignored_columns: tuple[str, ...] = ()

    def all_steps(self) -> Iterator[tuple[Steps, Step]]:
        """Every step, with the way that leads to it in the file."""
        for i, step in enumerate(self.steps):
            yield ("steps", i), step
        for name, steps in self.activities.items():
            for i, step in enumerate(steps):
                yield ("activities", name, i), step


class DefaultPolicy(Part):
    """The policy that is published before the first row: one that is shipped, or a file beside the mapping, with some of
    its terms replaced.
    """

    shipped: str | None = None
    file: str | None = None
    terms: dict[str, JsonValue] = {}


class ImportMapping(Part):
    """A mapping. `source` names the origin in every command's id: who changes it imports everything a second time."""

    source: Word
    time_zone: Annotated[str, AfterValidator(_zone)]
    currency: Currency
    amounts: Literal["major", "minor"] = "major"
    encoding: str = "auto"
    delimiter: Annotated[str, Field(pattern=r"^(auto|.|\t)$")] = "auto"
    dates: Annotated[tuple[str, ...], Field(min_length=1)] = ("iso",)
    decimal: Literal[".", ","] = "."
    ownership: Literal["none", "claim", "assign"] = "none"
    policy: DefaultPolicy | None = None
    aliases: dict[str, dict[str, str]] = {}
    tables: dict[str, dict[str, str]] = {}
    setup: tuple[Step, ...] = ()
    shapes: Annotated[dict[str, Shape], Field(min_length=1)]

    def conventions(self, fingerprint: Any) -> Conventions:
        """How the values are written; `fingerprint` is the ledger's keyed hash."""
        return Conventions(
            zone=ZoneInfo(self.time_zone),
            currency=self.currency,
            minor=self.amounts == "minor",
            dates=self.dates,
            decimal=self.decimal,
            tables=self.tables,
            fingerprint=fingerprint,
        )


class MappingWrong(ValueError):
    """The mapping cannot be used. `mistakes` say where and what, each as `file:line:column: message`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class MappingFile:
    path: Path
    mapping: ImportMapping
    document: Document

    def place(self, *steps: str | int) -> str:
        at = self.document.place(steps)
        return f"{self.path.name}:{at.line}:{at.column}"


def read_mapping(path: Path) -> MappingFile:
    """Read a mapping and check it whole. Raises `MappingWrong`."""
    try:
        read = read_model(path.read_bytes(), ImportMapping)
    except OSError as error:
        raise MappingWrong([f"{path}: {error.strerror or 'cannot be read'}"]) from None
    except NotYaml as error:
        raise MappingWrong([f"{path.name}:{error.place.line}:{error.place.column}: {error}"]) from None
    if read.model is None:
        told = [f"{path.name}:{t.place.line}:{t.place.column}: {dotted(t.steps)}{t.message}" for t in read.troubles]
        raise MappingWrong(told)
    found = MappingFile(path, read.model, read.document)
    if mistakes := [f"{found.place(*steps)}: {dotted(steps)}{message}" for steps, message in check(read.model)]:
        raise MappingWrong(mistakes)
    return found


def dotted(steps: Steps) -> str:
    return "".join(f"{step}: " for step in steps[-1:] if isinstance(step, str))


def check(mapping: ImportMapping) -> Iterator[tuple[Steps, str]]:
    """What is wrong with a mapping beyond its form, each with the way that leads to it."""
    conventions = mapping.conventions(lambda _kind, value: value)
    if mapping.policy and (mapping.policy.shipped is None) == (mapping.policy.file is None):
        yield ("policy",), "name either a policy that is `shipped` or a `file`"
    for i, step in enumerate(mapping.setup):
        yield from check_step(("setup", i), step, {}, conventions)
        if columns_of(step.fields) or columns_of(step.key):
            yield ("setup", i), "the setup has no row; only constants stand here"
    for name, shape in mapping.shapes.items():
        yield from check_shape(("shapes", name), shape, conventions)


def check_shape(way: Steps, shape: Shape, conventions: Conventions) -> Iterator[tuple[Steps, str]]:
    forms = [bool(shape.steps), bool(shape.activities), shape.nothing_to_record is not None]
    if sum(forms) != 1:
        yield way, "a shape has either `steps`, or `activity` with `activities`, or says `nothing_to_record`"
    if bool(shape.activity) != bool(shape.activities):
        yield way, "`activity` names the column, `activities` what its values mean; one needs the other"
    yield from check_value((*way, "key"), shape.key, conventions)
    if not columns_of(shape.key):
        yield (*way, "key"), "the key must tell rows apart: name a column, as in {opportunity_id}"
    yield from check_value((*way, "fields"), shape.fields, conventions)
    known = {field for _, step in shape.all_steps() for field in COMMANDS[step.command].model_fields}  # type: ignore[attr-defined]
    for field in shape.fields:
        if field not in known and shape.nothing_to_record is None:
            yield (*way, "fields", field), f"no command of this shape has a field {field}{nearest(field, known)}"
    names = [step.step for _, step in shape.all_steps()] if shape.steps else []
    for i, name in enumerate(names):
        if name in names[:i]:
            yield (*way, "steps", i, "step"), f"{name} names a step already; each has a name of its own"
    for inner, step in shape.all_steps():
        yield from check_step((*way, *inner), step, shape.fields, conventions)


def check_step(
    way: Steps, step: Step, shared: Mapping[str, JsonValue], conventions: Conventions
) -> Iterator[tuple[Steps, str]]:
    fields = COMMANDS[step.command].model_fields  # type: ignore[attr-defined]
    for field in step.fields:
        if field not in fields or field == "name":
            yield (*way, "fields", field), f"{step.command} has no field {field}{nearest(field, fields)}"
    for field, about in fields.items():
        if about.is_required() and field not in step.fields and field not in shared:
            yield way, f"{step.command} needs the field {field}"
    yield from check_value((*way, "fields"), step.fields, conventions)
    if step.key is not None:
        yield from check_value((*way, "key"), step.key, conventions)


def nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, [each for each in known if each != "name"], n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def check_value(way: Steps, value: JsonValue, conventions: Conventions) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from check_value((*way, name), inner, conventions)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from check_value((*way, i), inner, conventions)
    elif isinstance(value, str):
        try:
            drawn(parse(value), conventions.function)
        except TemplateWrong as wrong:
            yield way, str(wrong)


def templates_in(value: JsonValue) -> Iterator[Template]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from templates_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from templates_in(inner)
    elif isinstance(value, str):
        yield parse(value)


def columns_of(value: JsonValue) -> list[str]:
    """The columns that the templates in a value name, in their order."""
    return [slot.column for template in templates_in(value) for slot in template.slots()]


def calls_of(value: JsonValue) -> set[str]:
    """The functions that the templates in a value call."""
    return {call.name for template in templates_in(value) for slot in template.slots() for call in slot.calls}
