"""`seal`: sign the head of the log and publish it; `bundle`: put the proof of some histories into one file."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer

from services.cli.failing import Failure, refused
from services.cli.output import AsJson, answer, pairs
from services.evidence.bundle import Bundler, NotForThem, NothingToProve
from services.evidence.sealer import open_sealer
from services.wiring import open_books

app = typer.Typer()
of_case = typer.Typer()
"""What is asked of a case; the commands of `salesledger case` take it in."""

logger = structlog.get_logger("evidence")

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write, a zip.")]
Personal = Annotated[
    bool, typer.Option("--with-personal", help="Add the personal values, in the clear. Every proof holds without them.")
]
Reader = Annotated[
    str | None, typer.Option("--for", help="Who asks for personal values: of the committee, mid-office or management.")
]


@app.command()
def seal(json: AsJson = False) -> None:
    """Sign the head of the log, publish it to our directory and the witnesses', and show the key that checks it.

    Exits 1, and signs nothing, if the log does not continue what was published before.
    """
    with open_books(os.environ) as books:
        sealer = open_sealer(books.connection, books.settings)
        head = sealer.seal()
    published = [str(place.heads_file) for place in sealer.places] if head else []
    document = {
        "true_up_to": head.size if head else 0,
        "root": head.head.root.hex() if head else None,
        "key": str(sealer.key.public),
        "published": published,
    }
    rows = [("root", document["root"]), ("key", document["key"]), *(("published", each) for each in published)]
    answer(document, pairs("The log is sealed" if head else "The log is empty", rows), as_json=json)


@app.command()
def bundle(
    stream: Annotated[list[str], typer.Option("--stream", help="A history, such as deal/D-1; may be repeated.")],
    output: Output,
    with_personal: Personal = False,
    reader: Reader = None,
    json: AsJson = False,
) -> None:
    """Write an evidence bundle of some histories. `python verify_bundle.py FILE`, of which it holds a copy, checks it."""
    asks = who_asks(with_personal, reader)
    write_bundle(lambda bundler: bundler.of_streams(stream, personal_for=asks), output, asks, json)


@of_case.command("bundle")
def bundle_case(
    case: Annotated[str, typer.Argument(help="The case's id.")],
    output: Output,
    with_personal: Personal = False,
    reader: Reader = None,
    json: AsJson = False,
) -> None:
    """Write the evidence bundle of a case: what it is about, how it was heard, decided and carried out, with every proof."""
    asks = who_asks(with_personal, reader)
    write_bundle(lambda bundler: bundler.of_case(case, personal_for=asks), output, asks, json)


def who_asks(with_personal: bool, reader: str | None) -> str | None:
    """Who is to have personal values; None if nobody asked for them."""
    if with_personal != (reader is not None):
        raise Failure("bad-usage", "Personal values are for somebody: give --with-personal and --for REP together.")
    return reader


def write_bundle(make: Callable[[Bundler], bytes], output: Path, reader: str | None, json: bool) -> None:
    """Make a bundle and write it, whole or not at all; tell which key signed it."""
    with open_books(os.environ) as books:
        bundler = Bundler(books.ledger, open_sealer(books.connection, books.settings))
        try:
            made = make(bundler)
        except NothingToProve as error:
            raise Failure("nothing-to-prove", str(error)) from None
        except NotForThem as error:
            raise refused(error.refusal) from None
    put(made, output, mode=0o600 if reader else 0o644)
    if reader:
        logger.info("personal values bundled", reader=reader, file=str(output))
    key = str(bundler.sealer.key.public)
    document = {"file": str(output), "bytes": len(made), "key": key}
    rows = [
        ("file", output),
        ("bytes", len(made)),
        ("key", key),
        ("check it", f"python verify_bundle.py {output} --key {key}"),
    ]
    answer(document, pairs("The bundle is written", rows), as_json=json)


def put(made: bytes, output: Path, mode: int) -> None:
    """Write a file whole or not at all."""
    draft = output.with_name(f"{output.name}.{os.getpid()}")
    try:
        draft.touch(mode)
        draft.write_bytes(made)
        draft.replace(output)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Failure("not-writable", f"{output} cannot be written: {error.strerror}.") from None
