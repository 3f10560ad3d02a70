"""Events of the story `policy`, written from the ledger's own by `python -m consumers.models`."""

from typing import Any, Literal

from ledger_subscriber.fact import Fact


class PolicyPublished(Fact):
    kind: Literal["policy-published.v1"] = "policy-published.v1"
    policy: str
    content_hash: str
    version: dict[str, Any]
    by: str
