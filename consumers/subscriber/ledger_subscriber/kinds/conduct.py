"""Events of the story `conduct`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact


class PenaltyApplied(Fact):
    kind: Literal["penalty-applied.v1"] = "penalty-applied.v1"
    penalty: str
    rep: str
    points: int
    clause: str
    case: str | None = None
    by: str


class PenaltyLifted(Fact):
    kind: Literal["penalty-lifted.v1"] = "penalty-lifted.v1"
    penalty: str
    rep: str
    ground: str
    by: str
