"""Events of the story `organisation`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from ledger_subscriber.fact import Fact, Sealed


class UnitCreated(Fact):
    kind: Literal["unit-created.v1"] = "unit-created.v1"
    unit: str
    parent: str | None = None
    region: str | None = None
    brand: str | None = None
    title: str


class UnitMoved(Fact):
    kind: Literal["unit-moved.v1"] = "unit-moved.v1"
    unit: str
    parent: str


class RepJoined(Fact):
    kind: Literal["rep-joined.v1"] = "rep-joined.v1"
    rep: str
    rep_name: Sealed | None = None
    unit: str
    duty: Literal["rep", "lead", "manager", "mid-office", "finance", "committee", "system"]


class RepTransferred(Fact):
    kind: Literal["rep-transferred.v1"] = "rep-transferred.v1"
    rep: str
    unit: str
    duty: Literal["rep", "lead", "manager", "mid-office", "finance", "committee", "system"]


class RepLeft(Fact):
    kind: Literal["rep-left.v1"] = "rep-left.v1"
    rep: str
    ground: str


class QuotaSet(Fact):
    kind: Literal["quota-set.v1"] = "quota-set.v1"
    rep: str
    held: int | None = None
    close: int | None = None
    claims_a_day: int | None = None
    by: str
