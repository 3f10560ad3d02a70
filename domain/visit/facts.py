"""Visits: planned, made, judged by place and photo; and the protection that the first verified one earns."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime

from domain.fact import Id, OfCustomer, Text
from domain.personal import Personal

Verdict = Literal["pending", "verified", "rejected"]
RejectionCause = Literal["too-far", "photo-elsewhere", "photo-used", "no-place"]


class VisitPlanned(OfCustomer):
    kind: Literal["visit-planned.v1"] = "visit-planned.v1"
    visit: Id
    rep: Id
    planned_for: AwareDatetime
    purpose: Text


class VisitRecorded(OfCustomer):
    """`at` is when the visit was made; `late` flags one reported later than the policy allows."""

    kind: Literal["visit-recorded.v1"] = "visit-recorded.v1"
    visit: Id
    rep: Id
    deal: Id | None = None
    purpose: Text
    point: Personal
    photo: str
    photo_point: Personal | None = None
    result: Personal | None = None
    companions: tuple[Id, ...] = ()
    late: bool = False


class VisitVerified(OfCustomer):
    """`distance_m` is between the customer's place and the visit, in metres."""

    kind: Literal["visit-verified.v1"] = "visit-verified.v1"
    visit: Id
    rep: Id
    distance_m: int
    clause: str


class VisitRejected(OfCustomer):
    kind: Literal["visit-rejected.v1"] = "visit-rejected.v1"
    visit: Id
    rep: Id
    cause: RejectionCause
    distance_m: int | None = None
    rival: str | None = None
    rival_position: int | None = None
    clause: str


class VisitOverridden(OfCustomer):
    """The committee's verdict instead of the system's; the system's stays in the history."""

    kind: Literal["visit-overridden.v1"] = "visit-overridden.v1"
    visit: Id
    rep: Id
    verdict: Literal["verified", "rejected"]
    by: Id
    ground: Text


class ProtectionStarted(OfCustomer):
    """The first verified visit keeps its share during [`at`, `until`)."""

    kind: Literal["protection-started.v1"] = "protection-started.v1"
    visit: Id
    rep: Id
    until: AwareDatetime
    clause: str


class ProtectionExpired(OfCustomer):
    kind: Literal["protection-expired.v1"] = "protection-expired.v1"
    visit: Id
    rep: Id
    clause: str


VisitFact = (
    VisitPlanned
    | VisitRecorded
    | VisitVerified
    | VisitRejected
    | VisitOverridden
    | ProtectionStarted
    | ProtectionExpired
)


@dataclass(frozen=True, slots=True)
class Visit:
    visit: str
    rep: str
    at: datetime
    position: int
    deal: str | None = None
    verdict: Verdict = "pending"
    point: Personal | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """[`since`, `until`) of the first verified visit; `over` once the clock has said so."""

    visit: str
    rep: str
    since: datetime
    until: datetime
    clause: str
    over: bool = False

    def covers(self, at: datetime) -> bool:
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits made to one customer, by their id in the order of recording, and the first one's protection."""

    made: dict[str, Visit] = field(default_factory=dict)
    planned: tuple[str, ...] = ()
    protection: Protection | None = None

    def verified(self) -> list[Visit]:
        """The verified visits, earliest first."""
        return sorted((v for v in self.made.values() if v.verdict == "verified"), key=lambda v: (v.at, v.position))


def evolve(visits: Visits, fact: VisitFact, position: int = 0) -> Visits:
    match fact:
        case VisitPlanned():
            return replace(visits, planned=(*visits.planned, fact.visit))
        case VisitRecorded():
            visit = Visit(fact.visit, fact.rep, fact.at, position, fact.deal, point=fact.point)
            return replace(visits, made={**visits.made, fact.visit: visit})
        case VisitVerified():
            return judged(visits, fact.visit, "verified")
        case VisitRejected():
            return judged(visits, fact.visit, "rejected")
        case VisitOverridden():
            return judged(visits, fact.visit, fact.verdict)
        case ProtectionStarted():
            return replace(visits, protection=Protection(fact.visit, fact.rep, fact.at, fact.until, fact.clause))
        case ProtectionExpired():
            if visits.protection is None:
                return visits
            return replace(visits, protection=replace(visits.protection, over=True))
    assert_never(fact)


def judged(visits: Visits, visit: str, verdict: Verdict) -> Visits:
    return replace(visits, made={**visits.made, visit: replace(visits.made[visit], verdict=verdict)})
