"""How commands are read from the command line and from lines of JSON, and how the ledger's answers are said."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import Any, Final

from pydantic import BaseModel

from domain.commands import COMMANDS, AnyCommand, parse
from domain.refusals import Code, Refusal
from services.cli.failing import BAD_USAGE, DONE, REFUSED, Failure
from services.ledger.answer import Answer
from services.ledger.application import Ledger

MOST_AT_ONCE: Final = 256
LINES_AHEAD: Final = 1_024


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a stream: its command, or why it is none."""

    number: int
    command_id: str | None
    command: AnyCommand | None
    refusal: Refusal | None


def body_of(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    """The fields of a command from options: `--expected-amount 5000000` or `--parts '[{"rep": "li", "bps": 10000}]'`.

    What a field takes as text stays text; everything else is read as JSON. Raises `Failure` naming the option.
    """
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {near[0]}?" if near else f" Known: {', '.join(COMMANDS)}."
        raise Failure("unknown-command", f"There is no command {name}.{hint}")
    known: type[BaseModel] = COMMANDS[name]
    properties: dict[str, Mapping[str, Any]] = known.model_json_schema()["properties"]
    body: dict[str, Any] = {}
    for option, value in options_in(arguments):
        field = option.replace("-", "_")
        if field not in properties:
            near = difflib.get_close_matches(field, properties, n=1)
            hint = f" Did you mean --{near[0].replace('_', '-')}?" if near else ""
            raise Failure("unknown-field", f"{name} has no field {option}.{hint}")
        body[field] = value if is_text(properties[field]) else from_json_value(option, value)
    return body


def options_in(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values, given as `--name value` or `--name=value`."""
    rest = list(arguments)
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        if not option.startswith("--"):
            raise Failure("bad-usage", f"{option} is no option. Fields are given as --name value.")
        if not equals and not rest:
            raise Failure("bad-usage", f"{option} lacks its value.")
        yield option.removeprefix("--"), value if equals else rest.pop(0)


def is_text(schema: Mapping[str, Any]) -> bool:
    return "string" in {schema.get("type"), *(each.get("type") for each in schema.get("anyOf", ()))}


def from_json_value(option: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        raise Failure("malformed", f"--{option} takes a number, true, false or JSON, not {value!r}.") from None


def from_json(text: str | bytes) -> dict[str, Any]:
    """A JSON object. Raises `Failure`."""
    try:
        found = json.loads(text)
    except UnicodeDecodeError:
        raise Failure("malformed", "This is not UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise Failure("malformed", f"This is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Failure("malformed", "A command is a JSON object.")
    return found


def answered(ledger: Ledger, source: Iterable[bytes]) -> Iterator[tuple[dict[str, Any], int]]:
    """Record the commands in lines of JSON; gives each line's answer, in order, with its exit code. Empty lines are passed over.

    Takes as many lines at a time as are there, so that whoever waits for an answer before the next line gets one.
    """
    for chunk in as_they_come(source):
        lines = [read_line(number, text) for number, text in chunk if text.strip()]
        commands = [(line.command_id, line.command) for line in lines if line.command_id and line.command]
        answers = ledger.record_many(commands)
        for line in lines:
            if line.refusal:
                yield (
                    {"line": line.number, "id": line.command_id, "positions": None, "refusal": line.refusal},
                    BAD_USAGE,
                )
            else:
                given = next(answers)
                yield {"line": line.number, **spoken(line.command_id, given)}, REFUSED if given.refusal else DONE


def as_they_come(source: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """The lines of a source with their numbers, in lists of those that have arrived, at most 256."""
    arrived: Queue[tuple[int, bytes] | None] = Queue(LINES_AHEAD)

    def read() -> None:
        for numbered in enumerate(source, 1):
            arrived.put(numbered)
        arrived.put(None)

    Thread(target=read, daemon=True).start()
    more = True
    while more:
        waiting = [arrived.get()]
        while len(waiting) < MOST_AT_ONCE and waiting[-1] is not None:
            try:
                waiting.append(arrived.get_nowait())
            except Empty:
                break
        more = waiting[-1] is not None
        yield [each for each in waiting if each is not None]


def read_line(number: int, text: bytes) -> Line:
    try:
        body = from_json(text)
    except Failure as failure:
        return Line(number, None, None, malformed(str(failure)))
    identity = body.pop("id", None)
    if not isinstance(identity, str) or not identity:
        return Line(number, None, None, malformed('A line of a stream has an "id", so that it can be repeated.'))
    command = parse(body)
    if isinstance(command, Refusal):
        return Line(number, identity, None, command)
    return Line(number, identity, command, None)


def malformed(detail: str) -> Refusal:
    return Refusal(code=Code.MALFORMED, clause="ledger/commands", detail=detail)


def spoken(command_id: str | None, given: Answer) -> dict[str, Any]:
    """The ledger's answer as a document. `true_up_to` is the last position that the command caused."""
    return {
        "id": command_id,
        "positions": [given.positions[0], given.positions[-1]] if given.positions else None,
        "repeated": given.repeated,
        "refusal": given.refusal,
        "true_up_to": given.last,
    }


def in_words(command_id: str, given: Answer) -> str:
    told = "Found recorded before" if given.repeated else "Recorded"
    if not given.positions:
        return f"{told}: nothing had to happen. Command id: {command_id}"
    first, last = given.positions[0], given.positions[-1]
    return f"{told} at position{'' if first == last else 's'} {first}{'' if first == last else f'–{last}'}. Command id: {command_id}"
