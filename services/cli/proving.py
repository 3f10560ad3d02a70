"""`verify`: does everything still follow from the log; `rebuild`: fold read models again from it."""

import os
from itertools import islice
from typing import Annotated, Any, Final

import typer

from projections.rebuild import RebuildDiffers
from services.cli.failing import CHECK_FAILED, Failure
from services.cli.output import AsJson, answer, paragraph, progress, table
from services.cli.reader import catch_up
from services.database import connect
from services.evidence.heads import Checked, check_heads
from services.evidence.published import Place
from services.evidence.seal_key import known_seal_key
from services.ledger.grants import powers
from services.ledger.refold import refold
from services.ledger.wrapping import check_keys
from services.payroll.check import differing
from services.payroll.sums import unequal
from services.wiring import Books, open_books

app = typer.Typer()

NAMED: Final = 5
"""How many payments that do not come to their pool are named."""


@app.command()
def verify(
    read_models: Annotated[
        bool, typer.Option("--read-models/--log-only", help="Fold every read model again as well, and compare.")
    ] = True,
    json: AsJson = False,
) -> None:
    """Check that everything follows from the log: hash chain, shared facts, signed heads, keys, every read model, sums; and what the role may do.

    Exits 1 with the first difference.
    """
    with open_books(os.environ) as books:
        head = books.ledger.head().position
        with progress() as bar:
            task = bar.add_task("Reading the log again", total=None)
            found = refold(books.ledger.dsn, books.ledger.schema)
            bar.update(task, completed=found.events, total=found.events)
        sealed = heads_of(books)
        with connect(books.ledger.dsn, books.ledger.schema, timeouts=False) as connection:
            keys, unkept = check_keys(connection, books.ledger.schema, books.ledger.keyring.safe)
        differences = [each for each in (found.difference, sealed.difference, unkept) if each]
        held = powers(books.ledger.dsn, books.ledger.schema)
        if held.could and (books.settings.owner_url or not held.owns):
            differences.append(
                f"The database role {held.role} could {', '.join(held.could)}. Run `salesledger migrate`."
            )
        rebuilt = {} if differences or not read_models else compared(books, differences)
    document: dict[str, Any] = {
        "true_up_to": head,
        "events": found.events,
        "chain": "differs" if found.difference else "holds",
        "heads": sealed.heads,
        "keys": keys,
        "read_models": rebuilt,
        "role": {"name": held.role, "superuser": held.superuser, "could": held.could},
        "differences": differences,
    }
    said = [f"{found.events} facts read: the chain holds, and what is kept beside the log follows from it."]
    if sealed.heads:
        said.append(f"{sealed.heads} signed heads read, wherever each is kept: the log leads to all of them.")
    said.append(f"{keys} keys of personal data: each opens, or its person was erased.")
    if read_models:
        said.append(f"{len(rebuilt)} read models folded again: each is what was shown, byte for byte.")
        said.append("The lines of every payment sum to its pool, and every closed month is what was closed.")
    said.append(
        f"The database role {held.role} could alter what is recorded: it owns the tables. LEDGER_OWNER_URL parts the two."
        if held.could
        else f"The database role {held.role} can alter nothing that is recorded."
    )
    if differences:
        said = [f"Differs: {each}" for each in differences]
    answer(document, *(paragraph(each, "bold red" if differences else "") for each in said), as_json=json)
    if differences:
        raise typer.Exit(CHECK_FAILED)


def heads_of(books: Books) -> Checked:
    """Compare the published heads with the log. Where nothing was ever sealed, none is compared."""
    key = known_seal_key(books.settings)
    places = [Place(each, key.public) for each in books.settings.seal_dirs] if key else []
    with connect(books.ledger.dsn, books.ledger.schema, timeouts=False) as connection:
        if not places and connection.execute("SELECT 1 FROM signed_head").fetchone():
            return Checked(0, f"heads were signed, but their key is not at {books.settings.seal_key_file}")
        return check_heads(connection, places)


def compared(books: Books, differences: list[str]) -> dict[str, str]:
    """Rebuild every read model; gives the digest of each.

    What differs is added to `differences`, closed months and payments that do not come to their pool too.
    """
    catch_up(books)
    digests: dict[str, str] = {}
    with progress() as bar:
        task = bar.add_task("Folding read models again", total=len(books.runner.models))
        for model in books.runner.models:
            try:
                rebuilt = books.runner.rebuild(model.name)
            except RebuildDiffers as error:
                differences.append(str(error))
                return digests
            digests[model.name] = rebuilt.digest or ""
            bar.advance(task)
    with books.connection() as connection:
        differences += [each.told for each in differing(connection)]
        differences += islice(unequal(connection, books.policies().versions), NAMED)
    return digests


@app.command()
def rebuild(
    name: Annotated[str | None, typer.Argument(help="The read model; salesledger status lists them.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every read model.")] = False,
    accept_difference: Annotated[
        bool, typer.Option("--accept-difference", help="Show the rebuilt tables even where they differ.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Fold read models again from the log, compare, and show the new tables instead. Readers never wait."""
    if (name is None) == (not all_):
        raise Failure("bad-usage", "Name a read model, or give --all.")
    with open_books(os.environ) as books:
        known = [model.name for model in books.runner.models]
        if name is not None and name not in known:
            raise Failure("unknown-read-model", f"There is no read model {name}. There are: {', '.join(known)}.")
        catch_up(books)
        rebuilt = []
        with progress() as bar:
            wanted = known if all_ else [name or ""]
            task = bar.add_task("Folding again", total=len(wanted))
            for each in wanted:
                try:
                    rebuilt.append(books.runner.rebuild(each, accept_difference=accept_difference))
                except BlockingIOError as error:
                    raise Failure("being-rebuilt", f"{error}. Wait for it.", CHECK_FAILED) from None
                bar.advance(task)
    rows = [(each.name, each.generation, each.position, (each.digest or "")[:16]) for each in rebuilt]
    document = {"true_up_to": min(each.position for each in rebuilt), "rebuilt": rebuilt}
    columns = {"read model": "left", "generation": "right", "position": "right", "digest": "left"}
    answer(document, table("Rebuilt", columns, rows), as_json=json)  # type: ignore[arg-type]
