"""`erase` and `subject`: what is kept of a person, kept longer for the law, shown to the person, or erased."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import structlog
import typer

from domain.commands import parse
from domain.refusals import Refusal
from services.cli.failing import BAD_USAGE, Failure, refused
from services.cli.output import AsJson, answer, paragraph, print_json
from services.people import held_of
from services.wiring import open_books

app = typer.Typer()
subject = typer.Typer(help="What is kept of a person: shown to the person, or kept from being erased.")

Whose = Annotated[str, typer.Argument(help="customer/ID for a customer, rep/ID for a person of the organisation.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]
Actor = Annotated[str, typer.Option(help="Who asks for it, by id.")]

log = structlog.get_logger()


@app.command()
def erase(whose: Whose, reason: Reason, actor: Actor = "system", json: AsJson = False) -> None:
    """Erase a person's data: the key to it is destroyed, in the log, the read models, copies and bundles alike.

    What happened stays on record and every proof still holds; who it tells of can no longer be read. There is no way back.
    """
    tell({"name": "erase-subject", "whose": whose, "ground": reason, "actor": actor}, f"{whose} is erased.", json=json)


@subject.command()
def hold(
    whose: Whose,
    hold_id: Annotated[str, typer.Argument(metavar="HOLD")],
    reason: Reason,
    actor: Actor = "system",
    json: AsJson = False,
) -> None:
    """Place a legal hold: the person's data is not erased until the hold of this name is lifted."""
    body = {"name": "place-legal-hold", "whose": whose, "hold": hold_id, "ground": reason, "actor": actor}
    tell(body, f"{hold_id} holds the data of {whose}.", json=json)


@subject.command()
def lift(
    whose: Whose,
    hold_id: Annotated[str, typer.Argument(metavar="HOLD")],
    reason: Reason,
    actor: Actor = "system",
    json: AsJson = False,
) -> None:
    """Lift a legal hold."""
    body = {"name": "lift-legal-hold", "whose": whose, "hold": hold_id, "ground": reason, "actor": actor}
    tell(body, f"{hold_id} holds the data of {whose} no longer.", json=json)


@subject.command()
def export(
    whose: Whose,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file, made new.")] = None,
) -> None:
    """All that is held of a person, as lines of JSON with personal values opened: for that person's eyes."""
    if not whose.startswith(("customer/", "rep/")):
        raise Failure("unknown-subject", f"{whose} names no subject. Give customer/ID or rep/ID.")
    with open_books(os.environ) as books:
        lines = held_of(books, whose)
        first = next(lines, None)
        if first is None:
            raise Failure("unknown-subject", f"Nothing is held of {whose}.")
        written = write(chain([first], lines), output)
    log.info("personal_data_exported", subject=whose, lines=written)
    if output:
        answer({"lines": written}, paragraph(f"{written} lines written to {output}."), as_json=False)


def write(lines: Iterable[dict[str, Any]], output: Path | None) -> int:
    """Write the lines to the file, which only its owner may read, or to standard output. Gives how many there were."""
    with ExitStack() as opened:
        file = None
        if output:
            try:
                file = opened.enter_context(output.open("x", encoding="utf-8"))
            except FileExistsError:
                raise Failure("file-exists", f"{output} is there already. Name another file.") from None
            output.chmod(0o600)
        written = 0
        for line in lines:
            print_json(line, file)
            written += 1
    return written


def tell(body: dict[str, Any], done: str, *, json: bool) -> None:
    """Record the command of these fields, now. Raises `Failure`."""
    command = parse({"at": datetime.now(UTC), **body})
    if isinstance(command, Refusal):
        raise Failure(str(command.code), str(command), BAD_USAGE, command)
    with open_books(os.environ) as books:
        given = books.ledger.record(command, command_id=str(uuid4()))
    if given.refusal:
        raise refused(given.refusal)
    answer({"recorded": True, "positions": list(given.positions)}, paragraph(done), as_json=json)
