"""Events of the story `visit`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact, Sealed


class VisitPlanned(Fact):
    kind: Literal["visit-planned.v1"] = "visit-planned.v1"
    customer: str
    visit: str
    rep: str
    planned_for: AwareDatetime
    purpose: str


class VisitRecorded(Fact):
    kind: Literal["visit-recorded.v1"] = "visit-recorded.v1"
    customer: str
    visit: str
    rep: str
    deal: str | None = None
    purpose: str
    point: Sealed
    photo: str
    photo_point: Sealed | None = None
    result: Sealed | None = None
    companions: tuple[str, ...] = ()
    late: bool = False


class VisitVerified(Fact):
    kind: Literal["visit-verified.v1"] = "visit-verified.v1"
    customer: str
    visit: str
    rep: str
    distance_m: int
    clause: str


class VisitRejected(Fact):
    kind: Literal["visit-rejected.v1"] = "visit-rejected.v1"
    customer: str
    visit: str
    rep: str
    cause: Literal["too-far", "photo-elsewhere", "photo-used", "no-place"]
    distance_m: int | None = None
    rival: str | None = None
    rival_position: int | None = None
    clause: str


class VisitOverridden(Fact):
    kind: Literal["visit-overridden.v1"] = "visit-overridden.v1"
    customer: str
    visit: str
    rep: str
    verdict: Literal["verified", "rejected"]
    by: str
    ground: str


class ProtectionStarted(Fact):
    kind: Literal["protection-started.v1"] = "protection-started.v1"
    customer: str
    visit: str
    rep: str
    until: AwareDatetime
    clause: str


class ProtectionExpired(Fact):
    kind: Literal["protection-expired.v1"] = "protection-expired.v1"
    customer: str
    visit: str
    rep: str
    clause: str
