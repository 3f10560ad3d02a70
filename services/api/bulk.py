"""Many commands in one stream: a line of JSON each, answered line by line, in order, in constant memory.

What is read ahead is bounded, so whoever does not read the answers is not listened to either.
"""

import asyncio
import re
from asyncio import Queue
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from domain.commands import COMMAND, COMMANDS, AnyCommand
from domain.refusals import Code, Refusal
from services.api import problems
from services.api.call import JSON, Call
from services.api.commands import Commands, as_asked, as_heard, read, spoken
from services.api.gate import problem_of
from services.api.identity import OF_THE_CLOCK, may_be_given
from services.api.problems import Problem
from services.ledger.answer import Answer

NDJSON: Final = b"application/x-ndjson"
LONGEST_LINE: Final = 1_000_000
MOST_LINES: Final = 256
PAGES_AHEAD: Final = 2
MOST_STREAMS: Final = 16
SILENT_FOR_S: Final = 60.0

ID_FIRST: Final = re.compile(rb'\s*\{\s*"id"\s*:\s*"([A-Za-z0-9_.:@/#-]{1,200})"\s*,')
"""How a line begins that names its id first."""


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
                answers = await judging
            except Exception as error:  # noqa: BLE001 (told to the caller, line by line)
                failed = problem_of(error)
                told = [document(line, line.problem or failed) for line in page]
            else:
                told = await self._told(page, answers, call)
            await call.send({"type": "http.response.body", "body": b"\n".join([*told, b""]), "more_body": True})

    async def _told(self, page: Sequence[Line], answers: Sequence[Answer], call: Call) -> list[bytes]:
        """The answers of a page's lines. One look tells for all of them what the asker may hear of the refusals."""
        known = self.commands.ledger.known_position
        hearing = await self._hearing(call.asker) if any(each.refusal for each in answers) else None
        given, told = iter(answers), []
        for line in page:
            if line.command is None or line.command_id is None:
                told.append(document(line, line.problem))
                continue
            answer = next(given)
            call.position = answer.last or known
            self.commands.gate.judged(line.command.name, answer.refusal.code if answer.refusal else "accepted")
            if hearing is None or answer.refusal is None:
                told.append(b'{"line":%d,%b' % (line.number, spoken(line.command_id, answer, call.position)[1:]))
            else:
                told.append(refused(line, answer, call.position, hearing(answer.refusal, line.command)))
        return told

    async def _hearing(self, asker: str) -> "Callable[[Refusal, AnyCommand], Refusal | Problem]":
        """Tells what of a refusal the asker may hear, or the problem with telling."""
        try:
            organisation = await self.commands.organisation()
        except Problem as problem:
            untold = problem
            return lambda _refusal, _command: untold
        return lambda refusal, command: as_heard(refusal, command, asker, organisation)

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


def document(line: Line, problem: Problem | None, **more: object) -> bytes:
    """A line's answer as JSON: with the problem, if there is one."""
    told = {"line": line.number, "id": line.command_id, **({"problem": problem.document()} if problem else {}), **more}
    return to_json(told, exclude_none=True)


def refused(line: Line, answer: Answer, position: int, heard: Refusal | Problem) -> bytes:
    """A refused line's answer, as far as it may be heard."""
    if isinstance(heard, Problem):
        return document(line, heard)
    recorded = answer.positions if heard is answer.refusal else None
    positions = (recorded[0], recorded[-1]) if recorded else None
    return document(line, problems.of(heard), positions=positions, repeated=answer.repeated, true_up_to=position)


def quickly(number: int, text: bytes, asker: str) -> Line | None:
    """A good line that names its id first, read in one go; None for one that must be looked at more closely."""
    found = ID_FIRST.match(text)
    if found is None or found[1].startswith(OF_THE_CLOCK.encode()):
        return None
    try:
        command = COMMAND.validate_json(b"{" + text[found.end() :], strict=True)
    except ValidationError:
        return None
    return Line(number, found[1].decode(), cast(AnyCommand, as_asked(command, asker)))


def line_of(number: int, text: bytes | None, asker: str) -> Line:
    """Read a line: an object with the command's `id`, its `name`, and its fields."""
    if text is None:
        return Line(number, problem=Problem("body-too-large", f"A line has at most {LONGEST_LINE:,} bytes."))
    if good := quickly(number, text, asker):
        return good
    try:
        body = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        return Line(number, problem=Problem("body-not-json", str(error)))
    identity = body.pop("id", None) if isinstance(body, dict) else None
    if not isinstance(identity, str) or not may_be_given(identity):
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
