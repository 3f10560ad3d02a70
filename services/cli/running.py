"""`run`: keep the read models true, bring the clock's facts in, or sign heads of the log, until told to stop."""

import os
import signal
from collections.abc import Callable, Sequence
from enum import StrEnum
from threading import Event, Thread
from typing import Annotated, Any, Final

import psycopg
import structlog
import typer

from services.cli.output import AsJson, answer, paragraph
from services.cli.reader import catch_up
from services.evidence.sealer import NotPublished, open_sealer
from services.ledger.answer import LedgerUnavailable, OutcomeUnknown
from services.sweeper import sweep
from services.wiring import Books, open_books

app = typer.Typer()

SWEEP_EVERY_S: Final = 5.0
RETRY_AFTER_S: Final = 1.0

logger: Final = structlog.get_logger("run")

Part = Callable[[Books, Event], None]


class What(StrEnum):
    PROJECTIONS = "projections"
    SWEEPER = "sweeper"
    SEALER = "sealer"
    ALL = "all"


@app.command()
def run(
    what: Annotated[
        What, typer.Argument(help="The read models' runner, the sweeper, the sealer, or all in one process.")
    ],
    once: Annotated[bool, typer.Option("--once", help="Do what there is to do now, and end.")] = False,
    json: AsJson = False,
) -> None:
    """Keep the read models true, bring in what the clock has made happen, sign heads of the log. Ends on SIGINT and SIGTERM."""
    stop = Event()
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        with open_books(os.environ) as books:
            logger.info("running", what=str(what), schema=books.ledger.schema, position=books.ledger.head().position)
            document = run_once(books, what) if once else run_on(books, what, stop)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    answer(document, paragraph(", ".join(f"{name} {value}" for name, value in document.items())), as_json=json)


def run_once(books: Books, what: What) -> dict[str, Any]:
    """Bring in what is due, and every read model up to the head."""
    document: dict[str, Any] = {}
    if what in (What.SWEEPER, What.ALL):
        document["brought_in"] = sweep(books.ledger)
    if what in (What.PROJECTIONS, What.ALL):
        document["true_up_to"] = catch_up(books)
    if what in (What.SEALER, What.ALL):
        head = open_sealer(books.connection, books.settings).seal()
        document["sealed_up_to"] = head.size if head else 0
    return document


def run_on(books: Books, what: What, stop: Event) -> dict[str, Any]:
    """Run until told to stop. Raises what stopped a part that cannot go on."""
    parts: dict[What, Sequence[Part]] = {
        What.PROJECTIONS: (arrange,),
        What.SWEEPER: (bring_in,),
        What.SEALER: (seal,),
        What.ALL: (arrange, bring_in, seal),
    }
    failed: list[Exception] = []
    threads = [Thread(target=guarded, args=(part, books, stop, failed), name=part.__name__) for part in parts[what]]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)
    if failed:
        raise failed[0]
    position = books.ledger.head().position
    logger.info("stopped", what=str(what), position=position)
    return {"head": position}


def guarded(part: Part, books: Books, stop: Event, failed: list[Exception]) -> None:
    """Run a part; when it cannot go on, all stop, and the reason is kept for who started it."""
    try:
        part(books, stop)
    except Exception as error:  # noqa: BLE001 (raised again by the thread that waits)
        failed.append(error)
        stop.set()


def arrange(books: Books, stop: Event) -> None:
    books.new_runner().run_forever(stop)


def bring_in(books: Books, stop: Event) -> None:
    """Sweep every few seconds; a database that is away is waited for."""
    while not stop.is_set():
        wait = SWEEP_EVERY_S
        try:
            if recorded := sweep(books.ledger):
                logger.info("brought in", facts=recorded, position=books.ledger.head().position)
        except (LedgerUnavailable, OutcomeUnknown, psycopg.OperationalError) as error:
            logger.warning("database lost", error=type(error).__name__, retry_in_s=RETRY_AFTER_S)
            wait = RETRY_AFTER_S
        stop.wait(wait)


def seal(books: Books, stop: Event) -> None:
    """Sign and publish the head at intervals; a database that is away is waited for. A rewritten log ends it."""
    sealer, sealed = open_sealer(books.connection, books.settings), 0
    while not stop.is_set():
        wait = float(books.settings.seal_seconds)
        try:
            head = sealer.seal()
            if head and head.size > sealed:
                sealed = head.size
                logger.info("sealed", size=sealed, root=head.head.root.hex())
        except NotPublished as error:
            logger.warning("not published everywhere", error=str(error), retry_in_s=wait)
        except psycopg.OperationalError as error:
            logger.warning("database lost", error=type(error).__name__, retry_in_s=RETRY_AFTER_S)
            wait = RETRY_AFTER_S
        stop.wait(wait)
