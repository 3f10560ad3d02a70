"""What a story leaves to chance and to the day: who was drawn, which head was signed, which difference was shown.

A story cannot name the members of a panel, because the draw hangs on a head that is signed while it is told. It says
`seat:1` to `seat:5` for whoever sits there; leaves out the `head` of `seat-panel`; and says `confirms: as-refused` to confirm
the difference with which the last execution was refused.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from domain.case.commands import CastVote, ExecuteDecision, RecuseMember, SeatPanel
from domain.case.course import Case
from domain.case.facts import Head
from domain.commands import AnyCommand
from domain.fact import CommandOnCase
from services.evidence.checkpoint import SealKey
from services.evidence.sealer import Sealer, first_head_beyond

UNSAID: Final = "0" * 64
"""Stands in a command for a hash that is known only when the story is told."""

SHA256: Final = re.compile(r"[0-9a-f]{64}")
SEAT: Final = re.compile(r"seat:([1-9]\d?)")


def left_open(do: str, body: dict[str, Any]) -> dict[str, Any]:
    """A command's fields with something in the place of what only the telling gives; an artefact may have any name."""
    if do == "seat-panel" and "head" not in body:
        return body | {"head": {"size": 1, "root": UNSAID, "signed_by": "the story"}}
    if do == "execute-decision" and body.get("confirms") == "as-refused":
        return body | {"confirms": UNSAID}
    artefact = body.get("sha256")
    if do == "submit-evidence" and isinstance(artefact, str) and not SHA256.fullmatch(artefact):
        return body | {"sha256": hashlib.sha256(artefact.encode()).hexdigest()}
    return body


@dataclass(slots=True)
class Courtroom:
    """Signs heads of the story's ledger, and puts names and hashes where the story left them open."""

    connect: Callable[[], Connection[Any]]
    key: SealKey = field(default_factory=lambda: SealKey("scenario", Ed25519PrivateKey.generate()))
    refused_with: str | None = None

    def completed(self, command: AnyCommand, case: Callable[[str], Case]) -> AnyCommand:
        """The command as it is given. `case` tells how a case stands."""
        match command:
            case SeatPanel() if command.head.root == UNSAID:
                opened = case(command.case).hearing
                return command.model_copy(update={"head": self.head_with(opened.position if opened else 0)})
            case ExecuteDecision() if command.confirms == UNSAID:
                return command.model_copy(update={"confirms": self.refused_with})
            case CastVote() | RecuseMember():
                member = seated(command.member, case(command.case))
                return command.model_copy(update={"member": member, "actor": seated(command.actor, case(command.case))})
            case CommandOnCase() if SEAT.fullmatch(command.actor):
                return command.model_copy(update={"actor": seated(command.actor, case(command.case))})
            case _:
                return command

    def head_with(self, position: int) -> Head:
        """The first signed head with the event of that position in it, signed now if there is none."""
        Sealer(self.connect, self.key, ()).seal()
        with self.connect() as connection:
            found = first_head_beyond(connection, self.key.public, position - 1)
        assert found is not None, "a head has just been signed"
        return Head(size=found.size, root=found.head.root.hex(), signed_by=str(self.key.public))


def seated(name: str, case: Case) -> str:
    """Who sits on the seat that is named by its number; any other name stays as it is."""
    found = SEAT.fullmatch(name)
    members = case.hearing.members if case.hearing else ()
    return members[int(found[1]) - 1] if found and int(found[1]) <= len(members) else name
