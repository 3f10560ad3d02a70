"""Events of the story `rate`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact


class RatePublished(Fact):
    kind: Literal["rate-published.v1"] = "rate-published.v1"
    period: str
    currency: str
    into: str
    rate: str
    source: str
    by: str
