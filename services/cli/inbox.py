"""`inbox`: the messages that could not be read, and sending them again once what was wrong is mended."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from consumers.inbound.letters import Letter, NoSuchLetter
from services.cli.failing import BAD_USAGE, Failure
from services.cli.output import AsJson, Justify, answer, paragraph, table
from services.cli.reader import Limit
from services.inbound import letters_of
from services.wiring import open_books

app = typer.Typer(help="What came in and could not be read.", no_args_is_help=True)

COLUMNS: dict[str, Justify] = {
    "number": "right",
    "reason": "left",
    "topic": "left",
    "partition": "right",
    "offset": "right",
    "id": "left",
    "because": "left",
}

From = Annotated[int, typer.Option("--from", min=0, metavar="NUMBER", help="From this letter on.")]
Numbers = Annotated[list[int], typer.Argument(help="The numbers that `inbox letters` shows.")]
Value = Annotated[Path | None, typer.Option("--value", help="A file with the mended value, for one letter.")]
Header = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="NAME=TEXT", help="A mended header, such as ce_type=...; repeated."),
]


@app.command(name="letters")
def letters_(from_: From = 0, limit: Limit = 100, json: AsJson = False) -> None:
    """Dead letters: why each was put aside, and where it came from. Never what is in them."""
    with open_books(os.environ) as books:
        found = list(letters_of(books, os.environ).all(from_, limit))
    document = {"letters": [told(each) for each in found]}
    rows = [tuple(told(each)[column] for column in (*list(COLUMNS)[:-1], "detail")) for each in found]
    answer(document, table("", COLUMNS, rows), as_json=json)


@app.command()
def replay(numbers: Numbers, value: Value = None, header: Header = None, json: AsJson = False) -> None:
    """Send letters again to where they came from, as they were or mended. A letter sent twice is the same command."""
    if value is not None and len(numbers) > 1:
        raise Failure("bad-usage", "A mended value is that of one letter.", BAD_USAGE)
    headers = dict(mended(each) for each in header or ())
    mended_value = value.read_bytes() if value else None
    sent = []
    with open_books(os.environ) as books:
        letters = letters_of(books, os.environ)
        for number in numbers:
            try:
                sent.append(told(letters.replay(number, mended_value, headers)))
            except NoSuchLetter as missing:
                raise Failure("unknown-letter", f"{missing} `salesledger inbox letters` lists them.") from missing
    answer({"sent": sent}, paragraph(f"{len(sent)} sent again."), as_json=json)


def mended(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given or not name:
        raise Failure("bad-usage", f"--header is NAME=TEXT, not {text!r}.", BAD_USAGE)
    return name, value


def told(letter: Letter) -> dict[str, Any]:
    identity = dict(letter.headers).get("ce_id") or b""
    return {
        "number": letter.number,
        "reason": letter.reason,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "id": identity.decode("utf-8", "replace"),
        "detail": letter.detail,
    }
