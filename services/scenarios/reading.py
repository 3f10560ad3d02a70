"""Scenario files: found by path or by the name of a shipped one, read with the place of everything that is wrong."""

import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

from pydantic import BaseModel, ValidationError

from domain.commands import COMMANDS, AnyCommand
from domain.organisation.decisions import CreateUnit, JoinRep
from domain.policy.decisions import PublishPolicy
from domain.policy.terms import PolicyVersion
from services.policy_files import FileFinding, linted, read_policy, shipped, term
from services.policy_files import PolicyFile as ReadPolicy
from services.scenarios.courtroom import left_open
from services.scenarios.moments import with_instants
from services.scenarios.story import PolicyChange, Step, StepExpectations, Story
from services.yaml_places import Document, NotYaml, Place, Steps, Trouble, read_model, troubles_of

PHOTO_HASH: Final = re.compile(r"[0-9a-f]{64}")
SET_UP: Final = "set-up"
PLAIN: Final[dict[str, Any]] = {"title": "-", "policies": ["B2B-1"], "begins": "1950-01-01", "steps": []}
"""The parts that every story has, at their plainest."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the story tells: a command under its stable id, or, without one, a look at what came so far.

    `steps` lead to it in the file. Acts stand in the order of `recorded_at`.
    """

    recorded_at: datetime
    what: str
    steps: Steps
    command_id: str = ""
    command: AnyCommand | None = None
    expected: StepExpectations | None = None

    @property
    def is_set_up(self) -> bool:
        return self.what.startswith(SET_UP)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story whose every command could be read."""

    name: str
    file: str
    story: Story
    acts: tuple[Act, ...]
    document: Document

    @property
    def ends(self) -> datetime:
        """When the story is looked back upon: its last recording, or what the file says."""
        last = self.acts[-1].recorded_at
        return max(last, self.story.instant(self.story.ends)) if self.story.ends else last

    def place(self, steps: Steps) -> Place:
        return self.document.place(steps)


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A file and what is wrong with it; a scenario unless anything is."""

    file: str
    scenario: Scenario | None
    findings: tuple[FileFinding, ...] = ()


def shipped_scenarios() -> list[str]:
    """The names of the scenarios that are shipped."""
    folder = resources.files("services.samples.scenarios")
    return sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml"))


def read_scenario(name: str) -> ScenarioFile:
    """Read a scenario by its path, or a shipped one by its name. Whatever is wrong with it comes back as findings."""
    path = Path(name)
    if not path.exists() and name in shipped_scenarios():
        content = resources.files("services.samples.scenarios").joinpath(f"{name}.yaml").read_bytes()
        return read_content(content, name, f"{name}.yaml", Path())
    try:
        return read_content(path.read_bytes(), path.stem, name, path.parent)
    except OSError as error:
        near = difflib.get_close_matches(path.stem, shipped_scenarios(), n=1)
        told = f"{error.strerror or 'cannot be read'}; " + (
            f"did you mean the shipped {near[0]}?" if near else f"shipped are {', '.join(shipped_scenarios())}"
        )
        return ScenarioFile(name, None, (FileFinding(name, Place(1, 1), "unreadable", "", told),))


def read_content(content: bytes, name: str, file: str, folder: Path) -> ScenarioFile:
    """Read a scenario's text. `folder` is where the policy files that it names are."""
    try:
        read = read_model(content, Story)
    except NotYaml as error:
        return ScenarioFile(file, None, (FileFinding(file, error.place, "not-yaml", "", str(error)),))
    found = [FileFinding(file, each.place, each.code, term(each.steps), each.message) for each in read.troubles]
    story = read.model or without(read.document.value, read.troubles)
    if story is None:
        return ScenarioFile(file, None, tuple(found))
    reader = Reader(story, read.document, re.sub(r"[^\w.-]+", "-", name), file, folder)
    acts = sorted(reader.acts(), key=lambda act: act.recorded_at)
    if found or reader.findings:
        return ScenarioFile(file, None, tuple(sorted([*found, *reader.findings], key=lambda finding: finding.place)))
    return ScenarioFile(file, Scenario(name, file, story, tuple(acts), read.document))


def without(value: Any, troubles: Sequence[Trouble]) -> Story | None:
    """The story without the parts in which trouble was found, so that the rest can be looked through as well."""
    if not isinstance(value, dict):
        return None
    rest = PLAIN | value
    for trouble in troubles:
        match trouble.steps:
            case ("steps", int(i), *_):
                rest["steps"] = [*rest["steps"][:i], {"expect": {}}, *rest["steps"][i + 1 :]]
            case (str(name), *_):
                rest[name] = PLAIN.get(name)
    with suppress(ValidationError):
        return Story.model_validate_json(json.dumps({name: part for name, part in rest.items() if part is not None}))
    return None


class Reader:
    """Makes acts of a story, and notes what it cannot make one of."""

    def __init__(self, story: Story, document: Document, slug: str, file: str, folder: Path) -> None:
        self.story = story
        self.document = document
        self.slug = slug
        self.file = file
        self.folder = folder
        self.findings: list[FileFinding] = []

    def acts(self) -> Iterator[Act]:
        """Everything that happens, the setting up first."""
        yield from self.set_up()
        before = self.story.instant(self.story.begins)
        for i, step in enumerate(self.story.steps):
            steps: Steps = ("steps", i)
            when = step.recorded_at or step.at
            recorded_at = self.story.instant(when) if when else before
            if recorded_at < before:
                told = "is recorded before the step above it; steps stand in the order of their recording"
                self.wrong(steps, "out-of-order", told)
            before = max(before, recorded_at)
            act = self.command(step, steps, before, i) if step.do else self.look(step, steps, before)
            if act:
                yield act

    def set_up(self) -> Iterator[Act]:
        """The policies and the organisation, under ids that say what they set up."""
        begins = self.story.instant(self.story.begins)
        for i, written in enumerate(self.story.policies):
            if version := self.policy(written, ("policies", i)):
                publish = PublishPolicy(at=begins, version=version)
                yield self.prepared(("policies", i), begins, f"policy {version.policy}", publish)
        for i, unit in enumerate(self.story.organisation.units):
            fields = unit.model_dump(exclude={"title"})
            create = CreateUnit(at=begins, title=unit.title or unit.unit, **fields)
            yield self.prepared(("organisation", "units", i), begins, f"unit {unit.unit}", create)
        for i, person in enumerate(self.story.organisation.people):
            joined = self.story.instant(person.joined or self.story.begins)
            join = JoinRep(at=joined, rep=person.rep, unit=person.unit, duty=person.duty)
            yield self.prepared(("organisation", "people", i), max(begins, joined), f"person {person.rep}", join)

    def prepared(self, steps: Steps, at: datetime, what: str, command: AnyCommand) -> Act:
        return Act(at, f"{SET_UP} {what}", steps, f"{self.slug}/{SET_UP}/{what.replace(' ', '/')}", command)

    def command(self, step: Step, steps: Steps, recorded_at: datetime, index: int) -> Act | None:
        do = step.do or ""
        model = COMMANDS.get(do)
        if model is None:
            near = difflib.get_close_matches(do, COMMANDS, n=1)
            told = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            self.wrong((*steps, "do"), "unknown-command", f"there is no command {do}; {told}")
            return None
        if step.at is None:
            self.wrong(steps, "missing", "at is missing; say when it was done")
            return None
        body = {"name": do, "at": self.story.instant(step.at).isoformat(), "actor": step.actor}
        body |= with_instants(step.fields, self.story.zone)
        if isinstance(photo := body.get("photo"), str) and not PHOTO_HASH.fullmatch(photo):
            body["photo"] = hashlib.sha256(photo.encode()).hexdigest()
        command = self.read(cast(type[BaseModel], model), left_open(do, body), steps)
        named = step.id or f"{index + 1}-{do}"
        if command is None:
            return None
        expected = step.expect or StepExpectations()
        return Act(recorded_at, do, steps, f"{self.slug}/{named}", cast(AnyCommand, command), expected)

    def look(self, step: Step, steps: Steps, at: datetime) -> Act:
        for name in step.fields:
            self.wrong((*steps, name), "unknown-key", f"a step with {name} is a command: say which with `do`")
        if step.expect is None:
            self.wrong(steps, "missing", "do is missing, or expect; a step is a command or a look at the story")
        elif step.expect.facts is not None or step.expect.refused or step.expect.rival:
            told = "facts, refused and rival are expected of a command: say which with `do`"
            self.wrong((*steps, "expect"), "missing", told)
        return Act(at, "look", steps, expected=step.expect)

    def read(self, model: type[BaseModel], body: dict[str, Any], steps: Steps) -> BaseModel | None:
        """The model that the body makes, or None with each mistake noted at its place below these steps."""
        try:
            return model.model_validate_json(json.dumps(body), strict=True)
        except ValidationError as error:
            part = within(self.document, steps)
            for each in troubles_of(error, part, model):
                place = each.place if each.steps in part.places else self.document.place(steps)
                name = term((*steps, *each.steps))
                self.findings.append(FileFinding(self.file, place, each.code, name, each.message))
            return None

    def policy(self, written: str | PolicyChange, steps: Steps) -> PolicyVersion | None:
        name = written if isinstance(written, str) else written.like
        found = self.named_policy(name, steps if isinstance(written, str) else (*steps, "like"))
        if found is None or isinstance(written, str):
            return found
        zoned = with_instants({"policy": written.policy, **(written.model_extra or {})}, self.story.zone)
        version = self.read(PolicyVersion, merged(found.model_dump(mode="json", exclude_defaults=True), zoned), steps)
        if version is None:
            return None
        checked = linted(ReadPolicy(self.file, cast(PolicyVersion, version), within(self.document, steps)), ())
        self.findings += [finding for finding in checked.findings if finding.level == "error"]
        return checked.version

    def named_policy(self, name: str, steps: Steps) -> PolicyVersion | None:
        if not name.endswith((".yaml", ".yml")):
            try:
                return shipped(name)
            except LookupError as error:
                self.wrong(steps, "unknown-policy", f"{error}; or give the path of a file")
                return None
        read = linted(read_policy(self.folder / name), ())
        wrong = [finding for finding in read.findings if finding.level == "error"]
        self.findings += wrong
        return None if wrong else read.version

    def wrong(self, steps: Steps, code: str, message: str) -> None:
        self.findings.append(FileFinding(self.file, self.document.place(steps), code, term(steps), message))


def within(document: Document, steps: Steps) -> Document:
    """The part of a document that the steps lead to."""
    n = len(steps)
    return Document(
        places={path[n:]: place for path, place in document.places.items() if path[:n] == steps},
        keys={path[n:]: place for path, place in document.keys.items() if path[:n] == steps},
    )


def merged(terms: Any, changes: Any) -> Any:
    """The terms with the changes in their place; lists are replaced as a whole."""
    if isinstance(terms, dict) and isinstance(changes, dict):
        return terms | {name: merged(terms.get(name), value) for name, value in changes.items()}
    return changes
