"""What if: the difference that a supposition makes, for every payee, line, event, answer and holding. Nothing is recorded."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from pydantic_core import from_json

from domain.commission import attribute
from domain.policy.terms import PolicyVersion
from domain.streams import DealStream
from services import vault
from services.ledger.application import Ledger
from services.replay.acts import Act, course, position_of
from services.replay.concerned import DealsOf
from services.replay.forking import Branch, Came, Fork, Happened, NotSupposable, Supposed, fork, said
from services.replay.standing import Change, changes, standing


@dataclass(frozen=True, slots=True)
class EventChange:
    """A fact that would not have happened, that would, or that would say something else. Positions are those of the log."""

    how: Literal["gone", "new", "changed"]
    stream: str
    kind: str
    at: datetime
    position: int | None
    changed: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A command that would have been answered otherwise: `accepted`, or the code of the refusal; None: not asked."""

    command: str
    command_id: str
    at: datetime
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class LineChange:
    """What a payee earns of a payment by a role, in minor units. `payee` None: nobody."""

    deal: str
    payment: str
    role: str
    payee: str | None
    currency: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class PayeeChange:
    """What a payee earns in all the histories concerned, in minor units."""

    payee: str | None
    currency: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The difference. `kept` are commands whose outcome rests on what lies beyond these histories, and was taken as it was."""

    true_up_to: int
    streams: tuple[str, ...]
    payees: tuple[PayeeChange, ...]
    lines: tuple[LineChange, ...]
    events: tuple[EventChange, ...]
    answers: tuple[AnswerChange, ...]
    standing: tuple[Change, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be supposed: events by position or id, left out or moved; acts that were not; other policies."""

    omit: tuple[str, ...] = ()
    redate: tuple[tuple[str, datetime], ...] = ()
    insert: tuple[Act, ...] = ()
    policies: tuple[PolicyVersion, ...] = ()


def what_if(
    ledger: Ledger, connection: Connection[Any], first: Sequence[str], deals_of: DealsOf, question: Question
) -> WhatIf:
    """Fork the histories that these lead to and compare. Reads only, in one snapshot.

    Raises `TooWide`, and `NotSupposable` for what cannot be supposed: an unknown event, one that is the clock's, or one that
    others need, which are named.
    """
    key = ledger.keyring.reserved("fingerprints")
    asked = [*question.omit, *(event for event, _ in question.redate)]
    inserted = (act.command.stream for act in question.insert)
    went = course(connection, list(dict.fromkeys((*first, *inserted))), deals_of, ledger.keyring.unseal, asked)
    known = any(each.stream in first for act in went.acts for each in act.facts)
    if not known and not question.insert:
        raise NotSupposable("nothing-known", f"Nothing is known of {', '.join(first)}.")
    supposed = Supposed(
        omitted=frozenset(resolved(connection, event) for event in question.omit),
        redated={resolved(connection, event): at for event, at in question.redate},
        inserted=question.insert,
        policies=question.policies,
    )
    forked = fork(went, supposed, lambda kind, value: vault.fingerprint(key, kind, value))
    lines = tuple(line_changes(forked))
    return WhatIf(
        true_up_to=went.head,
        streams=tuple(sorted(went.streams)),
        payees=tuple(payee_changes(forked)),
        lines=lines,
        events=tuple(event_changes(forked)),
        answers=tuple(answer_changes(forked)),
        standing=tuple(standing_changes(forked, went.until)),
        kept=forked.kept,
    )


def resolved(connection: Connection[Any], event: str) -> int:
    position = position_of(connection, event)
    if position is None:
        raise NotSupposable("unknown-event", f"There is no event {event}. Name it by its position or its id.")
    return position


def line_changes(forked: Fork) -> Iterator[LineChange]:
    """Every line of either side that differs."""
    before, after = lines_of(forked.as_it_went), lines_of(forked.as_supposed)
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield LineChange(*key, before.get(key, 0), after.get(key, 0))


def payee_changes(forked: Fork) -> Iterator[PayeeChange]:
    """Every payee of either side, with what they earn in all: who gains and who loses nothing too."""
    sides = []
    for branch in (forked.as_it_went, forked.as_supposed):
        sums = Counter[tuple[str | None, str]]()
        for (_, _, _, payee, currency), amount in lines_of(branch).items():
            sums[payee, currency] += amount
        sides.append(sums)
    before, after = sides
    for payee, currency in dict.fromkeys((*before, *after)):
        yield PayeeChange(payee, currency, before[payee, currency], after[payee, currency])


LineName = tuple[str, str, str, str | None, str]


def lines_of(branch: Branch) -> dict[LineName, int]:
    found = Counter[LineName]()
    for name, stream in branch.world.streams.items():
        signing = stream.contract.signing if isinstance(stream, DealStream) else None
        if not isinstance(stream, DealStream) or signing is None:
            continue
        for line in attribute(stream, branch.world.policies[signing.policy]):
            found[name.partition("/")[2], line.payment, line.role, line.payee, line.currency] += line.amount
    return dict(found)


def event_changes(forked: Fork) -> Iterator[EventChange]:
    """Facts of either side that the other has not, those of one act and kind as one fact that changed."""
    before, after = beyond(forked.as_it_went, forked.as_supposed), beyond(forked.as_supposed, forked.as_it_went)
    left: dict[tuple[str | None, str, str], list[Happened]] = {}
    for each in after:
        left.setdefault(same_thing(each), []).append(each)
    for each in before:
        alike = left.get(same_thing(each))
        if alike and each.command_id is not None:
            yield changed(each, alike.pop(0))
        else:
            yield event("gone", each)
    for each in after:
        if any(each is other for others in left.values() for other in others):
            yield event("new", each)


def beyond(branch: Branch, other: Branch) -> list[Happened]:
    """The facts of a branch that the other has not."""
    shared = {id(each.fact) for each in branch.happened} & {id(each.fact) for each in other.happened}
    known = Counter(said(each.fact) for each in other.happened if id(each.fact) not in shared)
    found = []
    for each in branch.happened:
        if id(each.fact) in shared:
            continue
        if known[said(each.fact)]:
            known[said(each.fact)] -= 1
        else:
            found.append(each)
    return found


def same_thing(happened: Happened) -> tuple[str | None, str, str]:
    return happened.command_id, happened.fact.stream, happened.fact.kind


def changed(before: Happened, after: Happened) -> EventChange:
    sides = [from_json(each.fact.model_dump_json(context={"seal": concealed})) for each in (before, after)]
    return event("changed", before, changes(*sides))


def concealed(_clear: str) -> str:
    return "‹personal›"


def event(how: Literal["gone", "new", "changed"], happened: Happened, what: tuple[Change, ...] = ()) -> EventChange:
    fact = happened.fact
    return EventChange(how, fact.stream, fact.kind, fact.at, happened.position if how != "new" else None, what)


def answer_changes(forked: Fork) -> Iterator[AnswerChange]:
    before, after = forked.as_it_went.came, forked.as_supposed.came
    for command_id in dict.fromkeys((*before, *after)):
        sides = before.get(command_id), after.get(command_id)
        told = [answered(side) for side in sides]
        if told[0] != told[1]:
            act = next(side.act for side in sides if side)
            yield AnswerChange(act.command.name, command_id, act.command.at, *told)


def answered(came: Came | None) -> str | None:
    if came is None:
        return None
    return str(came.refusal.code) if came.refusal else "accepted"


def standing_changes(forked: Fork, until: datetime) -> Iterable[Change]:
    """Owners, deadlines, roles and the rest that would stand otherwise at the end of the log; lines are told apart."""
    sides: list[dict[str, Any]] = []
    for branch in (forked.as_it_went, forked.as_supposed):
        said_here: dict[str, Any] = {}
        for name, stream in branch.world.streams.items():
            said_here |= standing(name, stream, branch.world.policies, until)
        sides.append(said_here)
    return (each for each in changes(*sides) if not each.what.startswith("line "))
