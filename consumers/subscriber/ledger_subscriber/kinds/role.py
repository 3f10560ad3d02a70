"""Events of the story `role`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds.parts import Artefact, Part


class RoleEarned(Fact):
    kind: Literal["role-earned.v1"] = "role-earned.v1"
    deal: str
    role: str
    rep: str
    artefact: Artefact
    clause: str


class RoleTransferred(Fact):
    kind: Literal["role-transferred.v1"] = "role-transferred.v1"
    deal: str
    role: str
    parts: tuple[Part, ...]
    effective_from: AwareDatetime
    by: str
    ground: str


class RoleRevoked(Fact):
    kind: Literal["role-revoked.v1"] = "role-revoked.v1"
    deal: str
    role: str
    effective_from: AwareDatetime
    by: str
    ground: str


class RoleExpired(Fact):
    kind: Literal["role-expired.v1"] = "role-expired.v1"
    deal: str
    role: str
    rep: str
    artefact: Artefact
    clause: str
