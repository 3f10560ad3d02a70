"""How a stage role is earned, moved and lost: by the artefact that the plan names, and after the signing only by a ruling."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, assert_never

from domain.authority import has_duty, not_working, reserved
from domain.credit import VERIFIED_VISIT, first_protected_visit, is_proven
from domain.fact import SYSTEM, Artefact, CommandOnDeal, Id, Instant, Part, Sight, Text
from domain.mentorship.facts import SharingAgreed
from domain.parts import parts_not_whole
from domain.policy.terms import PolicyVersion
from domain.refusals import Code, Refusal
from domain.role.facts import RoleEarned, RoleFact, RoleRevoked, RoleTransferred
from domain.sharing import bound_since_signing
from domain.standing import customer_of, deal_and_customer, not_open, plan_of
from domain.streams import DealStream
from domain.world import World

Answer = Sequence[RoleFact | SharingAgreed] | Refusal


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
    effective_from: Instant
    ground: Text


class RevokeRole(CommandOnDeal):
    """Take a role from whoever holds it, from a time on."""

    name: Literal["revoke-role"] = "revoke-role"
    role: Id
    effective_from: Instant
    ground: Text


RoleCommand = EarnRole | TransferRole | RevokeRole


def decide(command: RoleCommand, world: World) -> Answer:
    match command:
        case EarnRole():
            return earn(command, world)
        case TransferRole():
            return transfer(command, world)
        case RevokeRole():
            return revoke(command, world)
    assert_never(command)


def earn(command: EarnRole, world: World) -> Answer:
    """Earn a role.

    Refuses with `unknown-deal` or `deal-closed`, `unknown-rep` or `rep-left`, `role-not-in-plan`, `role-pinned`,
    `artefact-missing`, `role-held` or `first-visit-protected`, in this order.
    """
    stream = world.deal(command.deal)
    if closed := not_open(stream):
        return closed
    policy = plan_of(stream, world, command.at)
    if absent := not_working(world, command.rep, command.at, policy.clause("roles")):
        return absent
    role = policy.commission.role(command.role)
    clause = policy.clause(f"roles/{command.role}")
    if role is None:
        return Refusal(code=Code.ROLE_NOT_IN_PLAN, clause=clause)
    if role.held == "pinned" and stream.contract.is_signed:
        return Refusal(code=Code.ROLE_PINNED, clause=clause, rival_position=stream.contract.position or None)
    if command.artefact.kind != role.earned_by or not is_proven(
        command.artefact, command.rep, stream, customer_of(stream, world)
    ):
        return Refusal(code=Code.ARTEFACT_MISSING, clause=clause, detail=f"It is earned by: {role.earned_by}.")
    if held := already_held(command.role, command.at, stream, clause):
        return held
    if protected := first_visit_protected(command, stream, policy, world):
        return protected
    earned = RoleEarned(
        at=command.at,
        deal=command.deal,
        role=command.role,
        rep=command.rep,
        artefact=command.artefact,
        clause=clause,
    )
    return [earned, *bound_since_signing((earned,), stream, world)]


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


def first_visit_protected(command: EarnRole, stream: DealStream, policy: PolicyVersion, world: World) -> Refusal | None:
    if command.artefact.kind != VERIFIED_VISIT:
        return None
    first = first_protected_visit(command.at, customer_of(stream, world), policy)
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
    policy = plan_of(stream, world, command.at)
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
    if role.held == "pinned" and command.effective_from > command.at:
        detail = "What the signing will pin moves at once; only the committee decides for later."
        return Refusal(code=Code.NOT_ALLOWED, clause=clause, rival=command.actor, detail=detail)
    return reserved(world, command.actor, command.at, "lead", "manager", clause=clause)
