"""`replay`: step by step how it came to this, as known at one time and as true at another; two such points side by side."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from domain.facts import KINDS
from domain.personal import SEALED_PREFIX
from services.cli.failing import Failure
from services.cli.history import UNTOLD, worded
from services.cli.output import AsJson, Justify, answer, money, paragraph, table, when
from services.cli.reader import KnownAt, Names, Reader, TrueAt, reading
from services.cli.subject import OfCustomer, OfDeal, OfPeriod, streams_asked
from services.replay.concerned import TooWide, deals_of
from services.replay.replaying import Beside, Moment, Replay, Step, replay
from services.replay.standing import Change, Money

app = typer.Typer()
of_case = typer.Typer()
"""What is asked of a case; the commands of `salesledger case` take it in."""

Compared = Annotated[
    str | None,
    typer.Option(
        "--compare",
        metavar="KNOWN,TRUE",
        help="Put a second point beside it: known at the first time, true at the second; either may be empty.",
    ),
]

COLUMNS: Final[dict[str, Justify]] = {
    "position": "right",
    "happened": "left",
    "recorded": "left",
    "fact": "left",
    "by": "left",
    "judged by": "left",
    "what it changed or says": "left",
}
SIDE_BY_SIDE: Final[dict[str, Justify]] = {"what": "left", "first": "left", "second": "left"}


@app.command("replay")
def replay_any(
    *,
    deal: OfDeal = None,
    customer: OfCustomer = None,
    period: OfPeriod = None,
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    compare: Compared = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Replay what a deal, a customer or a month touches, fact by fact: two times, actor, rule, and what it changed."""
    show({"deal": deal, "customer": customer, "period": period}, known_at, true_at, compare, names=names, as_json=json)


@of_case.command("replay")
def replay_case(
    case: Annotated[str, typer.Argument(help="The case's id.")],
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    compare: Compared = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Replay all histories that a case touches, fact by fact, as known at one time and as true at another."""
    show({"case": case}, known_at, true_at, compare, names=names, as_json=json)


def show(
    about: Mapping[str, str | None],
    known_at: str | None,
    true_at: str | None,
    compare: str | None,
    *,
    names: bool,
    as_json: bool,
) -> None:
    with reading(named=names) as reader:
        first = streams_asked(reader.connection, **about)
        moments = [Moment(reader.at(known_at, "--known-at"), reader.at(true_at, "--true-at"))]
        if compare is not None:
            moments.append(second_point(compare, reader))
        try:
            replays = replay(reader.connection, first, deals_of(reader.connection), moments)
        except TooWide as wide:
            raise Failure("too-wide", f"{wide} Ask about one deal or one customer of it.") from None
        if not any(replays[0].steps) and not any(replays[-1].steps):
            raise Failure("nothing-known", f"Nothing is known of {', '.join(first)} there.")
        document, parts = told(replays, reader)
    answer(document, *parts, as_json=as_json)


def second_point(compare: str, reader: Reader) -> Moment:
    known, comma, true = (part.strip() for part in compare.partition(","))
    if not comma:
        raise Failure("bad-usage", "--compare takes two times with a comma between them; either may be empty.")
    return Moment(reader.at(known or None, "--compare"), reader.at(true or None, "--compare"))


def told(replays: Sequence[Replay], reader: Reader) -> tuple[dict[str, Any], list[RenderableType]]:
    """The replay as a document and as tables."""
    first = replays[0]
    document = as_document(first, reader)
    parts: list[RenderableType] = [table(title(first, reader), COLUMNS, shown(first.steps, reader))]
    if len(replays) > 1:
        beside = Beside(first, replays[1])
        document |= {
            "compared_with": as_document(beside.second, reader),
            "only_first": beside.only_first,
            "only_second": beside.only_second,
            "differences": beside.differences,
        }
        parts += compared(beside, reader)
    return document, parts


def as_document(found: Replay, reader: Reader) -> dict[str, Any]:
    return {
        "true_up_to": found.true_up_to,
        "known_at": found.moment.known_at,
        "true_at": found.moment.true_at,
        "streams": found.streams,
        "steps": [step_told(step, reader) for step in found.steps],
        "standing": found.standing,
    }


def step_told(step: Step, reader: Reader) -> dict[str, Any]:
    plain = {name: getattr(step, name) for name in Step.__slots__}
    return {**plain, "told": opened(step.told, reader)}


def opened(value: Any, reader: Reader) -> Any:
    """A value with what is personal in the clear, or left out where ids alone are wanted."""
    match value:
        case str() if value.startswith(SEALED_PREFIX):
            return reader.opened(value) if reader.named else None
        case dict():
            return {name: opened(each, reader) for name, each in value.items()}
        case list():
            return [opened(each, reader) for each in value]
        case _:
            return value


def title(found: Replay, reader: Reader) -> str:
    known, true = found.moment.known_at, found.moment.true_at
    asked = [f"as known at {when(known, reader.zone)}"] if known else []
    asked += [f"as true at {when(true, reader.zone)}"] if true else []
    return f"Replay, {' and '.join(asked) or 'as known now'}"


def shown(steps: Sequence[Step], reader: Reader) -> Iterator[tuple[object, ...]]:
    for step in steps:
        yield (
            step.position,
            when(step.occurred_at, reader.zone),
            when(step.recorded_at, reader.zone),
            f"{step.kind.partition('.')[0]}\n{step.stream}",
            reader.person(step.actor),
            f"{step.command or 'nobody asked'}\n{step.rule or ''}".strip(),
            "\n".join(change_in_words(each, reader) for each in step.changed) or in_words(step, reader),
        )


def in_words(step: Step, reader: Reader) -> str:
    own = {"deal", "case", *UNTOLD}
    fields = {
        name: step.told[name] for name in KINDS[step.kind].__annotations__ if name in step.told and name not in own
    }
    return ", ".join(
        f"{name.replace('_', ' ')} {worded(name, value, step.told, reader)}"
        for name, value in fields.items()
        if value not in (None, [], False)
    )


def change_in_words(change: Change, reader: Reader) -> str:
    return f"{change.what}: {plain(change.before, reader)} → {plain(change.after, reader)}"


def plain(value: Any, reader: Reader) -> str:
    if isinstance(value, datetime):
        return when(value, reader.zone) or ""
    if isinstance(value, Money):
        return money(value.amount, value.currency) or ""
    return "—" if value is None else str(value)


def compared(beside: Beside, reader: Reader) -> Iterator[RenderableType]:
    """What only one of two points counts, and what stands otherwise."""
    sides = [("First", beside.first, beside.only_first), ("Second", beside.second, beside.only_second)]
    for which, replayed, only in sides:
        counted = f"; it alone counts events {', '.join(map(str, only))}" if only else ""
        yield paragraph(f"{which}: {title(replayed, reader).removeprefix('Replay, ')}{counted}.")
    rows = [(each.what, plain(each.before, reader), plain(each.after, reader)) for each in beside.differences]
    yield table("", SIDE_BY_SIDE, rows) if rows else paragraph("Everything stands the same at both points.")
