"""Many commands in one stream: a line of JSON each, answered line by line, in order, in constant memory.

What is read ahead is bounded, so whoever does not read the answers is not listened to either.
"""

import asyncio
from asyncio import Queue
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import from_json, to_json

from domain.commands import COMMANDS, AnyCommand
from domain.refusals import Code, Refusal
from services.api import problems
from services.api.call import JSON, Call
from services.api.commands import Commands, as_asked, read
from services.api.gate import problem_of
from services.api.identity import OF_THE_CLOCK
from services.api.problems import Problem
from services.ledger.answer import Answer
from services.ledger.application import is_command_id

NDJSON: Final = b"application/x-ndjson"
LONGEST_LINE: Final = 1_000_000
MOST_LINES: Final = 256
PAGES_AHEAD: Final = 2
MOST_STREAMS: Final = 16
SILENT_FOR_S: Final = 60.0


@dataclass(slots=True)
class Line:
    """A line of the stream: its command, or the problem with it."""

    number: int
    command_id: str | None = None
    command: AnyCommand | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class Bulk:
    """What answers `POST /v1/commands`. `stopping` is set when the service is told to end: what was read is answered."""

    commands: Commands
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    streams: int = 0

    async def answer(self, call: Call) -> None:
        """Answer a stream. Raises `Problem` before the first line, never after."""
        asker = await self.commands.gate.prove(call)
        if not call.is_of_type(NDJSON, JSON):
            raise Problem("body-of-another-type", "Commands are application/x-ndjson, one a line.")
        if self.streams >= MOST_STREAMS:
            raise Problem("overloaded", "So many streams are not read at once.", again_in_s=1)
        self.streams += 1
        call.status = 200
        headers = [(b"content-type", NDJSON), (b"x-request-id", call.request_id.encode())]
        await call.send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            await self._stream(call, asker)
        finally:
            self.streams -= 1

    async def _stream(self, call: Call, asker: str) -> None:
        begun: Queue[tuple[list[Line], asyncio.Task[list[Answer]]] | None] = Queue(PAGES_AHEAD)
        writing = asyncio.create_task(self._write(call, begun))
        try:
            async for page in self._pages(call, asker):
                judging = asyncio.create_task(self._judge(page, call))
                await put(begun, (page, judging), writing)
                if writing.done():
                    break
        finally:
            await put(begun, None, writing)
            await writing
        await call.send({"type": "http.response.body", "body": b""})

    async def _judge(self, page: Sequence[Line], call: Call) -> list[Answer]:
        asked = [(line.command_id, line.command) for line in page if line.command and line.command_id]
        return await self.commands.ledger.submit_many(asked, asker=call.asker, trace=call.trace) if asked else []

    async def _write(self, call: Call, begun: "Queue[tuple[list[Line], asyncio.Task[list[Answer]]] | None]") -> None:
        while (next_page := await begun.get()) is not None:
            page, judging = next_page
            try:
                answers = iter(await judging)
                told = [await self._told(line, next(answers) if line.command else None, call) for line in page]
            except Exception as error:  # noqa: BLE001 (told to the caller, line by line)
                failed = problem_of(error)
                told = [document(line, line.problem or failed) for line in page]
            body = b"".join(to_json(each, exclude_none=True) + b"\n" for each in told)
            await call.send({"type": "http.response.body", "body": body, "more_body": True})

    async def _told(self, line: Line, given: Answer | None, call: Call) -> dict[str, Any]:
        if given is None or line.command is None:
            return document(line, line.problem)
        positions = [given.positions[0], given.positions[-1]] if given.positions else None
        problem = None
        if given.refusal:
            refusal = await self.commands.told(given, line.command, call.asker)
            problem = problems.of(refusal)
            positions = positions if refusal is given.refusal else None
        call.position = given.last or self.commands.ledger.known_position
        return {
            **document(line, problem),
            "positions": positions,
            "repeated": given.repeated,
            "true_up_to": call.position,
        }

    async def _pages(self, call: Call, asker: str) -> AsyncIterator[list[Line]]:
        number = 0
        async for texts in self._texts(call):
            page = []
            for text in texts:
                number += 1
                if text is None or text.strip():
                    page.append(line_of(number, text, asker))
                if len(page) == MOST_LINES:
                    yield page
                    page = []
            if page:
                yield page

    async def _texts(self, call: Call) -> AsyncIterator[list[bytes | None]]:
        """The lines of the body as they arrive; None for one that is too long."""
        rest, skipping, more = b"", False, True
        while more:
            chunk, more = await self._chunk(call)
            *whole, rest = (rest + chunk).split(b"\n")
            texts: list[bytes | None] = list(whole)
            if skipping and texts:
                texts[0], skipping = None, False
            if len(rest) > LONGEST_LINE or skipping:
                rest, skipping = b"", True
            if not more and (rest or skipping):
                texts.append(None if skipping else rest)
            yield [None if text is not None and len(text) > LONGEST_LINE else text for text in texts]

    async def _chunk(self, call: Call) -> tuple[bytes, bool]:
        """What has arrived, and whether more may; nothing more when the caller has gone, is silent, or the service ends."""
        receiving = asyncio.ensure_future(call.receive())
        stopped = asyncio.create_task(self.stopping.wait())
        await asyncio.wait({receiving, stopped}, timeout=SILENT_FOR_S, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not receiving.done():
            receiving.cancel()
            return b"", False
        message = receiving.result()
        return bytes(message.get("body", b"")), bool(message.get("more_body"))


async def put(queue: "Queue[Any]", thing: object, reading: "asyncio.Task[None]") -> None:
    """Put something into the queue, unless whoever reads it has ended."""
    putting = asyncio.create_task(queue.put(thing))
    await asyncio.wait({putting, reading}, return_when=asyncio.FIRST_COMPLETED)
    if not putting.done():
        putting.cancel()
        with suppress(asyncio.CancelledError):
            await putting


def document(line: Line, problem: Problem | None) -> dict[str, Any]:
    """A line's answer: with the problem, if there is one."""
    told = {"line": line.number, "id": line.command_id}
    return {**told, "problem": problem.document()} if problem else told


def line_of(number: int, text: bytes | None, asker: str) -> Line:
    """Read a line: an object with the command's `id`, its `name`, and its fields."""
    if text is None:
        return Line(number, problem=Problem("body-too-large", f"A line has at most {LONGEST_LINE:,} bytes."))
    try:
        body = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        return Line(number, problem=Problem("body-not-json", str(error)))
    identity = body.pop("id", None) if isinstance(body, dict) else None
    if not isinstance(identity, str) or not is_command_id(identity) or identity.startswith(OF_THE_CLOCK):
        told = 'A line is an object with an "id" of 1 to 200 letters, digits, or any of . : @ / # _ -'
        return Line(number, problem=Problem("request-malformed", told))
    name = body.get("name")
    if not isinstance(name, str) or name not in COMMANDS:
        known = f"Known: {', '.join(COMMANDS)}."
        refusal = Refusal(code=Code.UNKNOWN_COMMAND, clause="ledger/commands", detail=known)
        return Line(number, identity, problem=problems.of(refusal))
    command = as_asked(read(name, to_json(body)), asker)
    if isinstance(command, Refusal):
        return Line(number, identity, problem=problems.of(command))
    return Line(number, identity, command)
