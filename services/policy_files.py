"""Policies as files: read, linted beside each other and beside those published, each finding with its file and line."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from domain.policy.lint import Level, lint
from domain.policy.terms import PolicyVersion
from services.samples import policies
from services.yaml_places import Document, NotYaml, Place, Steps, read_model


@dataclass(frozen=True, slots=True)
class FileFinding:
    """One thing wrong with a file, and where; `code` is stable."""

    file: str
    place: Place
    code: str
    term: str
    message: str
    level: Level = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.place.line}:{self.place.column}"
        term = f"{self.term}: " if self.term else ""
        return f"{where}: {self.level}: {term}{self.message} [{self.code}]"

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.place.line,
            "column": self.place.column,
            "level": self.level,
            "code": self.code,
            "term": self.term,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file and what was found in it: a version unless something in it cannot be read as one."""

    file: str
    version: PolicyVersion | None
    document: Document
    findings: tuple[FileFinding, ...] = ()
    unreadable: bool = False

    @property
    def refused(self) -> bool:
        return self.version is None or any(finding.level == "error" for finding in self.findings)


def read_policy(file: Path) -> PolicyFile:
    """Read a policy file. Whatever is wrong with it is a finding; a file that is not there or no YAML is `unreadable`."""
    name = str(file)
    try:
        read = read_model(file.read_bytes(), PolicyVersion)
    except OSError as error:
        finding = FileFinding(name, Place(1, 1), "unreadable", "", error.strerror or "cannot be read")
        return PolicyFile(name, None, Document(), (finding,), unreadable=True)
    except NotYaml as error:
        finding = FileFinding(name, error.place, "not-yaml", "", str(error))
        return PolicyFile(name, None, Document(), (finding,), unreadable=True)
    found = tuple(FileFinding(name, each.place, each.code, term(each.steps), each.message) for each in read.troubles)
    return PolicyFile(name, read.model, read.document, found)


def lint_files(files: Sequence[Path], published: Sequence[PolicyVersion] = ()) -> list[PolicyFile]:
    """Read and lint files, each beside the others and beside what is published. A version published already is not new."""
    read = [read_policy(file) for file in files]
    return [
        linted(each, [*published, *(other.version for other in read if other is not each and other.version)])
        for each in read
    ]


def linted(file: PolicyFile, others: Sequence[PolicyVersion]) -> PolicyFile:
    if file.version is None:
        return file
    found = tuple(
        FileFinding(file.file, file.document.place(each.path), each.code, term(each.path), each.message, each.level)
        for each in lint(file.version, others)
    )
    return PolicyFile(file.file, file.version, file.document, tuple(sorted(found, key=lambda finding: finding.place)))


def term(steps: Steps) -> str:
    """The name of a term by its steps, as in `commission.roles[3].share`; items are counted from 1, as people do."""
    name = ""
    for step in steps:
        name += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return name.removeprefix(".")


def shipped(name: str) -> PolicyVersion:
    """A policy that is shipped, by its id in any case, such as `B2B-1`. Raises `LookupError` with those that there are."""
    read = read_policy(shipped_file(name))
    if read.version is None:
        raise LookupError(f"the policy {name} as shipped is broken: {read.findings[0]}")
    return read.version


def shipped_file(name: str) -> Path:
    """The file of a policy that is shipped, by its id in any case. Raises `LookupError` with those that there are."""
    if name.upper() not in shipped_ids():
        raise LookupError(f"no policy {name} is shipped; there are {', '.join(shipped_ids())}")
    return Path(str(resources.files(policies).joinpath(f"{name.lower()}.yaml")))


def shipped_ids() -> list[str]:
    """The ids of the policies that are shipped."""
    files = (each.name for each in resources.files(policies).iterdir())
    return sorted(name.removesuffix(".yaml").upper() for name in files if name.endswith(".yaml"))
