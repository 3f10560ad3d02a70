"""Who earned which stage role of a deal: the credit for a step, and what became of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from pydantic import AwareDatetime

from domain.fact import Artefact, Id, OfDeal, Part, Text
from domain.money import WHOLE


class RoleEarned(OfDeal):
    kind: Literal["role-earned.v1"] = "role-earned.v1"
    role: Id
    rep: Id
    artefact: Artefact
    clause: str


class RoleTransferred(OfDeal):
    """From `effective_from` on, the role belongs to the parts; by authority or by a ruling."""

    kind: Literal["role-transferred.v1"] = "role-transferred.v1"
    role: Id
    parts: tuple[Part, ...]
    effective_from: AwareDatetime
    by: Id
    ground: Text


class RoleRevoked(OfDeal):
    kind: Literal["role-revoked.v1"] = "role-revoked.v1"
    role: Id
    effective_from: AwareDatetime
    by: Id
    ground: Text


class RoleExpired(OfDeal):
    """The protection that held the role ran out before the contract was signed."""

    kind: Literal["role-expired.v1"] = "role-expired.v1"
    role: Id
    rep: Id
    artefact: Artefact
    clause: str


RoleFact = RoleEarned | RoleTransferred | RoleRevoked | RoleExpired


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who holds a role from `since` on, until a later tenure begins. No parts: nobody. `position` is the event's."""

    since: datetime
    parts: tuple[Part, ...]
    position: int
    ground: str


@dataclass(frozen=True, slots=True)
class Roles:
    """Every role's tenures, in the order in which they take effect; what is recorded later counts from its time on."""

    tenures: dict[str, tuple[Tenure, ...]] = field(default_factory=dict)

    def tenure(self, role: str, at: datetime) -> Tenure | None:
        """Who holds the role at that time, as far as is known; None when nobody ever did by then."""
        return next((t for t in reversed(self.tenures.get(role, ())) if t.since <= at), None)

    def is_held(self, role: str, at: datetime) -> bool:
        """Whether anybody holds the role at that time, or is to hold it later."""
        return any(t.parts for t in self.tenures.get(role, ()) if t.since > at) or bool(self.holders(role, at))

    def holders(self, role: str, at: datetime) -> tuple[Part, ...]:
        tenure = self.tenure(role, at)
        return tenure.parts if tenure else ()


def evolve(roles: Roles, fact: RoleFact, position: int = 0) -> Roles:
    match fact:
        case RoleEarned():
            whole = (Part(rep=fact.rep, bps=WHOLE),)
            ground = f"earned by {fact.artefact.kind} {fact.artefact.ref}"
            return entered(roles, fact.role, Tenure(fact.at, whole, position, ground))
        case RoleTransferred():
            return entered(roles, fact.role, Tenure(fact.effective_from, fact.parts, position, fact.ground))
        case RoleRevoked():
            return entered(roles, fact.role, Tenure(fact.effective_from, (), position, fact.ground))
        case RoleExpired():
            return entered(roles, fact.role, Tenure(fact.at, (), position, f"expired ({fact.clause})"))
    assert_never(fact)


def entered(roles: Roles, role: str, tenure: Tenure) -> Roles:
    earlier = tuple(t for t in roles.tenures.get(role, ()) if t.since < tenure.since)
    return replace(roles, tenures={**roles.tenures, role: (*earlier, tenure)})
