"""Commands over HTTP: one route each, named as the language names them, answered when durable."""

from dataclasses import dataclass
from typing import Final, cast

import psycopg
from pydantic import ValidationError

from domain.commands import COMMANDS, AnyCommand, refused
from domain.fact import SYSTEM
from domain.organisation.facts import Organisation
from domain.permissions import as_told, asker_at
from domain.refusals import Refusal
from services.api import problems
from services.api.call import JSON, Call
from services.api.gate import AGAIN_IN_S, Gate
from services.api.identity import command_id_of
from services.api.looks import Looks
from services.api.problems import Problem
from services.ledger.answer import Answer
from services.ledger.application import Ledger

NOT_JSON: Final = "json_invalid"


@dataclass(frozen=True, slots=True)
class Commands:
    """What answers `POST /v1/commands/<name>`, for every command that there is."""

    ledger: Ledger
    gate: Gate
    looks: Looks

    async def answer(self, name: str, call: Call) -> None:
        """Judge the command in the body for whoever asks, and answer when it is recorded. Raises `Problem`."""
        asker = await self.gate.prove(call)
        if not call.is_of_type(JSON):
            raise Problem("body-of-another-type", "A command is application/json.")
        call.command_id = command_id = command_id_of(call.headers.get(b"idempotency-key"))
        command = as_asked(read(name, await call.body()), asker)
        if isinstance(command, Refusal):
            self.gate.judged(name, command.code)
            raise problems.of(command)
        given = await self.ledger.submit(command, command_id=command_id, asker=asker, trace=call.trace)
        self.gate.judged(name, given.refusal.code if given.refusal else "accepted")
        call.position = given.last or self.ledger.known_position
        if given.refusal:
            await self._refuse(call, command, given)
        else:
            await call.answer(200, spoken(command_id, given, call.position))

    async def _refuse(self, call: Call, command: AnyCommand, given: Answer) -> None:
        refusal = await self.told(given, command, call.asker)
        more: dict[str, object] = {
            "id": call.command_id,
            "true_up_to": call.position,
            "repeated": given.repeated or None,
        }
        if refusal is given.refusal and given.positions:
            more["positions"] = (given.positions[0], given.positions[-1])
        await call.refuse(problems.of(refusal), **more)

    async def told(self, given: Answer, command: AnyCommand, asker: str) -> Refusal:
        """The refusal as whoever asks may hear it. Raises `Problem` when that cannot be known now."""
        assert given.refusal, "only a refused command is told so"
        return as_heard(given.refusal, command, asker, await self.organisation())

    async def organisation(self) -> Organisation:
        """The organisation as it is now. Raises `Problem`: without it, nobody is told what a refusal holds."""
        try:
            return (await self.looks.look()).organisation
        except psycopg.OperationalError:
            raise Problem("outcome-unknown", again_in_s=AGAIN_IN_S) from None


def as_heard(refusal: Refusal, command: AnyCommand, asker: str, organisation: Organisation) -> Refusal:
    """The refusal as whoever asks may hear it, by the duty that they had at the time of the act."""
    known = asker_at(organisation, asker, command.at)
    return as_told(refusal, known, command.name) if known else refusal


def read(name: str, body: bytes) -> AnyCommand | Refusal:
    """The command of that name from its body. Raises `Problem` for what is not JSON."""
    model = COMMANDS[name]
    try:
        return cast(AnyCommand, model.model_validate_json(body, strict=True))  # type: ignore[attr-defined]
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == NOT_JSON:
            raise Problem("body-not-json", first["msg"]) from None
        return refused(error, tagged=False)


def as_asked(command: AnyCommand | Refusal, asker: str) -> AnyCommand | Refusal:
    """The command with who asks as its actor, where it names none itself."""
    if isinstance(command, Refusal) or asker == SYSTEM or "actor" in command.model_fields_set:
        return command
    return command.model_copy(update={"actor": asker})


def spoken(command_id: str, given: Answer, position: int) -> bytes:
    """An accepted command's answer as JSON. An id needs no escaping, by its pattern."""
    positions = f"[{given.positions[0]},{given.positions[-1]}]" if given.positions else "null"
    repeated = "true" if given.repeated else "false"
    return f'{{"id":"{command_id}","positions":{positions},"repeated":{repeated},"true_up_to":{position}}}'.encode()
