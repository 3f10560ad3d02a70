"""A command as it was asked: with its id, and the keyed hash by which a repetition is told from another command."""

import hmac
from dataclasses import dataclass

from domain.commands import AnyCommand


@dataclass(slots=True)
class Asked:
    """`body` is the command's canonical JSON when it holds nothing personal, else None.

    `asker` is who asks, where that is proven, and must then be permitted to. `trace` is the trace context of the request:
    the causation of what is recorded where the command names none. Neither is part of the command.
    """

    command: AnyCommand
    command_id: str
    digest: bytes
    body: str | None
    asker: str | None = None
    trace: str | None = None


def asked(
    command: AnyCommand, command_id: str, key: bytes, asker: str | None = None, trace: str | None = None
) -> Asked:
    """Hash a command for its receipt: equal for equal bodies, though what is stored of them is sealed at random."""
    opened: list[str] = []

    def note(clear: str) -> str:
        opened.append(clear)
        return clear

    body = command.model_dump_json(context={"seal": note})
    digest = hmac.digest(key, body.encode(), "sha256")
    return Asked(command, command_id, digest, None if opened else body, asker, trace)
