"""`demo`: record a shipped dispute and show what the ledger answers about it. Once recorded, it is found again."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import typer
from rich.console import Group, RenderableType

from domain.customer.decisions import RegisterCustomer
from domain.deal.decisions import OpenDeal
from services.cli.deals import deal_answer
from services.cli.failing import Failure
from services.cli.history import history_answer
from services.cli.lines import TOTAL_FIELDS, Format, lines_answer, summed, write
from services.cli.output import AsJson, answer, heading, paragraph, progress
from services.cli.pool import pool_answer
from services.cli.reader import Reader, catch_up
from services.scenarios.reading import Act, Scenario, read_scenario
from services.scenarios.stage import StoryClock
from services.wiring import Books, open_books

app = typer.Typer()

SAMPLE: Final = "d1-first-view-poached"


@dataclass(slots=True)
class Told:
    """What telling a story did: facts recorded now, facts that were there already, commands refused."""

    recorded: int = 0
    found: int = 0
    refused: int = 0

    def in_words(self) -> str:
        if not self.found:
            return f"{self.recorded} facts recorded."
        if not self.recorded:
            return f"{self.found} facts found, none repeated."
        return f"{self.found} facts found, {self.recorded} recorded."


@app.command()
def demo(json: AsJson = False) -> None:
    """Record a sample dispute, and show whose the customers are, who earned what and why, and what payroll would pay.

    Run again, it finds its facts and repeats none. It wants a ledger of its own: `make run` gives it one.
    """
    scenario = sample(SAMPLE)
    clock = StoryClock()
    with open_books(os.environ, clock) as books:
        told = tell(books, scenario, clock)
        catch_up(books)
        with books.connection() as connection:
            document, parts = shown(Reader(books, connection), scenario, told)
    answer(document, *parts, as_json=json)


def sample(name: str) -> Scenario:
    """A shipped scenario."""
    read = read_scenario(name)
    if read.scenario is None:
        raise Failure("sample-unusable", "; ".join(str(finding) for finding in read.findings))
    return read.scenario


def tell(books: Books, scenario: Scenario, clock: StoryClock) -> Told:
    """Record the story under its own command ids and its own time.

    Raises `Failure` rather than telling it into a ledger that has other facts.
    """
    acts = [act for act in scenario.acts if act.command]
    if books.ledger.head().position and not books.was_asked(acts[0].command_id):
        raise Failure(
            "ledger-in-use",
            "This ledger has facts of its own, and the demo would mix with them. "
            "Give it another: LEDGER_SCHEMA=demo, or a LEDGER_DATA_DIR of its own.",
        )
    told = Told()
    with progress() as bar:
        for act in bar.track(acts, description="Recording"):
            clock.move_to(act.recorded_at)
            record(books, act, told)
    return told


def record(books: Books, act: Act, told: Told) -> None:
    assert act.command, "a look at the story is no command"
    given = books.ledger.record(act.command, command_id=act.command_id)
    told.refused += given.refusal is not None
    if given.repeated:
        told.found += len(given.positions)
    else:
        told.recorded += len(given.positions)


def shown(reader: Reader, scenario: Scenario, told: Told) -> tuple[dict[str, Any], list[RenderableType]]:
    """What the ledger answers, as a document and as it is shown."""
    commands = [act.command for act in scenario.acts]
    customers = [command.customer for command in commands if isinstance(command, RegisterCustomer)]
    deals = [command.deal for command in commands if isinstance(command, OpenDeal)]
    board, board_parts = pool_answer(reader, limit=len(customers))
    histories = [history_answer(reader, customer) for customer in customers]
    each_deal = [deal_answer(reader, deal) for deal in deals]
    lines, lines_parts = lines_answer(reader, {})
    position, totals = summed(reader, {})
    document = {
        "true_up_to": position,
        "recorded": told.recorded,
        "found": told.found,
        "refused": told.refused,
        "pool": board["customers"],
        "histories": {each["customer"]: each["facts"] for each, _ in histories},
        "deals": [each for each, _ in each_deal],
        "lines": lines["lines"],
        "payroll": totals,
    }
    parts = [
        heading(scenario.story.title),
        paragraph(scenario.story.story.strip()),
        paragraph(told.in_words(), "bold"),
        part("Whose customer is it?", board_parts),
        part("What happened?", [each for _, parts in histories for each in parts]),
        part("Who earned which part?", [*(each for _, parts in each_deal for each in parts), *lines_parts]),
        part("Who gets paid what this month? (CSV, amounts in minor units)", [paragraph(payroll(totals))]),
        paragraph("Ask on: salesledger history, deal, explain, lines, status; each knows --help."),
    ]
    return document, parts


def part(title: str, parts: Sequence[RenderableType]) -> RenderableType:
    return Group(heading(title), *parts)


def payroll(totals: Sequence[dict[str, Any]]) -> str:
    """The payroll preview as CSV."""
    text = io.StringIO()
    write(totals, TOTAL_FIELDS, Format.CSV, to=text)
    return text.getvalue()
