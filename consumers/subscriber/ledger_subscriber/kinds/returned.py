"""Events of the story `returned`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact


class ReturnReconciled(Fact):
    kind: Literal["return-reconciled.v1"] = "return-reconciled.v1"
    period: str
    file: str
    payouts: int
    listed: dict[str, int] = {}
    by: str
