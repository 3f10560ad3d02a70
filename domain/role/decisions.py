"""How a stage role is earned, moved and lost: by the artefact that the plan names, and after the signing only by a ruling."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import AwareDatetime

from domain.authority import has_duty, not_working, reserved
from domain.fact import SYSTEM, Artefact, CommandOnDeal, Id, Part, Sight, Text, customer_stream, deal_stream
from domain.money import WHOLE
from domain.policy.terms import PlanRole, PolicyVersion
from domain.refusals import Code, Refusal
from domain.role.facts import RoleEarned, RoleExpired, RoleFact, RoleRevoked, RoleTransferred
from domain.streams import CustomerStream, DealStream
from domain.visit.facts import Visit
from domain.world import World

Answer = Sequence[RoleFact] | Refusal

COMPLETE_RECORD: Final = "complete-record"
VERIFIED_VISIT: Final = "verified-visit"
SIGNED_CONTRACT: Final = "signed-contract"
PROVEN_BY_THE_LEDGER: Final = (COMPLETE_RECORD, VERIFIED_VISIT, SIGNED_CONTRACT)
"""Artefacts that the ledger sees in its own histories; every other one is presented."""


class EarnRole(CommandOnDeal):
    """Credit a rep with a step of the deal, on the artefact that proves it."""

    name: Literal["earn-role"] = "earn-role"
    role: Id
    rep: Id
    artefact: Artefact

    def sees(self, world: World) -> Sight:
        return deal_and_customer(self.deal, world)


class TransferRole(CommandOnDeal):
    """Give a role to others, whole or in parts, from a time on."""

    name: Literal["transfer-role"] = "transfer-role"
    role: Id
    parts: tuple[Part, ...]
    effective_from: AwareDatetime
    ground: Text


class RevokeRole(CommandOnDeal):
    """Take a role from whoever holds it, from a time on."""

    name: Literal["revoke-role"] = "revoke-role"
    role: Id
    effective_from: AwareDatetime
    ground: Text


def deal_and_customer(deal: str, world: World) -> Sight:
    """The deal's history, and its customer's once the deal tells whose it is."""
    stream = world.seen_deal(deal)
    if stream is None or stream.deal.opening is None:
        return Sight(streams=(deal_stream(deal),))
    return Sight(streams=(deal_stream(deal), customer_stream(stream.deal.opening.customer)))


def earn(command: EarnRole, world: World) -> Answer:
    """Earn a role.

    Refuses with `unknown-deal` or `deal-closed`, `unknown-rep` or `rep-left`, `role-not-in-plan`, `role-pinned`,
    `artefact-missing`, `role-held` or `first-visit-protected`, in this order.
    """
    stream = world.deal(command.deal)
    if closed := not_open(stream):
        return closed
    policy = plan_of(stream, world)
    if absent := not_working(world, command.rep, command.at, policy.clause("roles")):
        return absent
    role = policy.commission.role(command.role)
    clause = policy.clause(f"roles/{command.role}")
    if role is None:
        return Refusal(code=Code.ROLE_NOT_IN_PLAN, clause=clause)
    if role.held == "pinned" and stream.contract.is_signed:
        return Refusal(code=Code.ROLE_PINNED, clause=clause, rival_position=stream.contract.position or None)
    if command.artefact.kind != role.earned_by or not is_proven(command, stream, world):
        return Refusal(code=Code.ARTEFACT_MISSING, clause=clause, detail=f"It is earned by: {role.earned_by}.")
    if held := already_held(command.role, command.at, stream, clause):
        return held
    if protected := first_visit_protected(command, stream, policy, world):
        return protected
    return [
        RoleEarned(
            at=command.at,
            deal=command.deal,
            role=command.role,
            rep=command.rep,
            artefact=command.artefact,
            clause=clause,
        )
    ]


def transfer(command: TransferRole, world: World) -> Answer:
    """Move a role. Before the signing, and for roles held at each receipt, a lead or manager may, from now on; all else is
    the committee's.

    Refuses with `unknown-deal`, `role-not-in-plan`, `role-pinned` or `not-allowed`, `unknown-rep` or `parts-not-whole`.
    """
    stream = world.deal(command.deal)
    if refusal := not_movable(command, stream, world):
        return refusal
    if refusal := parts_not_whole(command.parts, world, "roles/parts"):
        return refusal
    return [
        RoleTransferred(
            at=command.at,
            deal=command.deal,
            role=command.role,
            parts=command.parts,
            effective_from=command.effective_from,
            by=command.actor,
            ground=command.ground,
        )
    ]


def revoke(command: RevokeRole, world: World) -> Answer:
    """Leave a role empty from a time on. Refuses as `transfer` does, and with `role-empty`."""
    stream = world.deal(command.deal)
    if refusal := not_movable(command, stream, world):
        return refusal
    if not stream.roles.is_held(command.role, command.effective_from):
        return Refusal(code=Code.ROLE_EMPTY, clause=f"roles/{command.role}")
    return [
        RoleRevoked(
            at=command.at,
            deal=command.deal,
            role=command.role,
            effective_from=command.effective_from,
            by=command.actor,
            ground=command.ground,
        )
    ]


def earned_by_artefact(
    artefact: Artefact, rep: str, at: datetime, stream: DealStream, policy: PolicyVersion, deal: str
) -> Iterator[RoleEarned]:
    """The roles that presenting an artefact earns, as far as nobody holds them."""
    for role in policy.commission.roles:
        open_still = not (role.held == "pinned" and stream.contract.is_signed)
        if role.earned_by == artefact.kind and open_still and not stream.roles.is_held(role.role, at):
            clause = policy.clause(f"roles/{role.role}")
            yield RoleEarned(at=at, deal=deal, role=role.role, rep=rep, artefact=artefact, clause=clause)


def earned_at_signing(
    deal: str, at: datetime, closer: str, contract: str, stream: DealStream, customer: CustomerStream, policy: PolicyVersion
) -> Iterator[RoleEarned | RoleExpired]:
    """What the ledger's own histories prove when the contract is signed: who entered the record, who visited first, who
    signed. A first visit whose protection has run out is said to have expired.
    """
    for role in policy.commission.roles:
        if stream.roles.is_held(role.role, at):
            continue
        clause = policy.clause(f"roles/{role.role}")
        if expired := expired_visit(role, at, customer, policy):
            artefact = Artefact(kind=VERIFIED_VISIT, ref=expired.visit)
            yield RoleExpired(at=at, deal=deal, role=role.role, rep=expired.rep, artefact=artefact, clause=clause)
        if found := proof(role, at, closer, contract, customer, policy):
            rep, artefact = found
            yield RoleEarned(at=at, deal=deal, role=role.role, rep=rep, artefact=artefact, clause=clause)


def proof(
    role: PlanRole, at: datetime, closer: str, contract: str, customer: CustomerStream, policy: PolicyVersion
) -> tuple[str, Artefact] | None:
    registration = customer.customer.registration
    match role.earned_by:
        case "complete-record" if registration and registration.complete:
            return registration.by, Artefact(kind=COMPLETE_RECORD, ref=registration.customer)
        case "verified-visit" if visit := first_protected_visit(at, customer, policy):
            return visit.rep, Artefact(kind=VERIFIED_VISIT, ref=visit.visit)
        case "signed-contract":
            return closer, Artefact(kind=SIGNED_CONTRACT, ref=contract)
        case _:
            return None


def first_protected_visit(at: datetime, customer: CustomerStream, policy: PolicyVersion) -> Visit | None:
    """The earliest verified visit that is still protected then: during [visit, visit + days), or for good."""
    return next((v for v in customer.visits.verified() if v.at <= at and is_protected(v, at, policy)), None)


def expired_visit(role: PlanRole, at: datetime, customer: CustomerStream, policy: PolicyVersion) -> Visit | None:
    """The first verified visit, where it would have earned the role had it been protected still."""
    first = next((v for v in customer.visits.verified() if v.at <= at), None)
    if role.earned_by != VERIFIED_VISIT or first is None or is_protected(first, at, policy):
        return None
    return first


def is_protected(visit: Visit, at: datetime, policy: PolicyVersion) -> bool:
    terms = policy.commission.first_visit
    return terms is None or terms.protection_days is None or at < visit.at + timedelta(days=terms.protection_days)


def is_proven(command: EarnRole, stream: DealStream, world: World) -> bool:
    """Whether the ledger's histories bear out an artefact of its own; one presented from outside is taken as presented."""
    opening = stream.deal.opening
    customer = world.customer(opening.customer) if opening else CustomerStream()
    match command.artefact.kind:
        case "complete-record":
            registration = customer.customer.registration
            return registration is not None and registration.complete and registration.by == command.rep
        case "verified-visit":
            visit = customer.visits.made.get(command.artefact.ref)
            return visit is not None and visit.verdict == "verified" and visit.rep == command.rep
        case "signed-contract":
            signing = stream.contract.signing
            return signing is not None and signing.contract == command.artefact.ref
        case _:
            return True


def first_visit_protected(
    command: EarnRole, stream: DealStream, policy: PolicyVersion, world: World
) -> Refusal | None:
    if command.artefact.kind != VERIFIED_VISIT or stream.deal.opening is None:
        return None
    first = first_protected_visit(command.at, world.customer(stream.deal.opening.customer), policy)
    if first is None or first.rep == command.rep:
        return None
    days = policy.commission.first_visit.protection_days if policy.commission.first_visit else None
    return Refusal(
        code=Code.FIRST_VISIT_PROTECTED,
        clause=policy.clause("first-visit"),
        rival=first.rep,
        rival_position=first.position or None,
        rival_at=first.at,
        until=first.at + timedelta(days=days) if days else None,
    )


def already_held(role: str, at: datetime, stream: DealStream, clause: str) -> Refusal | None:
    if not stream.roles.is_held(role, at):
        return None
    tenure = next(t for t in reversed(stream.roles.tenures[role]) if t.parts)
    return Refusal(
        code=Code.ROLE_HELD,
        clause=clause,
        rival=tenure.parts[0].rep,
        rival_position=tenure.position or None,
        rival_at=tenure.since,
    )


def not_movable(command: TransferRole | RevokeRole, stream: DealStream, world: World) -> Refusal | None:
    if stream.deal.opening is None:
        return Refusal(code=Code.UNKNOWN_DEAL, clause="roles")
    policy = plan_of(stream, world)
    role = policy.commission.role(command.role)
    clause = policy.clause(f"roles/{command.role}")
    if role is None:
        return Refusal(code=Code.ROLE_NOT_IN_PLAN, clause=clause)
    if command.actor == SYSTEM or has_duty(world, command.actor, command.at, "committee"):
        return None
    if role.held == "pinned" and stream.contract.is_signed:
        return Refusal(code=Code.ROLE_PINNED, clause=clause, rival_position=stream.contract.position or None)
    if command.effective_from < command.at:
        detail = "Only the committee decides for the past."
        return Refusal(code=Code.NOT_ALLOWED, clause=clause, rival=command.actor, detail=detail)
    return reserved(world, command.actor, command.at, "lead", "manager", clause=clause)


def parts_not_whole(parts: Sequence[Part], world: World, clause: str) -> Refusal | None:
    """Refuse parts that do not sum to the whole, repeat a payee, or name someone who never was in the organisation."""
    for part in parts:
        if part.rep not in world.organisation.reps:
            return Refusal(code=Code.UNKNOWN_REP, clause=clause, rival=part.rep)
    payees = {part.rep for part in parts}
    whole = sum(part.bps for part in parts) == WHOLE and all(part.bps > 0 for part in parts)
    if not whole or len(payees) != len(parts):
        told = ", ".join(f"{part.rep} {part.bps}" for part in parts)
        return Refusal(code=Code.PARTS_NOT_WHOLE, clause=clause, detail=f"Given: {told or 'none'}.")
    return None


def not_open(stream: DealStream) -> Refusal | None:
    if stream.deal.opening is None:
        return Refusal(code=Code.UNKNOWN_DEAL, clause="deal")
    if stream.deal.lost:
        return Refusal(code=Code.DEAL_CLOSED, clause="deal")
    return None


def plan_of(stream: DealStream, world: World) -> PolicyVersion:
    """The version that binds the deal: the contract's once signed, until then the one it was opened under."""
    assert stream.deal.opening is not None, "an open deal has an opening"
    return world.policies[stream.contract.signing.policy if stream.contract.signing else stream.deal.opening.policy]
