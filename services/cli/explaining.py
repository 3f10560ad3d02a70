"""`explain`: why an amount is what it is, down to events and clauses; and why a deal or a person gets nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.console import RenderableType

from domain.customer.facts import DuplicateSuspected
from domain.fact import Fact
from domain.visit.facts import VisitVerified
from projections import deals as board
from projections import history as histories
from projections import lines as booked
from projections import ownership
from projections.explain import Explained, Reason, explain_deal, explain_line
from projections.history import Entry
from projections.organisation import posts
from projections.reading import MOST_ROWS
from services.cli.explaining_pay import less_told, pay_told
from services.cli.failing import Failure, unknown
from services.cli.output import AsJson, answer, heading, listed, money
from services.cli.payroll import MONTH
from services.cli.reader import KnownAt, Names, Reader, TrueAt, reading

app = typer.Typer()

LINE_ID: Final = re.compile(r"\d+\.\d+")
MOST_DEALS: Final = 20
"""How many deals are explained of one person; more are named by --deal."""


@app.command()
def explain(
    name: Annotated[
        str, typer.Argument(metavar="DEAL|LINE|PERSON|MONTH", help="A deal, a line such as 30.1, a person, or a month.")
    ],
    *,
    payment: Annotated[str | None, typer.Option("--payment", help="Of a deal: this payment only.")] = None,
    payee: Annotated[
        str | None, typer.Option("--payee", help="Of a deal: what this person gets, or why nothing.")
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", metavar="YYYY-MM", help="Of a person: the statement of this month.")
    ] = None,
    less: Annotated[
        bool, typer.Option("--less", help="With --period: why it is less, or more, than the month before.")
    ] = False,
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Explain an amount step by step, each with its event and the policy's clause; or why there is none."""
    with reading(named=names) as reader:
        known, true = reader.at(known_at, "--known-at"), reader.at(true_at, "--true-at")
        if less:
            if period is None:
                raise Failure("bad-usage", "Say of which month: explain PERSON --period 2024-07 --less.")
            document, parts = less_told(reader, period, name)
            answer(document, *parts, as_json=json)
            return
        if period or MONTH.fullmatch(name):
            told = pay_told(reader, period or name, name if period else None)
        elif LINE_ID.fullmatch(name):
            if known or true or payment or payee:
                raise Failure("bad-usage", "A line is what was booked. Ask of its deal, as known or true at a time.")
            told = [line_told(reader, name)]
        elif board.one(reader.connection, name).row:
            told = [deal_told(reader, name, payment, payee, known, true)]
        else:
            told = list(person_told(reader, name, known, true))
    cut = len(told) > MOST_DEALS
    told = told[:MOST_DEALS]
    document = {
        "true_up_to": min(each.position for each in told),
        "more": cut,
        "known_at": known,
        "true_at": true,
        "explained": [asdict(each) for each in told],
    }
    more = (
        f"There are more deals than these {MOST_DEALS}. All of them: salesledger lines --payee {name}; "
        f"one of them: salesledger explain DEAL --payee {name}."
    )
    answer(document, *(part for each in told for part in shown(each)), *((more,) if cut else ()), as_json=json)


def line_told(reader: Reader, name: str) -> Explained:
    found = explain_line(reader.connection, name)
    if found is None:
        raise unknown("line", name, "salesledger lines lists them.")
    return found


def deal_told(
    reader: Reader, deal: str, payment: str | None, payee: str | None, known: datetime | None, true: datetime | None
) -> Explained:
    told = explain_deal(
        reader.connection, reader.books.log, deal, payment=payment, payee=payee, known_at=known, true_at=true
    )
    if payee is None or told.amount:
        return told
    return replace(told, reasons=[*told.reasons, *work_on_doubles(reader, deal, payee, known)])


def work_on_doubles(reader: Reader, deal: str, payee: str, known: datetime | None) -> Iterator[Reason]:
    """Verified visits of someone who gets nothing of a deal, on records suspected to be the deal's own customer."""
    row = board.one(reader.connection, deal).row
    if row is None:
        return
    for suspected in kinds_of(reader, row.customer, DuplicateSuspected, known):
        rival = str(suspected.told["rival"])
        for visit in kinds_of(reader, rival, VisitVerified, known):
            if visit.told["rep"] == payee:
                text = f"{payee} visited {rival} (visit {visit.told['visit']}), a record suspected to be the same customer as"
                why = "The ledger credits work on the deal's own customer; only a merge before the signing or a ruling joins them."
                yield Reason(
                    f"{text} {row.customer} since event {suspected.position}. {why}",
                    visit.position,
                    visit.told["clause"],
                )


def kinds_of(reader: Reader, customer: str, kind: type[Fact], known: datetime | None) -> Iterator[Entry]:
    """The facts of one kind in a customer's history, among its first thousand."""
    found = histories.history(reader.connection, customer, known_at=known, limit=MOST_ROWS)
    return (entry for entry in found.rows if entry.kind == kind.model_fields["kind"].default)


def person_told(reader: Reader, person: str, known: datetime | None, true: datetime | None) -> Iterator[Explained]:
    """What a person gets, or does not, of each deal that concerns them. Raises `Failure` for who never belonged here."""
    if not posts(reader.connection, person).rows:
        where = "It is no deal, no line, and nobody who ever belonged to the organisation."
        raise Failure("unknown-subject", f"There is nothing called {person} to explain. {where}")
    concerned = deals_of(reader, person)
    for deal in concerned:
        yield deal_told(reader, deal, None, person, known, true)
    if not concerned:
        position = reader.books.ledger.head().position
        yield Explained(position, person, 0, None, [])


def deals_of(reader: Reader, person: str) -> Sequence[str]:
    """Deals in which the person has a line, that they opened, or of customers that they owned; one more than are told."""
    connection = reader.connection
    found = [line.deal for line in booked.lines(connection, payee=person).rows]
    found += [row.deal for row in board.deals(connection, rep=person, limit=MOST_DEALS + 1).rows]
    for interval in ownership.of_owner(connection, person, limit=MOST_DEALS + 1).rows:
        found += [row.deal for row in board.deals(connection, customer=interval.customer, limit=MOST_DEALS + 1).rows]
    return list(dict.fromkeys(found))[: MOST_DEALS + 1]


def shown(told: Explained) -> Iterator[RenderableType]:
    """The reasons as a list; where there is none to give, that."""
    due = money(told.amount, told.currency) or "nothing"
    yield heading(f"{told.subject}: {due}")
    nothing = "No line, no deal opened and no customer owned: there is nothing that commission could come from."
    ask_on = f"Of one deal, ask: salesledger explain DEAL --payee {told.subject}"
    yield listed(told.reasons or [nothing, ask_on])
