"""`serve`: the API, the read models' runner and the sweeper in one process; `token`: a token from this machine's own key."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Annotated, Final

import structlog
import typer

from domain.fact import SYSTEM
from projections.catalogue import READ_MODELS
from projections.registry import install
from services.access.keys import OWN_ISSUER, keys_of
from services.access.tokens import NAME, issue
from services.api.server import Server, address, listen
from services.api.service import Service
from services.cli.failing import Failure
from services.cli.logs import written_soon
from services.cli.output import AsJson, answer, paragraph, print_json
from services.cli.running import arrange, bring_in, guarded
from services.collector import spare_the_collector
from services.settings import Settings
from services.wiring import Books, open_books

app = typer.Typer()

HOST: Final = "127.0.0.1"
PORT: Final = 8420
UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400}

logger: Final = structlog.get_logger("serve")


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = HOST,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="The port; 0 is any that is free.")] = PORT,
    api_only: Annotated[
        bool, typer.Option("--api-only", help="Leave the read models and the clock to another `salesledger run all`.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Serve the ledger over HTTP, keep its read models true, and bring in what the clock has made happen.

    Ends on SIGINT and SIGTERM, when what is in work is answered.
    """
    try:
        listening = listen(host, port)
    except OSError as error:
        raise Failure(
            "address-in-use", f"{host}:{port} cannot be listened on: {error.strerror}. Give --port."
        ) from None
    with listening, open_books(os.environ) as books:
        with books.connection() as connection:
            install(connection, READ_MODELS)
        where = address(listening)
        told = {"serving": where, "docs": f"{where}/docs", "true_up_to": books.ledger.head().position}
        if json:
            print_json(told)
        else:
            answer(told, paragraph(f"Serving on {where}, documented at {where}/docs. Ctrl-C ends it."), as_json=False)
        server = Server(Service(books), host, port)
        spare_the_collector()
        with written_soon(), background(books, server, api_only=api_only):
            server.service.gate.log = structlog.get_logger("api").bind()
            server.serve_on(listening)
    logger.info("stopped serving", address=where)


@contextmanager
def background(books: Books, server: Server, *, api_only: bool) -> Iterator[None]:
    """Arrange and bring in beside the service; when one of the two cannot go on, the service stops, and that is raised."""
    if api_only:
        yield
        return
    stop = Event()
    failed: list[Exception] = []
    parts = [
        Thread(target=guarded, args=(part, books, stop, failed), name=part.__name__) for part in (arrange, bring_in)
    ]
    watch = Thread(target=stop_with, args=(stop, server), name="watch", daemon=True)
    for thread in (*parts, watch):
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in parts:
            thread.join()
    if failed:
        raise failed[0]


def stop_with(stop: Event, server: Server) -> None:
    """When a part has failed, have the server answer what is in work, and end."""
    stop.wait()
    server.should_exit = True


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="The person's id in the organisation; system for who sets things up.")],
    lasts: Annotated[str, typer.Option("--lasts", metavar="12h", help="For how long: minutes, hours or days.")] = "12h",
    json: AsJson = False,
) -> None:
    """Make a token for someone, signed by this machine's own key. What they may is the organisation's to say."""
    settings = Settings.from_environment(os.environ)
    keys = keys_of(settings)
    if keys.issuer != OWN_ISSUER:
        raise Failure(
            "not-our-tokens", f"Tokens are made by {keys.issuer}; unset LEDGER_TOKEN_ISSUER to make your own."
        )
    if not NAME.fullmatch(name):
        raise Failure("bad-usage", f"{name!r} is no id: letters, digits, and any of . : @ - _")
    made = issue(settings, name, duration(lasts), time.time())
    if json:
        print_json({"token": made, "name": name, "is_system": name == SYSTEM})
    else:
        typer.echo(made)


def duration(text: str) -> timedelta:
    """A duration such as `30m`, `12h` or `7d`. Raises `Failure`."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if found is None:
        raise Failure("bad-usage", f"--lasts takes a time such as 30m, 12h or 7d, not {text!r}.")
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])
