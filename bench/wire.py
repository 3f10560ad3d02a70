"""Callers over HTTP/1.1 with kept connections, as thin as Python has them, so that the server is measured and not they."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import cast

import uvloop

from bench.callers import Run

END_OF_HEADERS = b"\r\n\r\n"
LENGTH = b"content-length: "

NextRequest = Callable[[], bytes | None]
"""Gives the next request as it goes over the wire; None when there is none left."""


class Caller(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, and sends the next."""

    def __init__(
        self, following: NextRequest, latencies: list[float], done: "asyncio.Future[None]", status: bytes
    ) -> None:
        self.following = following
        self.latencies = latencies
        self.done = done
        self.status = status
        self.rest = b""
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def go_on(self) -> None:
        request = self.following()
        if request is None:
            self.done.set_result(None)
            return
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.rest += data
        head, found, body = self.rest.partition(END_OF_HEADERS)
        if not found:
            return
        length = int(head.partition(LENGTH)[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(self.status, len(b"HTTP/1.1 ")):
            self.done.set_exception(RuntimeError((head + b" " + body[:400]).decode()))
            return
        self.latencies.append(time.perf_counter() - self.began)
        self.rest = b""
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


def callers(port: int, requests: list[Iterator[bytes]], status: int = 200) -> Run:
    """Let a caller for each row of requests send them one after another, all callers at once."""
    latencies: list[float] = []

    async def run() -> float:
        loop = asyncio.get_running_loop()
        connected = []
        for row in requests:
            caller = Caller(lambda row=row: next(row, None), latencies, loop.create_future(), str(status).encode())  # type: ignore[misc]
            await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
            connected.append(caller)
        began = time.perf_counter()
        for caller in connected:
            caller.go_on()
        await asyncio.gather(*(caller.done for caller in connected))
        seconds = time.perf_counter() - began
        for caller in connected:
            caller.transport.abort()
        return seconds

    return Run(uvloop.run(run()), tuple(latencies))


def request(method: str, path: str, token: str, body: bytes = b"", *headers: str) -> bytes:
    """A request as it goes over the wire."""
    told = [f"{method} {path} HTTP/1.1", "host: bench", f"authorization: Bearer {token}", *headers]
    if method == "POST":
        told += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*told, "", ""]).encode() + body


def streamed(port: int, path: str, token: str, lines: Iterator[bytes]) -> tuple[float, int, int]:
    """Send lines as one chunked stream, reading the answers meanwhile. Gives seconds, answers, and those with a problem."""

    async def run() -> tuple[float, int, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        head = f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        writer.write(f"{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        began = time.perf_counter()
        sending = asyncio.create_task(send(writer, lines))
        await reader.readuntil(END_OF_HEADERS)
        answered = problems = 0
        while size := int(await reader.readuntil(b"\r\n"), 16):
            chunk = await reader.readexactly(size + 2)
            answered += chunk.count(b"\n") - 1
            problems += chunk.count(b'"problem"')
        await sending
        seconds = time.perf_counter() - began
        writer.close()
        return seconds, answered, problems

    async def send(writer: asyncio.StreamWriter, lines: Iterator[bytes]) -> None:
        chunk: list[bytes] = []
        for line in lines:
            chunk.append(line)
            if len(chunk) == 64:
                await put(writer, chunk)
                chunk = []
        await put(writer, chunk)
        writer.write(b"0\r\n\r\n")

    async def put(writer: asyncio.StreamWriter, chunk: list[bytes]) -> None:
        if chunk:
            body = b"".join(chunk)
            writer.write(b"%x\r\n%b\r\n" % (len(body), body))
            await writer.drain()

    return uvloop.run(run())
