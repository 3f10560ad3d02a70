"""When a visit counts: made at the customer's place, with a photo taken there that was not used before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Literal, assert_never

from pydantic import StringConstraints

from domain.authority import not_working, reserved
from domain.fact import CommandOnCustomer, Id, Instant, Sight, Text
from domain.lapse import renewal
from domain.personal import Personal
from domain.place import coordinates, distance_m
from domain.policy.terms import PolicyVersion
from domain.pool.facts import RetentionExtended
from domain.refusals import Code, Refusal
from domain.standing import erased, not_live
from domain.streams import CustomerStream
from domain.visit.facts import (
    ProtectionExpired,
    ProtectionStarted,
    VisitFact,
    VisitOverridden,
    VisitPlanned,
    VisitRecorded,
    VisitRejected,
    VisitVerified,
)
from domain.world import World

Answer = Sequence[VisitFact | RetentionExtended] | Refusal
PhotoHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of the photo's bytes, in hex."""


class PlanVisit(CommandOnCustomer):
    """Say beforehand when a rep will visit, and why."""

    name: Literal["plan-visit"] = "plan-visit"
    visit: Id
    rep: Id
    planned_for: Instant
    purpose: Text


class RecordVisit(CommandOnCustomer):
    """Report a visit made at `at`: where the rep stood (`point`), the photo's hash and where it was taken."""

    name: Literal["record-visit"] = "record-visit"
    visit: Id
    rep: Id
    deal: Id | None = None
    purpose: Text
    point: Personal
    photo: PhotoHash | None = None
    photo_point: Personal | None = None
    result: Personal | None = None
    companions: tuple[Id, ...] = ()

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream,), keys=(("photo", self.photo),) if self.photo else ())


class OverrideVisit(CommandOnCustomer):
    """The committee's verdict on a visit, against the system's."""

    name: Literal["override-visit"] = "override-visit"
    visit: Id
    verdict: Literal["verified", "rejected"]
    ground: Text


VisitCommand = PlanVisit | RecordVisit | OverrideVisit


def decide(command: VisitCommand, world: World) -> Answer:
    match command:
        case PlanVisit():
            return plan(command, world)
        case RecordVisit():
            return record(command, world)
        case OverrideVisit():
            return override(command, world)
    assert_never(command)


def plan(command: PlanVisit, world: World) -> Answer:
    """Plan a visit. Refuses with `unknown-customer`, `customer-merged`, `unknown-rep`, `rep-left` or `id-taken`."""
    stream = world.customer(command.customer)
    if unknown := not_live(stream, "visit/plan"):
        return unknown
    if absent := not_working(world, command.rep, command.at, "visit/plan"):
        return absent
    if command.visit in stream.visits.made or command.visit in stream.visits.planned:
        return Refusal(code=Code.ID_TAKEN, clause="visit/plan", rival=command.visit)
    return [
        VisitPlanned(
            at=command.at,
            customer=command.customer,
            visit=command.visit,
            rep=command.rep,
            planned_for=command.planned_for,
            purpose=command.purpose,
        )
    ]


def record(command: RecordVisit, world: World) -> Answer:
    """Record a visit with its verdict. A rejected visit is kept; a verified one renews its rep's retention, and the first
    one begins the protection.

    Refuses with `unknown-customer`, `customer-merged`, `subject-erased`, `no-policy`, `unknown-rep` or `rep-left`,
    `id-taken`, `photo-missing` or `place-invalid`, in this order.
    """
    stream = world.customer(command.customer)
    if unknown := not_live(stream, "visit/record"):
        return unknown
    if gone := erased(command.stream, stream.personal):
        return gone
    policy = world.policy(command.at, command.rep)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.rep, command.at, policy.clause("visits")):
        return absent
    if command.visit in stream.visits.made:
        return Refusal(code=Code.ID_TAKEN, clause=policy.clause("visits"), rival=command.visit)
    if command.photo is None:
        return Refusal(code=Code.PHOTO_MISSING, clause=policy.clause("visits/photo"))
    for point in (command.point, command.photo_point):
        if point and coordinates(point.reveal() or "") is None:
            return Refusal(code=Code.PLACE_INVALID, clause=policy.clause("visits/point"))

    recorded = VisitRecorded(
        at=command.at,
        customer=command.customer,
        visit=command.visit,
        rep=command.rep,
        deal=command.deal,
        purpose=command.purpose,
        point=command.point,
        photo=command.photo,
        photo_point=command.photo_point,
        result=command.result,
        companions=command.companions,
        late=world.now - command.at > timedelta(minutes=policy.visits.late_after_minutes),
    )
    verdict = verdict_on(command, stream, policy, world)
    if isinstance(verdict, VisitRejected):
        return [recorded, verdict]
    return [recorded, verdict, *renewal(verdict, stream, world), *protection(verdict, stream, policy)]


def verdict_on(
    command: RecordVisit, stream: CustomerStream, policy: PolicyVersion, world: World
) -> VisitVerified | VisitRejected:
    """Verified within the policy's distance of the customer's place, the photo taken there and not used before."""
    rejected = partial(VisitRejected, at=command.at, customer=command.customer, visit=command.visit, rep=command.rep)
    near, photo = policy.clause("visits/distance"), policy.clause("visits/photo")
    if used := world.holder(("photo", command.photo or "")):
        rival = used.stream.partition("/")[2]
        return rejected(cause="photo-used", rival=rival, rival_position=used.position or None, clause=photo)
    place = coordinates(stream.customer.place.reveal() or "") if stream.customer.place else None
    if place is None:
        return rejected(cause="no-place", clause=near)
    far = metres(command.point, place)
    if far > policy.visits.distance_m:
        return rejected(cause="too-far", distance_m=far, clause=near)
    elsewhere = metres(command.photo_point, place) if command.photo_point else far
    if elsewhere > policy.visits.distance_m:
        return rejected(cause="photo-elsewhere", distance_m=elsewhere, clause=photo)
    return VisitVerified(
        at=command.at, customer=command.customer, visit=command.visit, rep=command.rep, distance_m=far, clause=near
    )


def as_if_verified(rejected: VisitRejected, world: World) -> Sequence[VisitFact | RetentionExtended]:
    """What would have followed, had the visit not been rejected. Only a what-if asks."""
    stream, policy = world.customer(rejected.customer), world.policy(rejected.at, rejected.rep)
    assert policy is not None, "a visit was judged by a policy"
    verdict = VisitVerified(
        at=rejected.at,
        customer=rejected.customer,
        visit=rejected.visit,
        rep=rejected.rep,
        distance_m=rejected.distance_m or 0,
        clause=rejected.clause,
    )
    return [verdict, *renewal(verdict, stream, world), *protection(verdict, stream, policy)]


def override(command: OverrideVisit, world: World) -> Answer:
    """Put the committee's verdict in the place of the system's, from now on.

    Refuses with `unknown-visit`, `not-allowed` or `verdict-unchanged`.
    """
    visit = world.customer(command.customer).visits.made.get(command.visit)
    if visit is None:
        return Refusal(code=Code.UNKNOWN_VISIT, clause="visit/override", rival=command.visit)
    if refusal := reserved(world, command.actor, command.at, "committee", clause="visit/override"):
        return refusal
    if visit.verdict == command.verdict:
        return Refusal(code=Code.VERDICT_UNCHANGED, clause="visit/override", rival=command.visit)
    return [
        VisitOverridden(
            at=command.at,
            customer=command.customer,
            visit=command.visit,
            rep=visit.rep,
            verdict=command.verdict,
            by=command.actor,
            ground=command.ground,
        )
    ]


def protection(verified: VisitVerified, stream: CustomerStream, policy: PolicyVersion) -> list[ProtectionStarted]:
    """What the first verified visit starts, where the policy protects it."""
    terms = policy.commission.first_visit
    if terms is None or terms.protection_days is None or stream.visits.verified():
        return []
    return [
        ProtectionStarted(
            at=verified.at,
            customer=verified.customer,
            visit=verified.visit,
            rep=verified.rep,
            until=verified.at + timedelta(days=terms.protection_days),
            clause=policy.clause("first-visit"),
        )
    ]


def protection_over(customer: str, stream: CustomerStream, now: datetime) -> list[ProtectionExpired]:
    """The end of the first visit's protection, if it has come by now."""
    kept = stream.visits.protection
    if kept is None or kept.over or now < kept.until:
        return []
    return [ProtectionExpired(at=kept.until, customer=customer, visit=kept.visit, rep=kept.rep, clause=kept.clause)]


def metres(point: Personal, place: tuple[float, float]) -> int:
    where = coordinates(point.reveal() or "")
    assert where is not None, "points are read before they are measured"
    return distance_m(where, place)
