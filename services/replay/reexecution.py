"""Deciding again what was decided: every command that a receipt keeps, from the log as it stood, compared to the byte."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, LiteralString, NamedTuple, cast

from psycopg import Connection
from pydantic_core import from_json

from domain.commands import COMMAND, AnyCommand
from domain.engine import ENGINES, Engine, UnknownEngine, engine
from domain.judgement import judge
from domain.permissions import sight as sight_of_permission
from domain.permissions import who_was_denied
from domain.personal import SEALED_PREFIX
from services.database import connect
from services.ledger.answer import NONE, Answer
from services.ledger.application import Ledger
from services.ledger.mapper import Envelope, event_id, read_fact, record_text, stamp
from services.replay.past import Past, Seals, Stored, open_past

PAGE: Final = 1_000

AT_ONCE: Final = 256
"""So many commands' sights are loaded together."""

ORDER: Final = " order by position, recorded_at, (answer ->> 'first') is not null"

KEPT: Final = (
    "select command_id, recorded_at, position, engine, command::text, answer::text from receipt"
    " where command_id = any(%s) order by position, recorded_at, (answer ->> 'first') is not null"
)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt: the command as it was asked, when and where in the log it was judged, by which version, and the answer."""

    command_id: str
    recorded_at: datetime
    position: int
    engine: str
    command: str
    answer: str

    @property
    def name(self) -> str:
        """The command's name."""
        return str(from_json(self.command)["name"])


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where deciding again came to something else. `event` is the position of the fact; None: it is the answer itself."""

    command_id: str
    command: str
    event: int | None
    field: str
    then: Any
    now: Any

    def __str__(self) -> str:
        where = f"event {self.event}" if self.event else "the answer"
        return f"{self.command} {self.command_id}, {where}, {self.field}: then {self.then}, now {self.now}"


@dataclass(frozen=True, slots=True)
class Reexecution:
    """`equal` commands came out the same to the byte. `divergence` is the first that did not; what follows was not judged.

    `erased` could not be judged because a person's data was erased since; `unplaced` are receipts from before positions
    were kept.
    """

    true_up_to: int
    equal: int
    erased: int
    unplaced: int
    divergence: Divergence | None = None


class Outcome(NamedTuple):
    """What a command was answered, and the stored texts of the facts that follow from it."""

    answer: str
    texts: Sequence[str]


class Asked(NamedTuple):
    """A command as it was asked, opened to be judged."""

    command: AnyCommand
    seals: Seals


class Erased(LookupError):
    """A command's personal data was erased, so that it cannot be judged again."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which receipts are decided again; None narrows nothing. `names` are those of commands, `ids` those of receipts."""

    names: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None

    @property
    def is_everything(self) -> bool:
        return self.names is None and self.ids is None


EVERYTHING: Final = Selection()


def reexecute(
    ledger: Ledger,
    selection: Selection = EVERYTHING,
    engines: Mapping[str, Engine] = ENGINES,
    progress: Progress = lambda _done: None,
) -> Reexecution:
    """Decide commands again in the order in which they were decided, up to the first that comes out otherwise.

    Everything is one pass over the log in bounded memory. A few commands are reached by leaps, without reading what lies
    between, as long as they want to see no shared facts. `progress` is told how many are done.
    """
    equal = erased = 0
    with open_past(ledger) as past, connect(ledger.dsn, ledger.schema, timeouts=False) as receipts:
        receipts.execute("begin read only")
        unplaced, kept = found(receipts, selection, past.head)
        with closing(kept):
            for each, asked, stored in in_order(past, kept) if selection.is_everything else by_leaps(past, kept):
                try:
                    divergence = difference(each, stored, again(each, asked, stored, past, engines))
                except Erased:
                    divergence = None
                    erased += 1
                except UnknownEngine as unknown:
                    divergence = Divergence(each.command_id, each.name, None, "engine", each.engine, str(unknown))
                else:
                    equal += divergence is None
                if divergence:
                    return Reexecution(past.head, equal, erased, unplaced, divergence)
                progress(equal + erased)
        return Reexecution(past.head, equal, erased, unplaced)


def found(connection: Connection[Any], selection: Selection, head: int) -> tuple[int, Generator[Kept, None, None]]:
    """How many of the receipts have no position, and the others in the order in which they were judged."""
    where: LiteralString = " where (%(names)s::text[] is null or command ->> 'name' = any(%(names)s))"
    where += " and (%(ids)s::text[] is null or command_id = any(%(ids)s))"
    asked = {
        "names": list(selection.names) if selection.names is not None else None,
        "ids": list(selection.ids) if selection.ids is not None else None,
        "head": head,
    }
    none = connection.execute("select count(*) from receipt" + where + " and position is null", asked).fetchone()  # noqa: S608 (our own words)
    judged = "select command_id from receipt" + where  # noqa: S608 (our own words)
    judged += " and position is not null and coalesce((answer ->> 'last')::bigint, position) <= %(head)s" + ORDER
    return int(cast(Any, none)[0]), pages(connection, judged, asked)


def pages(connection: Connection[Any], query: LiteralString, asked: Mapping[str, Any]) -> Generator[Kept, None, None]:
    """Receipts a page at a time: only their ids are sorted, whatever their number."""
    with connection.cursor("judged") as cursor:
        cursor.execute(query, asked)
        while page := cursor.fetchmany(PAGE):
            for row in connection.execute(KEPT, ([command_id for (command_id,) in page],)).fetchall():
                yield Kept(*row)


def in_order(past: Past, kept: Iterator[Kept]) -> Iterator[tuple[Kept, Asked, list[Stored]]]:
    """Each receipt with the facts that followed from it, the past standing where it was judged; every fact is read once."""
    events = past.events(0, past.head)
    while some := list(islice(kept, AT_ONCE)):
        while past.position < some[0].position:
            past.read_on(next(events))
        past.open_keys(each.command for each in some)
        asked = [opened(each, past) for each in some]
        past.foresee([each.command for each in asked if each.seals.opened], some[0].recorded_at)
        for each, command in zip(some, asked, strict=True):
            while past.position < each.position:
                past.read_on(next(events))
            stored = [next(events) for _ in Answer.read(each.answer).positions]
            yield each, command, stored
            for fact in stored:
                past.read_on(fact)


def by_leaps(past: Past, kept: Iterator[Kept]) -> Iterator[tuple[Kept, Asked, list[Stored]]]:
    for each in kept:
        past.leap(each.position)
        stored = list(past.events(each.position, Answer.read(each.answer).last or each.position))
        yield each, opened(each, past), stored


def opened(each: Kept, past: Past) -> Asked:
    seals = Seals(past.keys.unseal)
    return Asked(COMMAND.validate_python(from_json(each.command), context={"unseal": seals.unseal}), seals)


def again(each: Kept, asked: Asked, stored: Sequence[Stored], past: Past, engines: Mapping[str, Engine]) -> Outcome:
    """Judge a command once more. Raises `UnknownEngine`, and `Erased` where the command's own data can no longer be opened."""
    command, seals = asked
    for fact in stored:
        if SEALED_PREFIX in fact.text:
            read_fact(from_json(fact.text)["fact"], seals.unseal)
    if not seals.opened:
        raise Erased(each.command_id)
    denied = who_was_denied(command, Answer.read(each.answer).refusal)
    seen = past.see(command, each.recorded_at)
    if denied:
        past.bring_into_sight(sight_of_permission(command, past.world))
    past.world.position = each.position
    verdict = judge(command, past.world, seen, engine(each.engine, engines), denied)
    envelope = Envelope(stamp(each.recorded_at), command.actor, each.command_id, command.because_of, command.reason)
    texts = [
        record_text(envelope, fact, event_id(each.command_id, index), version, seals.seal(fact.subject))
        for index, (fact, version) in enumerate(zip(verdict.facts, past.versions(verdict.facts), strict=True))
    ]
    first = each.position + 1
    answer = Answer(range(first, first + len(texts)) if texts else NONE, verdict.refusal)
    return Outcome(answer.text(), texts)


def difference(each: Kept, stored: Sequence[Stored], now: Outcome) -> Divergence | None:
    """The first place where an outcome is not what is kept: its facts in order, then the answer."""
    for index in range(max(len(stored), len(now.texts))):
        then = stored[index].text if index < len(stored) else None
        told = now.texts[index] if index < len(now.texts) else None
        if then != told:
            return Divergence(each.command_id, each.name, each.position + 1 + index, *first_unlike(then, told))
    if each.answer != now.answer:
        return Divergence(each.command_id, each.name, None, *first_unlike(each.answer, now.answer))
    return None


def first_unlike(then: str | None, now: str | None) -> tuple[str, Any, Any]:
    """The first field in which two stored texts differ, with both its values."""
    if then is None or now is None:
        return "fact", then and kind_of(then), now and kind_of(now)
    return unlike(from_json(then), from_json(now), ()) or ("text", then, now)


def unlike(then: Any, now: Any, path: tuple[str, ...]) -> tuple[str, Any, Any] | None:
    if isinstance(then, dict) and isinstance(now, dict):
        steps = [(name, then.get(name), now.get(name)) for name in dict.fromkeys((*then, *now))]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        steps = [(str(index), a, b) for index, (a, b) in enumerate(zip(then, now, strict=True))]
    else:
        return None if then == now else (".".join(path), then, now)
    return next((found for name, a, b in steps if (found := unlike(a, b, (*path, name)))), None)


def kind_of(text: str) -> str:
    return str(from_json(text)["fact"]["kind"])
