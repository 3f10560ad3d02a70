"""A fork of history in memory: acts omitted, moved to another time or supposed, and every judgement made again in their order.

What lies beyond the histories concerned is taken to have done to each act what it did: where the histories alone do not
explain an outcome, it stays as it was unless what is supposed changes it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain import clock
from domain.facts import AnyFact
from domain.judgement import judge
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from domain.refusals import Code, Refusal
from domain.visit.decisions import as_if_verified
from domain.visit.facts import VisitRecorded, VisitRejected, VisitVerified
from domain.world import Fingerprint, World
from services.replay.acts import Act, Course, Told

NEEDED = frozenset(
    {
        Code.UNKNOWN_CUSTOMER,
        Code.UNKNOWN_DEAL,
        Code.UNKNOWN_REP,
        Code.UNKNOWN_UNIT,
        Code.UNKNOWN_VISIT,
        Code.UNKNOWN_PAYMENT,
        Code.UNKNOWN_MILESTONE,
        Code.UNKNOWN_CASE,
        Code.NO_POLICY,
    }
)
"""What a refusal says that misses something, instead of judging."""

CLOCKS = frozenset(
    {
        "customer-dropped.v1",
        "retention-warned.v1",
        "protection-expired.v1",
        "milestone-due.v1",
        "milestone-overdue.v1",
        "decision-finalized.v1",
    }
)
"""The kinds of facts that follow from deadlines."""


class NotSupposable(ValueError):
    """A what-if supposes what cannot be. `code` is stable; `needed_by` are the positions of what needs what is left out."""

    def __init__(self, code: str, message: str, needed_by: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.needed_by = tuple(needed_by)


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed: facts left out and facts moved, by position; acts that were not; other policies."""

    omitted: frozenset[int] = frozenset()
    redated: Mapping[int, datetime] = field(default_factory=dict)
    inserted: tuple[Act, ...] = ()
    policies: tuple[PolicyVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact of a course, recorded or supposed: the one who asked for it, and its position where it has one."""

    fact: AnyFact
    command_id: str | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of an act."""

    act: Act
    refusal: Refusal | None


@dataclass(slots=True)
class Branch:
    """One way that history went: its world, its facts and the answers, in order."""

    world: World
    happened: list[Happened] = field(default_factory=list)
    came: dict[str, Came] = field(default_factory=dict)

    def add(self, fact: AnyFact, command_id: str | None, position: int | None) -> None:
        self.world.apply(fact, position or 0)
        self.happened.append(Happened(fact, command_id, position))


@dataclass(frozen=True, slots=True)
class Fork:
    """How it went, and how it would have gone. `kept` are the commands whose outcome what lies beyond explains."""

    as_it_went: Branch
    as_supposed: Branch
    kept: tuple[str, ...]


def fork(went: Course, supposed: Supposed, fingerprint: Fingerprint) -> Fork:
    """Judge again every act as it went and as is supposed. Raises `NotSupposable`."""
    beyond = check(went, supposed)
    actual, other = (Branch(World(went.until, fingerprint, complete=True)) for _ in range(2))
    explained: dict[str, bool] = {}
    own: dict[str, Sequence[AnyFact]] = {}
    for step in went.steps:
        if isinstance(step, Told):
            actual.add(step.recorded.fact, step.recorded.command_id, step.recorded.position)
            continue
        facts, refusal = judged(step, actual.world, went)
        own[step.command_id] = facts
        recorded = [each.fact for each in step.facts]
        explained[step.command_id] = (list(map(said, facts)), refused(refusal)) == (
            list(map(said, recorded)),
            refused(step.refusal),
        )
        for each in step.facts:
            actual.add(each.fact, each.command_id, each.position)
        actual.came[step.command_id] = Came(step, step.refusal)
    for step in as_supposed(went, supposed):
        follow(other, step, went, supposed, explained, own)
    for branch in (actual, other):
        let_the_clock_tell(branch, went)
    missing(other, beyond, supposed)
    return Fork(actual, other, tuple(each for each, known in explained.items() if not known))


def follow(
    branch: Branch,
    step: Act | Told,
    went: Course,
    supposed: Supposed,
    explained: Mapping[str, bool],
    own: Mapping[str, Sequence[AnyFact]],
) -> None:
    """Let the next step happen in the branch of what is supposed."""
    if isinstance(step, Told):
        branch.add(under(step.recorded.fact, supposed.policies), step.recorded.command_id, step.recorded.position)
        return
    facts, refusal = judged(step, branch.world, went)
    unmoved = not explained.get(step.command_id, True) and list(map(said, facts)) == list(
        map(said, own[step.command_id])
    )
    if unmoved:
        facts, refusal = [each.fact for each in step.facts], step.refusal
    for fact in without(facts, step, supposed.omitted, branch.world):
        branch.add(under(fact, supposed.policies), step.command_id, position_of(fact, step.facts))
    branch.came[step.command_id] = Came(step, refusal)


def judged(act: Act, world: World, went: Course) -> tuple[list[AnyFact], Refusal | None]:
    """What comes of an act in the histories concerned."""
    world.now = max(act.recorded_at, act.command.at) if act.supposed else act.recorded_at
    world.position = world.position if act.supposed else act.place[0]
    verdict = judge(act.command, world, engine=act.engine, asker=act.asker)
    return [fact for fact in verdict.facts if fact.stream in went.streams], verdict.refusal


def as_supposed(went: Course, supposed: Supposed) -> list[Act | Told]:
    """The steps in the order in which they would have come, without those that are left out."""
    steps: list[Act | Told] = list(supposed.inserted)
    for step in went.steps:
        if isinstance(step, Told):
            steps.append(step)
            continue
        moved = [supposed.redated[each.position] for each in step.facts if each.position in supposed.redated]
        leading = leads(step)
        if leading is None or leading not in supposed.omitted:
            steps.append(step.moved_to(moved[0]) if moved else step)
    return sorted(steps, key=lambda step: step.order)


def leads(act: Act) -> int | None:
    """The position of the fact that the act itself was for; what else came of it follows from that one."""
    own = [each for each in act.facts if each.fact.at == act.command.at and each.fact.kind not in CLOCKS]
    of_its_own = [each for each in own if each.stream == act.command.stream] or own
    return min((each.position for each in of_its_own), default=None)


def check(went: Course, supposed: Supposed) -> frozenset[str]:
    """Which commands are supposed otherwise. Raises `NotSupposable` for events that are not there or are the clock's."""
    changed = set()
    for position in (*supposed.omitted, *supposed.redated):
        found = went.of(position)
        if found is None:
            raise NotSupposable("unknown-event", f"Event {position} is none of these histories.")
        act, recorded = found
        leading = leads(act)
        if leading is None or recorded.fact.kind in CLOCKS:
            raise NotSupposable(
                "the-clocks",
                f"Event {position} ({recorded.fact.kind}) is the clock's: it follows from a deadline. "
                "Leave out or move what set the deadline.",
            )
        if position in supposed.redated and position != leading:
            raise NotSupposable(
                "follows",
                f"Event {position} ({recorded.fact.kind}) follows from event {leading}: move that one.",
                [leading],
            )
        changed.add(act.command_id)
    return frozenset(changed)


def missing(branch: Branch, changed: frozenset[str], supposed: Supposed) -> None:
    """Raises `NotSupposable` where an act that was accepted finds nothing any more of what it was about."""
    if not changed:
        return
    lacking = [
        each
        for each in branch.came.values()
        if each.refusal and each.refusal.code in NEEDED and not each.act.refusal and not each.act.supposed
    ]
    if lacking:
        needed_by = [recorded.position for each in lacking for recorded in each.act.facts[:1]]
        named = "; ".join(
            f"event {each.act.facts[0].position} ({each.act.command.name}: {each.refusal.code})"
            for each in lacking
            if each.refusal and each.act.facts
        )
        events = ", ".join(map(str, sorted((*supposed.omitted, *supposed.redated))))
        raise NotSupposable(
            "needed", f"What is supposed of event {events} leaves others without it: {named}.", needed_by
        )


def without(facts: Sequence[AnyFact], act: Act, omitted: frozenset[int], world: World) -> Iterator[AnyFact]:
    """The facts of a verdict but those left out, and those that rest on one; a rejection left out is a verification."""
    recorded: list[AnyFact] = [each.fact for each in act.facts]
    places = [each.position for each in act.facts]
    gone = {
        name: fact
        for name, fact, position in zip(names(recorded), recorded, places, strict=True)
        if position in omitted
    }
    visits = {fact.visit for fact in gone.values() if isinstance(fact, VisitVerified)}
    for name, fact in zip(names(facts), facts, strict=True):
        if name in gone:
            yield from as_if_verified(fact, world) if isinstance(fact, VisitRejected) else ()
        elif isinstance(fact, VisitRecorded) or getattr(fact, "visit", None) not in visits:
            yield fact


def names(facts: Sequence[AnyFact]) -> list[tuple[str, str, int]]:
    """Each fact's history, its kind and its number among those of one verdict."""
    counted = Counter[tuple[str, str]]()
    found: list[tuple[str, str, int]] = []
    for fact in facts:
        counted[fact.stream, fact.kind] += 1
        found.append((fact.stream, fact.kind, counted[fact.stream, fact.kind]))
    return found


def let_the_clock_tell(branch: Branch, went: Course) -> None:
    """What the clock has made happen by the end of the log, whether anybody noticed or not."""
    branch.world.now = went.until
    for fact in clock.due(branch.world, sorted(branch.world.streams)):
        branch.add(fact, None, None)


def under(fact: AnyFact, policies: Sequence[PolicyVersion]) -> AnyFact:
    """The fact; where it publishes a policy version, the one supposed for the same scope takes its place and its time."""
    if not isinstance(fact, PolicyPublished):
        return fact
    other = next((each for each in policies if each.scope == fact.version.scope), None)
    if other is None:
        return fact
    kept = {name: getattr(fact.version, name) for name in ("policy", "effective_from", "effective_until", "supersedes")}
    return fact.model_copy(update={"version": other.model_copy(update=kept)})


PLACED: Callable[[str], bool] = frozenset({"rival_position", "act_position", "position"}).__contains__


def said(fact: AnyFact) -> str:
    """What a fact says, without the positions of others, which differ when facts come at another place."""
    placed = {name for name in type(fact).model_fields if PLACED(name)}
    return fact.model_dump_json(exclude=placed, context={"seal": str})


def refused(refusal: Refusal | None) -> tuple[str, str | None] | None:
    return (refusal.code, refusal.rival) if refusal else None


def position_of(fact: AnyFact, recorded: Sequence[Recorded]) -> int | None:
    """Where a fact stands in the log, if the act left one of its kind and history."""
    alike = (each.position for each in recorded if (each.fact.kind, each.stream) == (fact.kind, fact.stream))
    return next(alike, None)
