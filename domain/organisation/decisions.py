"""How the organisation changes: units in a tree without cycles, people who join, move and leave, quotas of their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, assert_never

from pydantic import Field

from domain.authority import not_working, reserved
from domain.fact import MOST, CommandOnOrganisation, Id, Sight, Text
from domain.lapse import holding_lapsed
from domain.organisation.facts import (
    Duty,
    Organisation,
    OrganisationFact,
    QuotaSet,
    RepJoined,
    RepLeft,
    RepTransferred,
    UnitCreated,
    UnitMoved,
)
from domain.personal import Personal
from domain.pool.facts import PoolFact
from domain.refusals import Code, Refusal
from domain.standing import erased
from domain.world import World

Answer = Sequence[OrganisationFact | PoolFact] | Refusal
Quota = Annotated[int, Field(ge=0, le=MOST)]


class CreateUnit(CommandOnOrganisation):
    """Set up a unit, at the top or below another."""

    name: Literal["create-unit"] = "create-unit"
    unit: Id
    parent: Id | None = None
    region: Id | None = None
    brand: Id | None = None
    title: Text


class MoveUnit(CommandOnOrganisation):
    """Hang a unit, with all below it, under another parent."""

    name: Literal["move-unit"] = "move-unit"
    unit: Id
    parent: Id


class JoinRep(CommandOnOrganisation):
    """Take someone into a unit. Who left may join again."""

    name: Literal["join-rep"] = "join-rep"
    rep: Id
    rep_name: Personal | None = None
    unit: Id
    duty: Duty = "rep"

    @property
    def subject(self) -> str:
        return f"rep/{self.rep}"


class TransferRep(CommandOnOrganisation):
    """Move someone to another unit or duty. What they earned stays theirs."""

    name: Literal["transfer-rep"] = "transfer-rep"
    rep: Id
    unit: Id
    duty: Duty = "rep"


class LeaveRep(CommandOnOrganisation):
    """Let someone go. Their customers drop into the public pool at that instant."""

    name: Literal["leave-rep"] = "leave-rep"
    rep: Id
    ground: Text

    def sees(self, world: World) -> Sight:
        return Sight(streams=(self.stream, *world.held_by(self.rep)), holdings=(self.rep,))


class SetQuota(CommandOnOrganisation):
    """Give a rep a quota of their own; what is left out stays the policy's."""

    name: Literal["set-quota"] = "set-quota"
    rep: Id
    held: Quota | None = None
    close: Quota | None = None
    claims_a_day: Quota | None = None


OrganisationCommand = CreateUnit | MoveUnit | JoinRep | TransferRep | LeaveRep | SetQuota


def decide(command: OrganisationCommand, world: World) -> Answer:
    match command:
        case CreateUnit():
            return create_unit(command, world)
        case MoveUnit():
            return move_unit(command, world)
        case JoinRep():
            return join(command, world)
        case TransferRep():
            return transfer(command, world)
        case LeaveRep():
            return leave(command, world)
        case SetQuota():
            return set_quota(command, world)
    assert_never(command)


def create_unit(command: CreateUnit, world: World) -> Answer:
    """Create a unit. Refuses with `id-taken` or `unknown-unit`."""
    if command.unit in world.organisation.units:
        return Refusal(code=Code.ID_TAKEN, clause="organisation/unit", rival=command.unit)
    if command.parent and command.parent not in world.organisation.units:
        return Refusal(code=Code.UNKNOWN_UNIT, clause="organisation/unit", rival=command.parent)
    return [
        UnitCreated(
            at=command.at,
            unit=command.unit,
            parent=command.parent,
            region=command.region,
            brand=command.brand,
            title=command.title,
        )
    ]


def move_unit(command: MoveUnit, world: World) -> Answer:
    """Move a unit. Refuses with `unknown-unit` or `cycle`."""
    organisation = world.organisation
    for unit in (command.unit, command.parent):
        if unit not in organisation.units:
            return Refusal(code=Code.UNKNOWN_UNIT, clause="organisation/unit", rival=unit)
    if makes_a_cycle(command, organisation):
        return Refusal(code=Code.CYCLE, clause="organisation/tree", rival=command.parent)
    return [UnitMoved(at=command.at, unit=command.unit, parent=command.parent)]


def join(command: JoinRep, world: World) -> Answer:
    """Join. Refuses with `already-joined`, `overtaken`, `subject-erased` (a name given again) or `unknown-unit`."""
    known = world.organisation.reps.get(command.rep)
    if known and (post := known.posts[-1]).unit:
        return Refusal(code=Code.ALREADY_JOINED, clause="organisation/join", rival=post.unit, rival_at=post.since)
    if overtaken := already_later(command.rep, command.at, world):
        return overtaken
    if known and command.rep_name and (gone := erased(command.subject, known.personal)):
        return gone
    if command.unit not in world.organisation.units:
        return Refusal(code=Code.UNKNOWN_UNIT, clause="organisation/join", rival=command.unit)
    return [RepJoined(at=command.at, rep=command.rep, rep_name=command.rep_name, unit=command.unit, duty=command.duty)]


def transfer(command: TransferRep, world: World) -> Answer:
    """Transfer. Refuses with `unknown-rep`, `rep-left`, `overtaken` or `unknown-unit`."""
    if absent := not_working(world, command.rep, command.at, "organisation/transfer"):
        return absent
    if overtaken := already_later(command.rep, command.at, world):
        return overtaken
    if command.unit not in world.organisation.units:
        return Refusal(code=Code.UNKNOWN_UNIT, clause="organisation/transfer", rival=command.unit)
    return [RepTransferred(at=command.at, rep=command.rep, unit=command.unit, duty=command.duty)]


def leave(command: LeaveRep, world: World) -> Answer:
    """Leave, and let go of all customers at once, so that nobody who comes back finds them.

    Refuses with `unknown-rep`, `rep-left` or `overtaken`.
    """
    if absent := not_working(world, command.rep, command.at, "organisation/leave"):
        return absent
    if overtaken := already_later(command.rep, command.at, world):
        return overtaken
    left = RepLeft(at=command.at, rep=command.rep, ground=command.ground)
    later = world.after([left])
    later.now = max(world.now, command.at)
    held = [name.partition("/")[2] for name in world.held_by(command.rep)]
    return [left, *(fact for customer in held for fact in holding_lapsed(customer, later.customer(customer), later))]


def set_quota(command: SetQuota, world: World) -> Answer:
    """Set a quota. Refuses with `unknown-rep` or `rep-left`, `not-allowed`, `no-policy` or `newcomer-quota-zero`."""
    if absent := not_working(world, command.rep, command.at, "quota"):
        return absent
    if refusal := reserved(world, command.actor, command.at, "manager", clause="quota"):
        return refusal
    policy = world.policy(command.at, command.rep)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    newcomer = command.at < world.organisation.reps[command.rep].joined + policy.pool.quota.newcomer.lasts
    if newcomer and 0 in (command.held, command.close, command.claims_a_day):
        return Refusal(code=Code.NEWCOMER_QUOTA_ZERO, clause=policy.clause("quota/newcomer"), rival=command.rep)
    return [
        QuotaSet(
            at=command.at,
            rep=command.rep,
            held=command.held,
            close=command.close,
            claims_a_day=command.claims_a_day,
            by=command.actor,
        )
    ]


def makes_a_cycle(command: MoveUnit, organisation: Organisation) -> bool:
    """Whether the unit would stand above itself, at the move or at any later one that is known already."""
    later = [since for unit in organisation.units.values() for since, _ in unit.parents if since > command.at]
    return any(stands_above(command, organisation, at) for at in (command.at, *later))


def stands_above(command: MoveUnit, organisation: Organisation, at: datetime) -> bool:
    return command.unit in {unit.unit for unit in organisation.line(command.parent, at)}


def already_later(rep: str, at: datetime, world: World) -> Refusal | None:
    """Refuse to put a person's move before one that is recorded: nobody's history is rewritten, it is continued."""
    known = world.organisation.reps.get(rep)
    if known is None or known.posts[-1].since <= at:
        return None
    return Refusal(code=Code.OVERTAKEN, clause="organisation/history", rival=rep, rival_at=known.posts[-1].since)
