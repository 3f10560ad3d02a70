"""What a what-if is asked with: events left out or moved, commands that nobody gave, other policies."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from domain.commands import COMMANDS
from domain.engine import ENGINE, ENGINES
from domain.fact import Instant
from domain.policy.lint import lint
from domain.policy.terms import PolicyVersion
from domain.refusals import Refusal
from services.api.commands import read
from services.api.problems import Problem
from services.replay.acts import Act
from services.replay.whatif import Question

MOST: Final = 100

EventName = Annotated[
    str, Field(pattern=r"^[0-9]{1,18}$|^[0-9a-f-]{36}$", description="By position or id.", examples=["42"])
]


class Moved(BaseModel):
    """An event at another time."""

    model_config = ConfigDict(extra="forbid")

    event: EventName
    at: Instant


class Inserted(BaseModel):
    """A command that nobody gave, with its `name`; judged when it is said to have been recorded, else at its own time."""

    model_config = ConfigDict(extra="forbid")

    command: dict[str, Any]
    recorded_at: Instant | None = None


class Supposition(BaseModel):
    """What is to be supposed, of at least one sort."""

    model_config = ConfigDict(extra="forbid")

    omit: list[EventName] = Field(default=[], max_length=MOST)
    redate: list[Moved] = Field(default=[], max_length=MOST)
    insert: list[Inserted] = Field(default=[], max_length=MOST)
    policies: list[dict[str, Any]] = Field(
        default=[], max_length=10, description="Policy versions, each as `publish-policy` takes one."
    )


def question(supposed: Supposition) -> Question:
    """The question as the fork takes it. Raises `Problem` for a command or a policy that is none, and for nothing supposed."""
    if not any((supposed.omit, supposed.redate, supposed.insert, supposed.policies)):
        raise Problem("request-malformed", "Suppose something: omit, redate, insert or policies.")
    return Question(
        omit=tuple(supposed.omit),
        redate=tuple((each.event, each.at) for each in supposed.redate),
        insert=tuple(act_of(number, each) for number, each in enumerate(supposed.insert)),
        policies=tuple(policy_of(number, each) for number, each in enumerate(supposed.policies)),
    )


def policy_of(number: int, told: dict[str, Any]) -> PolicyVersion:
    try:
        version = PolicyVersion.model_validate_json(to_json(told))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, ("policies", number, *first["loc"])))
        raise Problem("request-malformed", f"{where}: {first['msg']}") from None
    wrong = [each for each in lint(version) if each.level == "error"]
    if wrong:
        raise Problem("request-malformed", f"policies.{number}: {wrong[0].message}")
    return version


def act_of(number: int, inserted: Inserted) -> Act:
    name = inserted.command.get("name")
    if name not in COMMANDS:
        raise Problem("request-malformed", f"insert.{number}: the command has no name that is known.")
    command = read(name, to_json(inserted.command))
    if isinstance(command, Refusal):
        raise Problem("request-malformed", f"insert.{number}: {command}")
    recorded_at = inserted.recorded_at or command.at
    return Act(recorded_at, (0, number), f"supposed/{number}", command, ENGINES[ENGINE], supposed=True)
