"""Bad input that is long: what is read of it is bounded, memory stays as it is, and what is good in it is recorded."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services.api.conftest import Served
from tests.services.api.test_bulk import line
from tests.services.api.test_processes import Process, process

LINES = 1_000_000 if os.environ.get("LEDGER_SOAK_S") else 40_000
GOOD = 400
MEGABYTE = 1_000_000
MAY_GROW = 48 * MEGABYTE
"""Bytes by which the service may grow while it reads: some for what it keeps, far less than what was sent."""

BAD = (
    b"{broken",
    b'"a text"',
    b'{"id": "no-name"}',
    b'{"id": "x", "name": "drop-table"}',
    b'{"id": "\'; drop table event; --", "name": "claim-customer"}',
    b'{"id": "x", "name": "claim-customer", "at": NaN}',
    b'{"id": "x", "name": "claim-customer", "at": 1' + b"0" * 400 + b"}",
    b'{"id": "x", "name": "claim-customer", "customer": "\\ud800"}',
    b'{"id": "x", "name": "claim-customer", "customer": "\xed\xa0\x80"}',
    b'{"id": "x", "name": "claim-customer", "at": "2024-08-01T09:00:00", "customer": "C-free", "rep": "li"}',
    b"[" * 1_000,
)


class Stream:
    """A stream of commands over a socket, and the answers as they come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *lines: bytes) -> None:
        body = b"".join(lines)
        self.writer.write(b"%x\r\n%b\r\n" % (len(body), body))
        await self.writer.drain()

    async def answers(self) -> AsyncIterator[bytes]:
        """The answered lines, until the stream ends."""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            for each in (await self.reader.readexactly(size + 2)).splitlines():
                if each:
                    yield each


@asynccontextmanager
async def stream(url: str, token: str, path: str = "/v1/commands", kind: str = "x-ndjson") -> AsyncIterator[Stream]:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**20)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/{kind}\r\n"
    writer.write(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
    try:
        yield Stream(reader, writer)
    finally:
        writer.transport.abort()


def resident(here: Process) -> int:
    """Bytes that the process has in memory."""
    status = Path(f"/proc/{here.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.fixture(scope="module")
def alone(house: Served) -> Iterator[Process]:
    """A service in a process of its own, so that its memory can be looked at."""
    with process(house.books, "--api-only") as started:
        yield started


def lines() -> Iterator[bytes]:
    """Bad lines of every kind, and a good one now and then."""
    for number in range(LINES):
        good = number % (LINES // GOOD) == 0
        yield line(50_000 + number // (LINES // GOOD)) if good else BAD[number % len(BAD)] + b"\n"


async def exchanged(here: Process, token: str, sent: Iterator[bytes], told: Callable[[bytes], None]) -> tuple[int, int]:
    """Send lines, take every answer, and give what the process held after a tenth of the answers, and at the end."""
    held: list[int] = []

    async def take(talk: Stream) -> None:
        await talk.reader.readuntil(b"\r\n\r\n")
        number = 0
        async for each in talk.answers():
            number += 1
            told(each)
            if number == LINES // 10:
                held.append(resident(here))
        held.append(resident(here))

    async with stream(here.url, token) as talk:
        taking = asyncio.create_task(take(talk))
        page: list[bytes] = []
        for each in sent:
            page.append(each)
            if len(page) == 500:
                await talk.send(*page)
                page = []
        if page:
            await talk.send(*page)
        talk.writer.write(b"0\r\n\r\n")
        await taking
    return held[0], held[-1]


@pytest.mark.timeout(1_200)
def test_very_many_lines_most_of_them_bad_are_answered_in_order_and_in_the_same_memory(
    house: Served, alone: Process
) -> None:
    before, numbers, codes, recorded = house.books.ledger.head().position, [0], set(), []

    def told(each: bytes) -> None:
        answer: dict[str, Any] = json.loads(each)
        assert answer["line"] == numbers[-1] + 1
        numbers[-1] = answer["line"]
        if "problem" in answer:
            codes.add(answer["problem"]["code"])
        else:
            recorded.append(answer["positions"])

    early, late = asyncio.run(exchanged(alone, house.token("li"), lines(), told))

    assert numbers == [LINES]
    assert codes == {"body-not-json", "request-malformed", "unknown-command", "malformed"}
    assert len(recorded) == GOOD
    assert house.books.ledger.head().position == before + GOOD
    assert late - early < MAY_GROW


def test_a_line_of_a_hundred_megabytes_is_refused_in_the_same_memory_and_the_next_one_taken(
    house: Served, alone: Process
) -> None:
    async def talk() -> tuple[list[dict[str, Any]], int, int]:
        async with stream(alone.url, house.token("li")) as open_stream:
            before = resident(alone)
            for _ in range(100):
                await open_stream.send(b"x" * MEGABYTE)
            after = resident(alone)
            await open_stream.send(b"\n", line(49_999))
            open_stream.writer.write(b"0\r\n\r\n")
            await open_stream.reader.readuntil(b"\r\n\r\n")
            return [json.loads(each) async for each in open_stream.answers()], before, after

    answers, before, after = asyncio.run(talk())

    assert [each.get("problem", {}).get("code") for each in answers] == ["body-too-large", None]
    assert answers[1]["positions"]
    assert after - before < MAY_GROW


def test_a_body_without_end_is_refused_when_it_is_too_large(house: Served, alone: Process) -> None:
    async def talk() -> tuple[bytes, int]:
        async with stream(alone.url, house.token("li"), "/v1/commands/claim-customer", "json") as endless:
            answered = asyncio.create_task(endless.reader.readuntil(b"\r\n\r\n"))
            sent = 0
            while not answered.done() and sent < 100:
                await endless.send(b" " * MEGABYTE)
                sent += 1
                await asyncio.wait({answered}, timeout=0)
            head = await answered
            return head + await endless.reader.read(4_000), sent

    answer, sent = asyncio.run(asyncio.wait_for(talk(), 60))

    head, _, told = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(told)["code"] == "body-too-large"
    assert sent < 100, "a hundred megabytes were read"
