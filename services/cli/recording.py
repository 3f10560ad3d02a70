"""`record`: tell the ledger something, as fields, as JSON, or as a stream of lines that are answered one by one."""

import os
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import uuid4

import typer

from domain.commands import COMMANDS, parse
from domain.refusals import Refusal
from services.cli.failing import BAD_USAGE, DONE, Failure, refused
from services.cli.output import AsJson, answer, paragraph, print_json
from services.cli.telling import answered, body_of, from_json, in_words, spoken
from services.wiring import open_books

app = typer.Typer()

ANY_FIELD: Final = {"allow_extra_args": True, "ignore_unknown_options": True}

Told = Annotated[
    str | None,
    typer.Argument(metavar="[NAME|JSON]", help="A command's name, its fields given as options; or all of it as JSON."),
]
CommandId = Annotated[
    str | None,
    typer.Option("--id", help="The command's id; a new one when not given. Repeated with its id, it is recorded once."),
]
File = Annotated[
    str | None, typer.Option("--file", help='Commands as NDJSON, each with its "id"; - reads standard input.')
]


@app.command(context_settings=ANY_FIELD)
def record(
    context: typer.Context, told: Told = None, command_id: CommandId = None, file: File = None, json: AsJson = False
) -> None:
    """Record a command, such as `record claim-customer --customer C-1 --rep li`.

    `at` is now where it is not given, `actor` is "system". With --file a stream of commands is recorded, and each line
    answered by a line of JSON, in order; a bad line costs only itself.
    """
    if file is not None:
        raise typer.Exit(record_stream(file))
    if told is None:
        raise Failure("nothing-told", f"Name a command, or give --file. Known: {', '.join(COMMANDS)}.")
    is_json = told.lstrip().startswith("{")
    body = from_json(told) if is_json else {"name": told, **body_of(told, context.args)}
    identity = str(command_id or body.pop("id", None) or uuid4())
    command = parse({"at": datetime.now(UTC), **body})
    if isinstance(command, Refusal):
        raise Failure(str(command.code), str(command), BAD_USAGE, command)
    with open_books(os.environ) as books:
        given = books.ledger.record(command, command_id=identity)
    if given.refusal and not json:
        raise refused(given.refusal)
    answer(spoken(identity, given), paragraph(in_words(identity, given)), as_json=json)
    if given.refusal:
        raise typer.Exit(refused(given.refusal).exit_code)


def record_stream(file: str) -> int:
    """Record every line of a file and answer it on standard output. Gives the worst exit code of all lines."""
    with ExitStack() as opened:
        source = sys.stdin.buffer if file == "-" else opened.enter_context(Path(file).open("rb"))
        books = opened.enter_context(open_books(os.environ))
        codes = {DONE}
        for document, exit_code in answered(books.ledger, source):
            print_json(document)
            codes.add(exit_code)
    return BAD_USAGE if BAD_USAGE in codes else max(codes)
