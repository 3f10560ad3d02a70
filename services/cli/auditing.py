"""`audit kafka`: does the topic hold what the ledger holds, each event once, in order and unchanged."""

import os
from typing import Annotated, Any

import typer

from services.cli.failing import CHECK_FAILED
from services.cli.output import AsJson, answer, paragraph, table
from services.streaming import new_auditor
from services.wiring import open_books

app = typer.Typer(help="Hold what others were given against the ledger.", no_args_is_help=True)

FromPosition = Annotated[int, typer.Option("--from", min=1, metavar="POSITION", help="Only from this position on.")]


@app.callback()
def audit() -> None:
    """Hold what others were given against the ledger."""


@app.command()
def kafka(from_: FromPosition = 1, json: AsJson = False) -> None:
    """Compare topic and ledger by position and content hash: what is missing, repeated, reordered, altered or unknown.

    Exits 1 if anything is. Reads only.
    """
    with open_books(os.environ) as books:
        audited = new_auditor(books, os.environ).audit(from_)
        head = books.ledger.head().position
    document: dict[str, Any] = {
        "true_up_to": audited.last,
        "first": audited.first,
        "checked": audited.checked,
        "head": head,
        "agrees": audited.agrees,
        "counts": {str(fault): count for fault, count in audited.counts.items()},
        "findings": audited.findings,
    }
    told = f"{audited.checked} events checked: "
    told += "the topic holds each once, in order and unchanged." if audited.agrees else "the topic differs."
    told += f" {head - audited.last} more are recorded and not published yet." if head > audited.last else ""
    rows = [(each.fault, each.position, each.partition, each.offset, each.note) for each in audited.findings]
    columns = {"fault": "left", "position": "right", "partition": "right", "offset": "right", "because": "left"}
    found = [] if audited.agrees else [table("Differences", columns, rows)]  # type: ignore[arg-type]
    answer(document, paragraph(told, "" if audited.agrees else "bold red"), *found, as_json=json)
    if not audited.agrees:
        raise typer.Exit(CHECK_FAILED)
