"""Events of the story `deal`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds.parts import Artefact


class DealOpened(Fact):
    kind: Literal["deal-opened.v1"] = "deal-opened.v1"
    deal: str
    customer: str
    rep: str
    stage: str
    product: str | None = None
    expected_amount: int | None = None
    currency: str | None = None
    policy: str


class StageAdvanced(Fact):
    kind: Literal["stage-advanced.v1"] = "stage-advanced.v1"
    deal: str
    rep: str
    former: str
    stage: str
    artefact: Artefact | None = None
    skipped: tuple[str, ...] = ()
    clause: str


class StageReverted(Fact):
    kind: Literal["stage-reverted.v1"] = "stage-reverted.v1"
    deal: str
    by: str
    former: str
    stage: str
    ground: str


class DealLost(Fact):
    kind: Literal["deal-lost.v1"] = "deal-lost.v1"
    deal: str
    rep: str
    stage: str
    ground: str
