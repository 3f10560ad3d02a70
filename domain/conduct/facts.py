"""Points of credit that people lose and get back: each because of a rule, or because of a case."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from domain.fact import Id, OfOrganisation, Text

Points = Annotated[int, Field(gt=0, le=1000)]
"""Points of credit, as many as one penalty may take."""


class PenaltyApplied(OfOrganisation):
    """`clause` is the rule that was broken; `case` the one whose ruling says so, where one does."""

    kind: Literal["penalty-applied.v1"] = "penalty-applied.v1"
    penalty: Id
    rep: Id
    points: int
    clause: Text
    case: Id | None = None
    by: Id


class PenaltyLifted(OfOrganisation):
    kind: Literal["penalty-lifted.v1"] = "penalty-lifted.v1"
    penalty: Id
    rep: Id
    ground: Text
    by: Id


ConductFact = PenaltyApplied | PenaltyLifted


@dataclass(frozen=True, slots=True)
class Conduct:
    """A person's penalties, in the order of recording; those lifted stay in the history."""

    applied: tuple[PenaltyApplied, ...] = ()
    lifted: tuple[str, ...] = ()

    @property
    def points_lost(self) -> int:
        """The points of credit lost by penalties that stand."""
        return sum(each.points for each in self.applied if each.penalty not in self.lifted)
