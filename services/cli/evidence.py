"""`seal`: sign the head of the log and publish it."""

import os

import typer

from services.cli.output import AsJson, answer, pairs
from services.evidence.sealer import open_sealer
from services.wiring import open_books

app = typer.Typer()


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
