"""YAML with the place of every value, and models read from it, so that each mistake is told by line and column."""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

LARGEST_FILE: Final = 4_000_000
MOST_VALUES: Final = 200_000
"""Aliases count each time they are used, so that a small file cannot grow without end."""

Steps = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

PLAIN_NUMBER: Final = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
KINDS: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp")}
ADVICE: Final = {
    "string_type": "put the value in quotes if it is meant as text",
    "int_type": "write a whole number, without quotes",
    "int_from_float": "write a whole number",
    "timezone_aware": "add the offset from UTC, such as +08:00",
    "datetime_parsing": "write it as 2024-01-31T00:00:00+08:00",
    "datetime_from_date_parsing": "write it as 2024-01-31T00:00:00+08:00",
    "datetime_type": "write it as 2024-01-31T00:00:00+08:00",
    "model_type": "write its terms below it, indented, as `name: value`",
    "tuple_type": "write its items below it, each after a dash",
    "list_type": "write its items below it, each after a dash",
}

NAME: Final = "a name has letters, digits and . : @ - _ only, and 80 at most"


class Place(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


class Trouble(NamedTuple):
    """What is wrong, and where. `code` is stable; `steps` lead to the value."""

    code: str
    steps: Steps
    place: Place
    message: str


class NotYaml(ValueError):
    """The text cannot be read as YAML at all; `place` is where reading ended."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


@dataclass(slots=True)
class Document:
    """The values of a file, the place of each by the steps that lead to it, and what stands in it twice or unreadably."""

    value: Any = None
    places: dict[Steps, Place] = field(default_factory=dict)
    keys: dict[Steps, Place] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)

    def place(self, steps: Sequence[str | int]) -> Place:
        """The place of the value, or of the nearest one around it that is in the file."""
        for n in range(len(steps), -1, -1):
            if found := self.keys.get(tuple(steps[:n])) or self.places.get(tuple(steps[:n])):
                return found
        return Place(1, 1)


@dataclass(frozen=True, slots=True)
class Read(Generic[Model]):
    """The model, or None with the troubles that stand against it."""

    model: Model | None
    troubles: tuple[Trouble, ...]
    document: Document


def read_yaml(content: bytes) -> Document:
    """Read one YAML document. Raises `NotYaml` for what is no UTF-8, no YAML, too large or too deep."""
    if len(content) > LARGEST_FILE:
        raise NotYaml(f"the file has {len(content):,} bytes; more than {LARGEST_FILE:,} are not read", Place(1, 1))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotYaml("the file is not UTF-8; save it as UTF-8", Place(line, 1)) from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = " ".join(filter(None, (error.context, error.problem)))
        raise NotYaml(told or "not YAML", at(mark) if mark else Place(1, 1)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYaml(
            "a character that YAML does not allow (NUL or another control character)", Place(line, 1)
        ) from None
    except RecursionError:
        raise NotYaml("nested too deeply", Place(1, 1)) from None
    document = Document()
    if root is not None:
        document.value = Walk(document).value(root, ())
    return document


def at(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


class Walk:
    """One pass over the nodes of a document, which notes values, places and troubles."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen = 0
        self.scalars = yaml.constructor.SafeConstructor()

    def value(self, node: yaml.Node, steps: Steps) -> Any:
        place = at(node.start_mark)
        self.seen += 1
        if self.seen > MOST_VALUES or len(steps) > 100:
            raise NotYaml("an alias refers to itself, or the file grows too large by its aliases", place)
        self.document.places[steps] = place
        match node:
            case yaml.MappingNode():
                return self.mapping(node, steps)
            case yaml.SequenceNode():
                return [self.value(item, (*steps, i)) for i, item in enumerate(node.value)]
            case _:
                return self.scalar(node, steps, place)

    def mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            inner, place = (*steps, name), at(key.start_mark)
            if name in found:
                message = f"{name} stands here a second time, first on line {self.document.keys[inner].line}; keep one"
                self.document.troubles.append(Trouble("key-repeated", inner, place, message))
                continue
            self.document.keys[inner] = place
            found[name] = self.value(item, inner)
        return found

    def scalar(self, node: yaml.Node, steps: Steps, place: Place) -> Any:
        """The value as JSON has it; a time stays the text that it is written as."""
        kind, text = node.tag, str(node.value)
        if kind not in KINDS:
            return self.trouble(
                "not-plain", steps, place, f"{kind} is no kind of value used here; write plain text or numbers"
            )
        if any("\ud800" <= character <= "\udfff" for character in text):
            return self.trouble(
                "text-not-storable", steps, place, "holds half a character (a lone surrogate); write it whole"
            )
        if kind.endswith(":int") and not PLAIN_NUMBER.fullmatch(text):
            return self.trouble(
                "not-plain", steps, place, f"{text} can be misread; write a plain decimal number, or put it in quotes"
            )
        if kind.endswith(("str", "timestamp")):
            return text
        try:
            return self.scalars.construct_object(node)
        except ValueError:
            return self.trouble("not-plain", steps, place, "cannot be read as a number")

    def trouble(self, code: str, steps: Steps, place: Place, message: str) -> None:
        self.document.troubles.append(Trouble(code, steps, place, message))


def read_model(content: bytes, model: type[Model]) -> Read[Model]:
    """Read a YAML file as a model, strictly: no text for numbers, no fractions for whole numbers, no unknown keys.

    Raises `NotYaml`. Everything else that is wrong comes back as troubles, all of it, in the order of the file.
    """
    document = read_yaml(content)
    if document.value is None and not document.troubles:
        return Read(None, (Trouble("empty", (), Place(1, 1), "the file is empty"),), document)
    try:
        read = model.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as error:
        told = [*document.troubles, *troubles_of(error, document, model)]
        return Read(None, tuple(sorted(once(told), key=lambda trouble: trouble.place)), document)
    return Read(None if document.troubles else read, tuple(document.troubles), document)


def once(troubles: Sequence[Trouble]) -> Iterator[Trouble]:
    """One trouble a value, the first told; of a union's several, all that it could have been."""
    by_steps: dict[Steps, Trouble] = {}
    for trouble in troubles:
        known = by_steps.get(trouble.steps)
        if known is None:
            by_steps[trouble.steps] = trouble
        elif known.code not in ("key-repeated", "not-plain", "text-not-storable") and known.message != trouble.message:
            by_steps[trouble.steps] = known._replace(message=f"{known.message}; or {trouble.message}")
    yield from by_steps.values()


def troubles_of(error: ValidationError, document: Document, model: type[BaseModel]) -> Iterator[Trouble]:
    found = error.errors(include_url=False, include_input=False)
    for each in found:
        steps = each["loc"]
        within = known_steps(steps, document)
        if each["type"] == "extra_forbidden":
            yield Trouble("unknown-key", steps, document.place(steps), unknown(steps, model))
        elif each["type"] == "missing":
            yield Trouble("missing", steps, document.place(steps[:-1]), f"{steps[-1]} is missing; add it")
        elif each["type"] == "too_short" and any(
            other["loc"][: len(steps)] == steps for other in found if other is not each
        ):
            continue
        else:
            yield Trouble("wrong-value", within, document.place(within), wrong(each))


def wrong(error: ErrorDetails) -> str:
    """What pydantic says of a value, in our words, and what to write instead where that is known."""
    if error["type"] == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return NAME if pattern.startswith(r"^[\w") else f"must match {pattern}"
    said = error["msg"].replace("Input should be", "must be").replace("Input should", "must")
    hint = ADVICE.get(error["type"])
    return f"{said}: {hint}" if hint else said


def known_steps(steps: Steps, document: Document) -> Steps:
    """The steps as far as the file has them: pydantic adds the branch of a union to them."""
    for n in range(len(steps), 0, -1):
        if steps[:n] in document.places:
            return steps[:n]
    return ()


def unknown(steps: Steps, model: type[BaseModel]) -> str:
    """What to do about a key that the model does not have."""
    name, known = str(steps[-1]), fields_at(model, steps[:-1])
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"there is no {name} here; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}")


def fields_at(annotation: Any, steps: Steps) -> list[str]:
    """The keys that may stand at the end of the steps."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not steps:
            return list(annotation.model_fields)
        inner = annotation.model_fields.get(str(steps[0]))
        return fields_at(inner.annotation, steps[1:]) if inner else []
    if get_origin(annotation) is Annotated:
        return fields_at(get_args(annotation)[0], steps)
    rest = steps[1:] if get_origin(annotation) in (tuple, list) else steps
    return [name for each in get_args(annotation) for name in fields_at(each, rest)]
