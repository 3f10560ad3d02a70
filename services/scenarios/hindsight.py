"""What a story expects of looking back: replays, what-ifs, and that every command decided again comes out the same."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.commands import parse
from domain.deal.facts import DealOpened
from domain.engine import ENGINE, ENGINES
from domain.fact import case_stream, customer_stream, deal_stream
from domain.record import Recorded
from domain.refusals import Refusal
from services.database import connect
from services.ledger.application import Ledger
from services.replay import replaying
from services.replay.acts import Act
from services.replay.forking import NotSupposable
from services.replay.reexecution import reexecute
from services.replay.replaying import Replay, replay
from services.replay.standing import Money
from services.replay.whatif import Question, WhatIf, what_if
from services.scenarios.expecting import Comparison, named
from services.scenarios.moments import in_zone, with_instants
from services.scenarios.story import Expectations, ReplayExpected, WhatIfExpected
from services.yaml_places import Steps


@dataclass(frozen=True, slots=True)
class Hindsight:
    """A story's ledger as it is looked back upon."""

    ledger: Ledger
    log: Sequence[Recorded]
    zone: ZoneInfo

    def deals_of(self, customers: Sequence[str]) -> list[str]:
        opened = (each.fact for each in self.log if isinstance(each.fact, DealOpened))
        return [fact.deal for fact in opened if fact.customer in customers]

    def at(self, moment: datetime | None) -> datetime | None:
        return in_zone(moment, self.zone) if moment else None

    def event(self, name: str) -> str:
        """The position of an event named by its kind, or by its kind and number; the name itself where there is none."""
        kind, _, number = name.partition("#")
        found = [each.position for each in self.log if each.fact.kind == kind]
        place = int(number or 1) - 1
        return str(found[place]) if place < len(found) else name


def looked_back(expected: Expectations, hindsight: Hindsight, steps: Steps) -> Iterator[Comparison]:
    """Every replay and what-if that is expected, beside what comes of it."""
    for i, each in enumerate(expected.replays):
        yield from of_replay(each, hindsight, (*steps, "replays", i))
    for i, supposed in enumerate(expected.what_ifs):
        yield from of_what_if(supposed, hindsight, (*steps, "what_ifs", i))


def decided_again(ledger: Ledger) -> Comparison:
    """That every command of the story, judged again, comes out the same to the byte."""
    found = reexecute(ledger)
    return Comparison("every command decided again", "the same", str(found.divergence or "the same"), ())


def of_replay(expected: ReplayExpected, hindsight: Hindsight, steps: Steps) -> Iterator[Comparison]:
    moment = replaying.Moment(hindsight.at(expected.known_at), hindsight.at(expected.true_at))
    first = streams_of(expected)
    with closing(connect(hindsight.ledger.dsn, hindsight.ledger.schema)) as connection:
        (found,) = replay(connection, first, hindsight.deals_of, [moment])
    about = f"replay of {', '.join(first)}"
    for what, wanted in expected.stands.items():
        left = hindsight.at(wanted) if isinstance(wanted, datetime) else wanted
        yield Comparison(f"{what} in the {about}", left, stands(found, what), (*steps, "stands", what))
    if expected.facts is not None:
        kinds = [step.kind for step in found.steps if step.stream != "organisation"]
        yield Comparison(f"facts of the {about}", list(expected.facts), kinds, (*steps, "facts"))


def stands(found: Replay, what: str) -> Any:
    value = found.standing.get(what)
    return value.amount if isinstance(value, Money) else value


def of_what_if(expected: WhatIfExpected, hindsight: Hindsight, steps: Steps) -> Iterator[Comparison]:
    found = supposing(expected, hindsight)
    impossible = found.code if isinstance(found, NotSupposable) else None
    yield Comparison("what cannot be supposed", expected.impossible, impossible, (*steps, "impossible"))
    if isinstance(found, NotSupposable):
        return
    answers = [(each.before, each.after) for each in found.answers]
    if expected.payees is not None:
        after = named({each.payee: each.after for each in found.payees})
        yield Comparison("what everyone would earn", dict(expected.payees), after, (*steps, "payees"))
    if expected.refused is not None:
        refused = [after for before, after in answers if before == "accepted" and after not in ("accepted", None)]
        told = [str(code) for code in expected.refused]
        yield Comparison("what would be refused", told, refused, (*steps, "refused"))
    if expected.accepted is not None:
        accepted = sum(after == "accepted" and before != "accepted" for before, after in answers)
        yield Comparison("how many would be accepted", expected.accepted, accepted, (*steps, "accepted"))
    if expected.gone is not None:
        gone = [each.kind for each in found.events if each.how == "gone"]
        yield Comparison("what would not have happened", list(expected.gone), gone, (*steps, "gone"))


def supposing(expected: WhatIfExpected, hindsight: Hindsight) -> WhatIf | NotSupposable:
    try:
        question = Question(
            omit=tuple(map(hindsight.event, expected.omit)),
            redate=tuple((hindsight.event(e), in_zone(at, hindsight.zone)) for e, at in expected.redate.items()),
            insert=tuple(inserted(number, body, hindsight) for number, body in enumerate(expected.insert, 1)),
        )
        with closing(connect(hindsight.ledger.dsn, hindsight.ledger.schema)) as connection:
            return what_if(hindsight.ledger, connection, streams_of(expected), hindsight.deals_of, question)
    except NotSupposable as error:
        return error


def inserted(number: int, body: dict[str, Any], hindsight: Hindsight) -> Act:
    """An act that was not. Raises `NotSupposable` for what is no command."""
    fields = with_instants({name: value for name, value in body.items() if name != "do"}, hindsight.zone)
    command = parse({**fields, "name": body.get("do")})
    if isinstance(command, Refusal):
        raise NotSupposable(str(command.code), f"insert {number}: {command}")
    return Act(command.at, (0, number), f"supposed/{number}", command, ENGINES[ENGINE], supposed=True)


def streams_of(expected: ReplayExpected | WhatIfExpected) -> list[str]:
    """The histories that are asked about."""
    named_ones = {deal_stream: expected.deal, customer_stream: expected.customer, case_stream: expected.case}
    return [stream(key) for stream, key in named_ones.items() if key]
