"""`reexecute`: decide again what was decided, from the log as it stood and by the rules of then, and compare to the byte."""

import os
from typing import Annotated, Any

import typer

from domain.fact import case_stream
from services.cli.failing import CHECK_FAILED, Failure
from services.cli.output import AsJson, answer, paragraph, progress
from services.cli.reader import catch_up
from services.cli.subject import OfCustomer, OfDeal, streams_asked
from services.replay.concerned import Histories, TooWide, deals_of
from services.replay.reexecution import Reexecution, Selection, reexecute
from services.replay.rulings import rulings
from services.wiring import Books, open_books

app = typer.Typer()
of_case = typer.Typer()
"""What is asked of a case; the commands of `salesledger case` take it in."""

All = Annotated[bool, typer.Option("--all", help="Everything that was ever decided.")]


@app.command("reexecute")
def reexecute_any(
    deal: OfDeal = None,
    customer: OfCustomer = None,
    all_: All = False,
    json: AsJson = False,
) -> None:
    """Judge again every command that touched a deal or a customer, or all there ever were. Exits 1 at the first difference."""
    if all_ == bool(deal or customer):
        raise Failure("bad-usage", "Say what to judge again: --deal, --customer, or --all.")
    with open_books(os.environ) as books:
        selection = Selection() if all_ else Selection(ids=commands_of(books, deal=deal, customer=customer))
        found = run(books, selection)
    say(found, as_json=json)


@of_case.command("reexecute")
def reexecute_case(
    case: Annotated[str | None, typer.Argument(metavar="[ID]", help="The case's id.")] = None,
    all_: All = False,
    commands: Annotated[
        bool, typer.Option("--commands", help="Judge again every command that a receipt keeps, not the rulings alone.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Decide rulings again, of one case or all: from the log as of their position, by their policy and their engine version.

    Exits 1 at the first difference, which is named.
    """
    if all_ == (case is not None):
        raise Failure("bad-usage", "Name a case, or give --all.")
    with open_books(os.environ) as books:
        found = run(books, selected(books, case, commands=commands))
    say(found, as_json=json)


def selected(books: Books, case: str | None, *, commands: bool) -> Selection:
    if commands:
        return Selection() if case is None else Selection(ids=commands_of(books, case=case))
    with books.connection() as connection:
        found = rulings(connection, case)
    if case is not None and not found and not books.ledger.read(case_stream(case)):
        raise Failure("unknown-case", f"There is no case {case}. salesledger case list shows them.")
    return Selection(ids=found)


def commands_of(books: Books, **about: str | None) -> tuple[str, ...]:
    """The commands that left a fact in the histories that these lead to."""
    catch_up(books)
    with books.connection() as connection:
        first = streams_asked(connection, **about)
        histories = Histories(connection, lambda sealed: sealed)
        try:
            histories.gather(first, deals_of(connection))
        except TooWide as wide:
            raise Failure("too-wide", f"{wide} Give --all.") from None
    found = tuple(dict.fromkeys(each.command_id for each in histories.facts))
    if not found:
        raise Failure("nothing-known", f"Nothing is known of {', '.join(first)}.")
    return found


def run(books: Books, selection: Selection) -> Reexecution:
    with progress() as bar:
        task = bar.add_task("Deciding again", total=len(selection.ids) if selection.ids is not None else None)
        return reexecute(books.ledger, selection, progress=lambda done: bar.update(task, completed=done))


def say(found: Reexecution, *, as_json: bool) -> None:
    document: dict[str, Any] = {
        "true_up_to": found.true_up_to,
        "equal": found.equal,
        "erased": found.erased,
        "unplaced": found.unplaced,
        "divergence": found.divergence,
    }
    said = [f"{found.equal} decided again: each came out the same, byte for byte."]
    if found.divergence:
        said = [f"{found.equal} came out the same, then one otherwise: {found.divergence}"]
    if found.erased:
        said.append(f"{found.erased} could not be decided again: a person's data was erased since.")
    if found.unplaced:
        said.append(f"{found.unplaced} are from before receipts kept where they were judged.")
    style = "bold red" if found.divergence else ""
    answer(document, *(paragraph(each, style) for each in said), as_json=as_json)
    if found.divergence:
        raise typer.Exit(CHECK_FAILED)
