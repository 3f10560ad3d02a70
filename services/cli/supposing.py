"""`what-if`: what would have come of it, had an event not happened, at another time, or under another policy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import RenderableType

from domain.commands import parse
from domain.engine import ENGINE, ENGINES
from domain.fact import Instant
from domain.policy.terms import PolicyVersion
from domain.refusals import Refusal
from services.cli.failing import BAD_USAGE, REFUSED, Failure
from services.cli.output import AsJson, Justify, answer, money, paragraph, table, when
from services.cli.reader import Names, Reader, reading
from services.cli.replaying import plain
from services.cli.subject import OfCustomer, OfDeal, OfPeriod, streams_asked
from services.cli.telling import from_json
from services.policy_files import read_policy
from services.replay.acts import Act
from services.replay.concerned import TooWide, deals_of
from services.replay.forking import NotSupposable
from services.replay.whatif import EventChange, LineChange, PayeeChange, Question, WhatIf, what_if

app = typer.Typer()
of_case = typer.Typer()
"""What is asked of a case; the commands of `salesledger case` take it in."""

Omit = Annotated[
    list[str] | None,
    typer.Option("--omit", metavar="EVENT", help="Leave out this event, by position or id; any number of times."),
]
Redate = Annotated[
    list[str] | None,
    typer.Option("--redate", metavar="EVENT=TIME", help="Move this event to another time; any number of times."),
]
Insert = Annotated[
    list[str] | None,
    typer.Option(
        "--insert", metavar="FILE", help='Add commands that nobody gave, as NDJSON; "recorded_at" where it was later.'
    ),
]
Policy = Annotated[
    list[str] | None,
    typer.Option("--policy", metavar="FILE", help="Judge by this policy in place of the one of the same scope."),
]

NOT_THERE: Final = ("unknown-event", "nothing-known")

INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(Instant)
AMOUNTS: Final[dict[str, Justify]] = {"before": "right", "after": "right", "difference": "right"}


@app.command("what-if")
def what_if_any(
    *,
    deal: OfDeal = None,
    customer: OfCustomer = None,
    period: OfPeriod = None,
    omit: Omit = None,
    redate: Redate = None,
    insert: Insert = None,
    policy: Policy = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Fork the histories of a deal, a customer or a month in memory, judge all again, show the difference. Records nothing."""
    about = {"deal": deal, "customer": customer, "period": period}
    show(about, omit or [], redate or [], insert or [], policy or [], names=names, as_json=json)


@of_case.command("what-if")
def what_if_case(
    case: Annotated[str, typer.Argument(help="The case's id.")],
    *,
    omit: Omit = None,
    redate: Redate = None,
    insert: Insert = None,
    policy: Policy = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Fork all histories that a case touches in memory, judge everything again, and show the difference. Records nothing."""
    show(
        {"case": case},
        omit or [],
        redate or [],
        insert or [],
        policy or [],
        names=names,
        as_json=json,
    )


def show(
    about: Mapping[str, str | None],
    omit: Sequence[str],
    redate: Sequence[str],
    insert: Sequence[str],
    policy: Sequence[str],
    *,
    names: bool,
    as_json: bool,
) -> None:
    if not (omit or redate or insert or policy):
        raise Failure("bad-usage", "Say what to suppose: --omit, --redate, --insert or --policy.")
    with reading(named=names) as reader:
        first = streams_asked(reader.connection, **about)
        question = Question(
            omit=tuple(omit),
            redate=tuple(moved(each, reader) for each in redate),
            insert=tuple(act for file in insert for act in acts_in(file)),
            policies=tuple(map(policy_in, policy)),
        )
        try:
            found = what_if(reader.books.ledger, reader.connection, first, deals_of(reader.connection), question)
        except TooWide as wide:
            raise Failure("too-wide", f"{wide} Ask about one deal or one customer of it.") from None
        except NotSupposable as error:
            raise Failure(error.code, str(error), BAD_USAGE if error.code in NOT_THERE else REFUSED) from None
        document = {each.name: getattr(found, each.name) for each in fields(found)}
        parts = list(told(found, reader))
    answer(document, *parts, as_json=as_json)


def moved(text: str, reader: Reader) -> tuple[str, datetime]:
    event, equals, time = text.partition("=")
    at = reader.at(time or None, "--redate") if equals else None
    if at is None:
        raise Failure("bad-usage", f"--redate takes an event and a time, as in 42=2024-08-07T09:00, not {text!r}.")
    return event, at


def acts_in(file: str) -> Iterator[Act]:
    """The commands of a file, each as an act that was judged when it is said to have been recorded."""
    try:
        lines = Path(file).read_bytes().splitlines()
    except OSError as error:
        raise Failure("unreadable", f"{file} cannot be read: {error.strerror}.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        body = from_json(line)
        identity, recorded = str(body.pop("id", f"supposed/{number}")), body.pop("recorded_at", None)
        command = parse(body)
        if isinstance(command, Refusal):
            raise Failure(str(command.code), f"{file}:{number}: {command}", BAD_USAGE, command)
        try:
            recorded_at = INSTANT.validate_python(recorded) if recorded else command.at
        except ValidationError:
            raise Failure("malformed", f"{file}:{number}: recorded_at is no time with its offset.") from None
        yield Act(recorded_at, (0, number), identity, command, ENGINES[ENGINE], supposed=True)


def policy_in(file: str) -> PolicyVersion:
    read = read_policy(Path(file))
    if read.version is None:
        raise Failure("policy-invalid", "\n".join(map(str, read.findings)))
    return read.version


def told(found: WhatIf, reader: Reader) -> Iterator[RenderableType]:
    """The difference as tables, what people are paid first."""
    if not (found.lines or found.events or found.answers or found.standing):
        yield paragraph("It would have made no difference.")
        return
    if found.payees:
        columns: dict[str, Justify] = {"payee": "left", **AMOUNTS}
        yield table("Per payee", columns, [payee_row(each, reader) for each in found.payees])
    if found.lines:
        columns = {"deal": "left", "payment": "left", "role": "left", "payee": "left", **AMOUNTS}
        yield table("Per line", columns, [line_row(each, reader) for each in found.lines])
    if found.answers:
        columns = {"asked": "left", "at": "left", "by the id": "left", "was": "left", "would be": "left"}
        rows = [
            (each.command, when(each.at, reader.zone), each.command_id, each.before, each.after)
            for each in found.answers
        ]
        yield table("Answered otherwise", columns, rows)
    if found.events:
        columns = {"event": "right", "how": "left", "fact": "left", "of": "left", "at": "left", "what changes": "left"}
        yield table("Events", columns, [event_row(each, reader) for each in found.events])
    if found.standing:
        columns = {"what": "left", "stands": "left", "would stand": "left"}
        stands = [(each.what, plain(each.before, reader), plain(each.after, reader)) for each in found.standing]
        yield table("Standing otherwise", columns, stands)
    if found.kept:
        yield paragraph(
            f"Taken as it was, because what it rests on lies beyond or was erased: {', '.join(found.kept)}."
        )


def payee_row(change: PayeeChange, reader: Reader) -> tuple[object, ...]:
    return (reader.person(change.payee) or "nobody", *amounts(change))


def line_row(change: LineChange, reader: Reader) -> tuple[object, ...]:
    payee = reader.person(change.payee) or "nobody"
    return (change.deal, change.payment, change.role, payee, *amounts(change))


def amounts(change: PayeeChange | LineChange) -> tuple[str | None, ...]:
    sides = (change.before, change.after, change.after - change.before)
    return tuple(money(each, change.currency) for each in sides)


def event_row(change: EventChange, reader: Reader) -> tuple[object, ...]:
    what: Sequence[Any] = [f"{c.what}: {plain(c.before, reader)} → {plain(c.after, reader)}" for c in change.changed]
    kind = change.kind.partition(".")[0]
    return change.position, change.how, kind, change.stream, when(change.at, reader.zone), "\n".join(what)
