"""`events`: what was recorded, as others get it: a page of the feed, or the feed as it goes on."""

import asyncio
import os
import signal
import sys
from contextlib import aclosing
from typing import Annotated, Any, Final

import typer
from pydantic_core import from_json

from consumers.cloudevent import Published
from services.cli.failing import BAD_USAGE, Failure
from services.cli.output import AsJson, Justify, answer, console, paragraph, table
from services.cli.reader import Limit
from services.feed.reading import Asked, BadRequest, Feed
from services.wiring import open_books

app = typer.Typer(help="The events as others get them, and what they look like.")

COLUMNS: Final[dict[str, Justify]] = {
    "position": "right",
    "happened": "left",
    "kind": "left",
    "stream": "left",
    "version": "right",
    "by": "left",
}

Beyond = Annotated[int, typer.Option("--after", min=0, metavar="POSITION", help="Only events beyond this position.")]
Kind = Annotated[list[str] | None, typer.Option("--kind", help="Only events of this kind; may be repeated.")]
Stream = Annotated[str, typer.Option("--stream", metavar="PREFIX", help="Only of streams that begin so: customer/C-1.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until interrupted.")]


@app.callback(invoke_without_command=True)
def events(
    context: typer.Context,
    after: Beyond = 0,
    limit: Limit = 100,
    kind: Kind = None,
    stream: Stream = "",
    follow: Follow = False,
    json: AsJson = False,
) -> None:
    """Events in the order of their positions, personal fields sealed. With --json each is a CloudEvent; followed, one a line."""
    if context.invoked_subcommand is not None:
        return
    try:
        asked = Asked(after, limit, tuple(kind or ()), stream)
    except BadRequest as bad:
        raise Failure("bad-request", str(bad), BAD_USAGE) from bad
    with open_books(os.environ) as books, Feed(books.ledger.log_recorder) as feed:
        if follow:
            asyncio.run(followed(feed, asked, as_json=json))
            return
        page = feed.page(asked)
    document: dict[str, Any] = {**from_json(page.structured()), "true_up_to": page.head}
    more = [] if page.is_last else [paragraph(f"There is more: --after {page.after}", style="dim")]
    answer(document, table("", COLUMNS, map(row, page.events)), *more, as_json=json)


async def followed(feed: Feed, asked: Asked, *, as_json: bool) -> None:
    """Print events as they come. Ends on SIGINT and SIGTERM."""
    here, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert here, "this is a task"
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, here.cancel)
    try:
        async with aclosing(feed.follow(asked)) as pages:  # type: ignore[type-var] # an asynchronous generator
            async for page in pages:
                for event in page.events:
                    tell(event, as_json=as_json)
    except asyncio.CancelledError:
        here.uncancel()


def tell(event: Published, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(event.structured() + "\n")
        sys.stdout.flush()
        return
    console().print("  ".join(map(str, row(event))), soft_wrap=True, markup=False)


def row(event: Published) -> tuple[object, ...]:
    told = event.attributes
    return (event.position, told["time"], told["type"], told["subject"], told["streamversion"], told["actor"])
