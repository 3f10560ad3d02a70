"""Events of the story `parts`, written from the ledger's own by `python -m consumers.models`."""

from ledger_subscriber.fact import Told


class Artefact(Told):
    kind: str
    ref: str


class Part(Told):
    rep: str
    bps: int
