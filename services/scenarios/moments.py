"""Times as a story writes them: `2024-08-01 09:00`, in the story's own time zone unless they bring their offset."""

import re
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, PlainValidator
from pydantic_core import PydanticCustomError

from domain.commands import COMMANDS
from domain.fact import EARLIEST, LATEST

WRITTEN: Final = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?(Z|[+-]\d{2}:\d{2})?")
"""A day, an hour of it, or one to the second; with or without an offset from UTC. A day alone begins at midnight."""


def told(value: object) -> datetime:
    """Read a time as written. Raises the validation error `moment` for anything else.

    >>> told("2024-08-01 09:00")
    datetime.datetime(2024, 8, 1, 9, 0)
    """
    if isinstance(value, str) and WRITTEN.fullmatch(value):
        try:
            at = datetime.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("moment", "there is no such time: {why}", {"why": str(error)}) from None
        if EARLIEST.year < at.year < LATEST.year:
            return at
    raise PydanticCustomError("moment", "write a time of our age, as 2024-08-01 09:00")


Moment = Annotated[datetime, PlainValidator(told)]
"""A time of the story; in its time zone where it brings no offset."""


def in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """The instant that is meant."""
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def with_instants(body: Any, zone: ZoneInfo) -> Any:
    """A command's body with its times made instants, in the form that a command is read from."""
    if isinstance(body, dict):
        return {
            name: instant(value, zone) if name in TIMES and isinstance(value, str) else with_instants(value, zone)
            for name, value in body.items()
        }
    return [with_instants(item, zone) for item in body] if isinstance(body, list) else body


def instant(value: str, zone: ZoneInfo) -> str:
    """The instant as text; what is no time stays as it is, for the command to be refused."""
    try:
        return in_zone(told(value), zone).isoformat()
    except PydanticCustomError:
        return value


def times_of(annotation: Any, seen: set[type]) -> set[str]:
    """The names of the fields below a type that hold an instant."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return set()
        seen.add(annotation)
        fields = annotation.model_fields.items()
        own = {name for name, field in fields if holds_an_instant(field.annotation)}
        return own.union(*(times_of(field.annotation, seen) for _, field in fields))
    return set().union(*(times_of(each, seen) for each in getattr(annotation, "__args__", ())))


def holds_an_instant(annotation: Any) -> bool:
    """Whether a field of this type is an instant, or may be one."""
    if isinstance(annotation, type):
        return issubclass(annotation, datetime | AwareDatetime)
    inner = (getattr(annotation, "__origin__", None), *getattr(annotation, "__args__", ()))
    return any(holds_an_instant(each) for each in inner if each is not None and not isinstance(each, list))


TIMES: Final[frozenset[str]] = frozenset().union(*(times_of(command, set()) for command in COMMANDS.values()))
"""The names of every command's fields that hold an instant."""
