"""`policy`: check policies in files, publish them, compare two, and list those published."""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from domain.fact import SYSTEM
from domain.policy.decisions import PublishPolicy
from domain.policy.difference import difference
from domain.policy.facts import PolicyBook, PolicyPublished
from domain.policy.succession import before, end
from domain.policy.terms import PolicyVersion
from domain.refusals import Refusal
from services.cli.failing import BAD_USAGE, CHECK_FAILED, REFUSED, Failure, refused
from services.cli.output import AsJson, answer, console, paragraph, table, when
from services.ledger.answer import Answer
from services.ledger.application import Ledger
from services.policy_files import FileFinding, PolicyFile, lint_files, read_policy, shipped, shipped_file, shipped_ids
from services.wiring import Books, open_books

app = typer.Typer(
    help="Check policies in files, publish them, compare two, and list those published.", no_args_is_help=True
)

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="YAML files, or ids of policies that are shipped.")]
Side = Annotated[str, typer.Argument(help="A file, or the id of a policy that is published or shipped.")]
At = Annotated[
    str | None,
    typer.Option("--at", help="An instant with its offset, such as 2024-01-31T09:00:00+08:00; now if not given."),
]


@app.command()
def lint(
    files: Files,
    published: Annotated[
        bool, typer.Option("--published", help="Lint beside what the ledger has published, too.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Find what is wrong with policies: each by itself, and all beside each other.

    Exit codes: 0 nothing found, 1 something found, 2 a file that cannot be read.
    """
    book: list[PolicyVersion] = []
    if published:
        with open_books(os.environ) as books:
            book = list(books.policies().versions.values())
    read = lint_files([file_of(name) for name in files], book)
    found = findings_of(read)
    names = ", ".join(each.version.policy for each in read if each.version)
    told = f"Findings: {len(found)}." if found else f"Nothing is wrong with {names}."
    document = {"findings": [finding.as_json() for finding in found], "files": [as_json(each) for each in read]}
    show(found, as_json=json)
    answer(document, paragraph(told), as_json=json)
    stop_at(read, warnings=True)


@app.command()
def publish(
    files: Files,
    actor: Annotated[str, typer.Option(help="The manager who publishes.")] = SYSTEM,
    reason: Annotated[str | None, typer.Option(help="Why, for the log.")] = None,
    at: At = None,
    json: AsJson = False,
) -> None:
    """Publish policies. Publishing one again changes nothing; nothing is published while lint finds an error.

    Exit codes: 0 published, 1 lint found an error, 2 a file that cannot be read, 3 refused by a rule.
    """
    instant = instant_of(at)
    refusal: Refusal | None = None
    with open_books(os.environ) as books:
        known = books.policies().versions
        read = lint_files([file_of(name) for name in files], list(known.values()))
        found = findings_of(read)
        show(found, as_json=json)
        document: dict[str, Any] = {"findings": [each.as_json() for each in found], "published": []}
        if any(each.refused for each in read):
            answer(document, paragraph("Nothing was published."), as_json=json)
            stop_at(read, warnings=False)
        for version in (each.version for each in read if each.version):
            given = recorded(books.ledger, version, instant, actor, reason)
            if refusal := given.refusal:
                document["refusal"] = refusal
                break
            done = {"policy": version.policy, "hash": version.content_hash, "position": given.last}
            document["published"].append({**done, "repeated": version.policy in known})
        document["true_up_to"] = books.ledger.head().position
    answer(document, *map(published_line, document["published"]), as_json=json)
    if refusal:
        raise typer.Exit(REFUSED) if json else refused(refusal)


@app.command()
def diff(old: Side, new: Side, json: AsJson = False) -> None:
    """Compare two policies term by term: a file with what is published, or any two."""
    with ExitStack() as opened:
        books = cache(lambda: opened.enter_context(open_books(os.environ)))
        one, other = (version_of(name, books) for name in (old, new))
    changes = difference(one, other)
    document = {
        "old": {"policy": one.policy, "hash": one.content_hash},
        "new": {"policy": other.policy, "hash": other.content_hash},
        "changes": [{"term": each.term, "old": each.old, "new": each.new} for each in changes],
    }
    if not changes:
        answer(document, paragraph(f"{one.policy} and {other.policy} say the same."), as_json=json)
        return
    rows = [(each.term, shown(each.old), shown(each.new)) for each in changes]
    shape = table("", {"Term": "left", f"Old ({old})": "left", f"New ({new})": "left"}, rows)
    answer(document, shape, as_json=json)


@app.command("list")
def listed(at: At = None, json: AsJson = False) -> None:
    """List the policies published, where each applies and when, and which are in force."""
    instant = instant_of(at)
    with open_books(os.environ) as books:
        published = [each for each in books.ledger.read("policies") if isinstance(each.fact, PolicyPublished)]
        book, head = books.policies(), books.ledger.head().position
    rows = [
        row_of(each.fact, each.position, book, instant) for each in published if isinstance(each.fact, PolicyPublished)
    ]
    unpublished = [each for each in shipped_ids() if each not in book.versions]
    document = {"policies": rows, "at": instant, "shipped": unpublished, "true_up_to": head}
    columns = ("Policy", "Scope", "From", "Until", "In force", "Hash", "Position", "Title")
    shape = table("", dict.fromkeys(columns, "left"), [spoken(row, book) for row in rows])
    hint = (
        f"Shipped, not published: {', '.join(unpublished)}. See: salesledger policy publish --help"
        if unpublished
        else ""
    )
    parts = [shape] if rows else [paragraph("No policy is published.")]
    answer(document, *parts, *([paragraph(hint)] if hint else []), as_json=json)


def recorded(ledger: Ledger, version: PolicyVersion, at: datetime, actor: str, reason: str | None) -> Answer:
    """Record the publishing. The command's id follows from all it says, so that a repeat is the same command."""
    command = PublishPolicy(at=at, actor=actor, reason=reason, version=version)
    said = f"{version.content_hash} {at.astimezone(UTC).isoformat()} {actor} {reason}"
    digest = hashlib.sha256(said.encode()).hexdigest()
    return ledger.record(command, command_id=f"publish-policy/{version.policy}/{digest[:32]}")


def row_of(fact: PolicyPublished, position: int, book: PolicyBook, at: datetime) -> dict[str, Any]:
    version = fact.version
    until = end(version, book.versions.values())
    return {
        "policy": version.policy,
        "title": version.title,
        "scope": version.scope.model_dump(exclude_none=True),
        "effective_from": version.effective_from,
        "effective_until": until,
        "in_force": version.effective_from <= at and before(at, until),
        "hash": version.content_hash,
        "position": position,
        "by": fact.by,
    }


def spoken(row: dict[str, Any], book: PolicyBook) -> tuple[object, ...]:
    zone = book[row["policy"]].zone
    begins, until = (when(row[name], zone) for name in ("effective_from", "effective_until"))
    in_force = "yes" if row["in_force"] else "no"
    return (
        row["policy"],
        everywhere(row["scope"]),
        begins,
        until,
        in_force,
        row["hash"][:12],
        row["position"],
        row["title"],
    )


def everywhere(scope: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in scope.items()) or "everywhere"


def shown(value: object) -> str | None:
    return None if value is None else str(value)


def file_of(name: str) -> Path:
    """The file that a person names: a path, or the id of a policy that is shipped."""
    if not Path(name).exists() and name.upper() in shipped_ids():
        return shipped_file(name)
    return Path(name)


def version_of(name: str, books: Callable[[], Books]) -> PolicyVersion:
    """The version that a person names: in a file, published, or shipped."""
    if Path(name).exists():
        read = read_policy(Path(name))
        if read.version is None:
            raise Failure("policy-unreadable", "\n".join(str(finding) for finding in read.findings))
        return read.version
    book = books().policies()
    if name in book.versions:
        return book[name]
    if name.upper() in shipped_ids():
        return shipped(name)
    there = ", ".join([*book.versions, *(each for each in shipped_ids() if each not in book.versions)])
    raise Failure(
        "unknown-policy", f"{name} is no file, and no policy of this id is published or shipped; there are {there}."
    )


def instant_of(text: str | None) -> datetime:
    """The instant that a person gives, or now."""
    if text is None:
        return datetime.now(UTC)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        given = None
    if given is None or given.tzinfo is None:
        raise typer.BadParameter(
            "give an instant with its offset, such as 2024-01-31T09:00:00+08:00", param_hint="--at"
        )
    return given


def findings_of(read: Sequence[PolicyFile]) -> list[FileFinding]:
    return [finding for file in read for finding in file.findings]


def show(findings: Sequence[FileFinding], *, as_json: bool) -> None:
    """Show findings to people, a line each, however long, so that editors find the place in it."""
    styles = {"error": "red", "warning": "yellow"}
    for each in () if as_json else findings:
        console().print(paragraph(str(each), styles[each.level]), soft_wrap=True)


def published_line(done: dict[str, Any]) -> RenderableType:
    how = "was published before; nothing changes" if done["repeated"] else "is published"
    return paragraph(f"{done['policy']} {how} ({done['hash'][:12]}).")


def as_json(file: PolicyFile) -> dict[str, Any]:
    version = file.version
    return {"file": file.file, "policy": version and version.policy, "hash": version and version.content_hash}


def stop_at(read: Sequence[PolicyFile], *, warnings: bool) -> None:
    """End with the exit code that the worst finding asks for, if there is one."""
    if any(file.unreadable for file in read):
        raise typer.Exit(BAD_USAGE)
    if any(file.refused or (warnings and file.findings) for file in read):
        raise typer.Exit(CHECK_FAILED)
