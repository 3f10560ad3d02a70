"""How far a deal has come: opened, advanced stage by stage, reverted, lost."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from domain.fact import Artefact, Id, OfDeal, Text
from domain.money import Currency, Minor


class DealOpened(OfDeal):
    kind: Literal["deal-opened.v1"] = "deal-opened.v1"
    customer: Id
    rep: Id
    stage: Id
    product: Id | None = None
    expected_amount: Minor | None = None
    currency: Currency | None = None
    policy: Id


class StageAdvanced(OfDeal):
    """`skipped` names the stages that a manager passed over."""

    kind: Literal["stage-advanced.v1"] = "stage-advanced.v1"
    rep: Id
    former: Id
    stage: Id
    artefact: Artefact | None = None
    skipped: tuple[Id, ...] = ()
    clause: str


class StageReverted(OfDeal):
    kind: Literal["stage-reverted.v1"] = "stage-reverted.v1"
    by: Id
    former: Id
    stage: Id
    ground: Text


class DealLost(OfDeal):
    kind: Literal["deal-lost.v1"] = "deal-lost.v1"
    rep: Id
    stage: Id
    ground: Text


DealFact = DealOpened | StageAdvanced | StageReverted | DealLost


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal's course. `policy` is the version that it was opened under."""

    opening: DealOpened | None = None
    stage: str | None = None
    artefacts: tuple[Artefact, ...] = ()
    lost: bool = False

    @property
    def is_open(self) -> bool:
        return self.opening is not None and not self.lost


def evolve(deal: Deal, fact: DealFact, position: int = 0) -> Deal:
    del position
    match fact:
        case DealOpened():
            return replace(deal, opening=fact, stage=fact.stage)
        case StageAdvanced():
            found = (*deal.artefacts, fact.artefact) if fact.artefact else deal.artefacts
            return replace(deal, stage=fact.stage, artefacts=found)
        case StageReverted():
            return replace(deal, stage=fact.stage)
        case DealLost():
            return replace(deal, lost=True)
    assert_never(fact)
