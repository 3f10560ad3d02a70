"""`case file`, `case accept`, `case vote` and the rest: every step of a case by its own verb."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
import yaml
from pydantic import BaseModel

from domain.commands import COMMANDS, parse
from domain.fact import SYSTEM, case_stream
from domain.refusals import Refusal
from domain.world import World
from services.cli.failing import BAD_USAGE, Failure, refused
from services.cli.output import AsJson, answer, paragraph
from services.cli.telling import body_of, in_words, spoken
from services.evidence.sealer import Sealer, first_head_beyond, open_sealer
from services.wiring import Books, open_books

app = typer.Typer()

ANY_FIELD: Final = {"allow_extra_args": True, "ignore_unknown_options": True}

VERBS: Final = {
    "file": "file-dispute",
    "accept": "accept-case",
    "dismiss": "dismiss-case",
    "evidence": "submit-evidence",
    "seat": "seat-panel",
    "recuse": "recuse-member",
    "vote": "cast-vote",
    "issue": "issue-decision",
    "appeal": "file-appeal",
    "execute": "execute-decision",
    "precedent": "publish-precedent",
}
"""The command that each verb gives."""

Case = Annotated[str, typer.Argument(metavar="CASE", help="The case's id.")]
Actor = Annotated[str, typer.Option("--actor", metavar="REP", help="Who does it.")]
CommandId = Annotated[
    str | None, typer.Option("--id", help="The command's id; repeated with it, the step is taken once.")
]
RulingFile = Annotated[
    Path | None, typer.Option("--ruling-file", metavar="FILE", help="Of a vote: the ruling, as YAML or JSON.")
]


def step(verb: str, name: str) -> None:
    """Make a verb of a command: the case first, the command's other fields as options."""

    def take(
        context: typer.Context,
        case: Case,
        actor: Actor = SYSTEM,
        command_id: CommandId = None,
        ruling_file: RulingFile = None,
        json: AsJson = False,
    ) -> None:
        body = {**body_of(name, context.args), "case": case, "actor": actor}
        if ruling_file:
            body["ruling"] = ruling_in(ruling_file)
        with open_books(os.environ) as books:
            if name == "seat-panel" and "head" not in body:
                body["head"] = head_for(case, books)
            given(books, name, body, command_id or str(uuid4()), json)

    known: type[BaseModel] = COMMANDS[name]
    fields = [field for field in known.model_fields if field not in {"name", "case", "actor"}]
    told = (known.__doc__ or "").strip()
    take.__doc__ = f"{told}\n\nFields, as options: {', '.join('--' + each.replace('_', '-') for each in fields)}."
    app.command(verb, context_settings=ANY_FIELD)(take)


for verb, command in VERBS.items():
    step(verb, command)


def given(books: Books, name: str, body: dict[str, Any], identity: str, json: bool) -> None:
    """Record the command and tell the answer. Raises `Failure` for what is malformed or refused."""
    command = parse({"name": name, "at": datetime.now(UTC), **body})
    if isinstance(command, Refusal):
        raise Failure(str(command.code), str(command), BAD_USAGE, command)
    found = books.ledger.record(command, command_id=identity)
    if found.refusal and not json:
        raise refused(found.refusal)
    answer(spoken(identity, found), paragraph(in_words(identity, found)), as_json=json)
    if found.refusal:
        raise typer.Exit(refused(found.refusal).exit_code)


def ruling_in(file: Path) -> object:
    """What a file says of a ruling. Raises `Failure` for what cannot be read."""
    try:
        return yaml.load(file.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 (it makes texts and nothing else)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Failure("unreadable", f"{file} cannot be read as YAML: {error}.") from None


def head_for(case: str, books: Books) -> dict[str, object]:
    """The first signed head that has the opening of the case's hearing in it; signed now if there is none."""
    opened = opening_of(case, books)
    sealer: Sealer = open_sealer(books.connection, books.settings)
    with books.connection() as connection:
        found = first_head_beyond(connection, sealer.key.public, opened - 1)
    found = found or sealer.seal()
    if found is None or found.size < opened:
        raise Failure("no-head", "No head of the log could be signed; see `salesledger verify`.")
    return {"size": found.size, "root": found.head.root.hex(), "signed_by": str(sealer.key.public)}


def opening_of(case: str, books: Books) -> int:
    """The position of the event that opened the hearing; 1 where none is open, which the ledger then refuses."""
    world = World(now=datetime.now(UTC), fingerprint=lambda kind, value: f"{kind}:{value}", complete=True)
    for each in books.ledger.read(case_stream(case)):
        world.apply(each.fact, each.position)
    hearing = world.case(case).case.hearing
    return hearing.position if hearing else 1
