"""Long streams: read in constant memory, and ended well when the service is told to stop."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.wiring import Books
from tests.services.api.conftest import PATIENCE_S, at
from tests.services.api.test_processes import Process, books, process, token

__all__ = ["books"]

LINES = 60_000
PAGE = 500
GROWTH_KB = 60_000
"""What a service may grow by while it reads lines of fifteen megabytes in all, whose answers are as many."""


def memory_kb(here: Process) -> int:
    status = Path(f"/proc/{here.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def head(here: Process, who: str) -> bytes:
    told = f"POST /v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {who}\r\n"
    return f"{told}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n".encode()


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


async def answers(reader: asyncio.StreamReader) -> bytes:
    """The next part of the answer; nothing at its end."""
    size = int(await reader.readuntil(b"\r\n"), 16)
    return (await reader.readexactly(size + 2))[:size]


def bad_lines() -> Iterator[bytes]:
    for page in range(LINES // PAGE):
        numbers = range(page * PAGE, (page + 1) * PAGE)
        yield b"".join(b'{"id": "n-%d", "name": "drop-table", "text": "%b"}\n' % (n, b"x" * 200) for n in numbers)


@pytest.mark.timeout(240)
def test_a_long_stream_of_bad_lines_is_answered_in_constant_memory(books: Books) -> None:
    async def talk(here: Process) -> tuple[int, int]:
        where = urlsplit(here.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**20)
        writer.write(head(here, token(books, "li")))

        async def send() -> None:
            for body in bad_lines():
                writer.write(chunk(body))
                await writer.drain()
            writer.write(b"0\r\n\r\n")

        sending = asyncio.create_task(send())
        await reader.readuntil(b"\r\n\r\n")
        answered, most = 0, 0
        while part := await answers(reader):
            answered += part.count(b"\n")
            most = max(most, memory_kb(here))
        await sending
        writer.close()
        return answered, most

    with process(books, "--api-only") as here:
        before = memory_kb(here)
        answered, most = asyncio.run(talk(here))

    assert answered == LINES
    assert most - before < GROWTH_KB


def test_a_stream_is_answered_as_far_as_it_was_read_when_the_service_stops(books: Books) -> None:
    def line(number: int) -> bytes:
        told = {
            "id": f"s-{number}",
            "name": "register-customer",
            "at": at(days=5),
            "customer": f"S-{number}",
            "by": "li",
        }
        return json.dumps({**told, "customer_name": f"Streamed {number}"}).encode() + b"\n"

    async def talk(here: Process) -> list[dict[str, Any]]:
        where = urlsplit(here.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**20)
        writer.write(head(here, token(books, "li")) + chunk(b"".join(line(n) for n in range(100))))
        await reader.readuntil(b"\r\n\r\n")
        found = (await answers(reader)).splitlines()
        here.process.send_signal(signal.SIGTERM)
        while part := await answers(reader):
            found += part.splitlines()
        writer.close()
        return [json.loads(each) for each in found]

    with process(books, "--api-only") as here:
        told = asyncio.run(asyncio.wait_for(talk(here), PATIENCE_S))
        code = here.process.wait(PATIENCE_S)

    assert code == 0
    assert [each["id"] for each in told] == [f"s-{n}" for n in range(100)]
    recorded = {each.command_id for each in books.ledger.read_all(limit=1_000)}
    assert {each["id"] for each in told} <= recorded
