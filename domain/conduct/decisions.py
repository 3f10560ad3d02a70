"""What costs credit, and gives it back: never a mood, always a rule or a case."""

from collections.abc import Sequence
from typing import Literal, assert_never

from domain.authority import reserved
from domain.conduct.facts import ConductFact, PenaltyApplied, PenaltyLifted, Points
from domain.fact import CommandOnOrganisation, Id, Sight, Text, case_stream
from domain.refusals import Code, Refusal
from domain.world import World

Answer = Sequence[ConductFact] | Refusal


class ApplyPenalty(CommandOnOrganisation):
    """Take points of credit from someone, for a rule that was broken or a case that says so."""

    name: Literal["apply-penalty"] = "apply-penalty"
    penalty: Id
    rep: Id
    points: Points
    clause: Text | None = None
    case: Id | None = None

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream, case_stream(self.case)) if self.case else (self.stream,))


class LiftPenalty(CommandOnOrganisation):
    """Give the points of a penalty back."""

    name: Literal["lift-penalty"] = "lift-penalty"
    penalty: Id
    rep: Id
    ground: Text


ConductCommand = ApplyPenalty | LiftPenalty


def decide(command: ConductCommand, world: World) -> Answer:
    match command:
        case ApplyPenalty():
            return apply(command, world)
        case LiftPenalty():
            return lift(command, world)
    assert_never(command)


def apply(command: ApplyPenalty, world: World) -> Answer:
    """Apply a penalty. Refuses with `unknown-rep`, `not-allowed`, `id-taken`, `penalty-groundless` or `case-not-final`."""
    known = world.organisation.reps.get(command.rep)
    if known is None:
        return Refusal(code=Code.UNKNOWN_REP, clause="conduct", rival=command.rep)
    if refusal := reserved(world, command.actor, command.at, "mid-office", "committee", clause="conduct"):
        return refusal
    if any(each.penalty == command.penalty for each in known.conduct.applied):
        return Refusal(code=Code.ID_TAKEN, clause="conduct", rival=command.penalty)
    if command.clause is None and command.case is None:
        return Refusal(code=Code.PENALTY_GROUNDLESS, clause="conduct")
    if command.case and world.case(command.case).case.status not in ("final", "executed"):
        return Refusal(code=Code.CASE_NOT_FINAL, clause="conduct", rival=command.case)
    return [
        PenaltyApplied(
            at=command.at,
            penalty=command.penalty,
            rep=command.rep,
            points=command.points,
            clause=command.clause or f"case {command.case}",
            case=command.case,
            by=command.actor,
        )
    ]


def lift(command: LiftPenalty, world: World) -> Answer:
    """Lift a penalty. Refuses with `unknown-rep`, `not-allowed`, `unknown-penalty` or `penalty-lifted`."""
    known = world.organisation.reps.get(command.rep)
    if known is None:
        return Refusal(code=Code.UNKNOWN_REP, clause="conduct", rival=command.rep)
    if refusal := reserved(world, command.actor, command.at, "mid-office", "committee", clause="conduct"):
        return refusal
    if all(each.penalty != command.penalty for each in known.conduct.applied):
        return Refusal(code=Code.UNKNOWN_PENALTY, clause="conduct", rival=command.penalty)
    if command.penalty in known.conduct.lifted:
        return Refusal(code=Code.PENALTY_LIFTED, clause="conduct", rival=command.penalty)
    return [
        PenaltyLifted(at=command.at, penalty=command.penalty, rep=command.rep, ground=command.ground, by=command.actor)
    ]
