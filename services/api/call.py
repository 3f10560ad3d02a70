"""One request as the service sees it: its headers, its body within bounds, and how it is answered."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from itertools import count
from os import urandom
from time import perf_counter
from typing import Any, Final, Protocol

from services.api.problems import PROBLEM_JSON, Headers, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON: Final = b"application/json"
LARGEST_BODY: Final = 1_000_000
"""Bytes of a body that is read whole."""
BODY_WITHIN_S: Final = 10.0

TRACE: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""A `traceparent` header of the W3C's trace context."""
GIVEN_ID: Final = re.compile(r"[\w.:@/#-]{1,100}", re.ASCII)

PREFIX: Final = urandom(6).hex()
NUMBERS: Final[Iterator[int]] = count(1)


class Exchange(Protocol):
    """The server's short way: a body that is here already, and an answer in one write."""

    def body(self) -> bytes | None: ...

    def answer(self, status: int, headers: bytes, body: bytes, *, last: bool = False) -> bool: ...


class Call:
    """A request. `asker` is who asks, once that is proven. `unique` is the request's own, whatever id came with it."""

    __slots__ = (
        "asker",
        "began",
        "command_id",
        "exchange",
        "headers",
        "position",
        "receive",
        "request_id",
        "scope",
        "send",
        "status",
        "unique",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.exchange: Exchange | None = scope.pop("exchange", None)
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.unique = f"{PREFIX}-{next(NUMBERS):x}"
        given = self.text(b"x-request-id") if b"x-request-id" in self.headers else None
        self.request_id = given if given and GIVEN_ID.fullmatch(given) else self.unique
        self.began = perf_counter()
        self.asker = ""
        self.status = 0
        self.command_id: str | None = None
        self.position: int | None = None

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def trace(self) -> str | None:
        """The trace context that came with the request, if it is one."""
        found = self.text(b"traceparent")
        return found if found and TRACE.fullmatch(found) else None

    def text(self, name: bytes) -> str | None:
        """A header as text; None where there is none, or none that is UTF-8."""
        found = self.headers.get(name)
        if found is None:
            return None
        try:
            return found.decode()
        except UnicodeDecodeError:
            return None

    def is_of_type(self, *kinds: bytes) -> bool:
        """Whether the body is said to be of one of these types; one without a type is taken for what it should be."""
        given = self.headers.get(b"content-type")
        return given is None or given.partition(b";")[0].strip().lower() in kinds

    async def body(self, largest: int = LARGEST_BODY) -> bytes:
        """The whole body. Raises `Problem` for one that is too large or too slow, and for a caller who has gone."""
        length = self.headers.get(b"content-length")
        if length is not None and int(length) > largest:
            raise Problem("body-too-large", f"At most {largest:,} bytes.")
        if self.exchange and (here := self.exchange.body()) is not None and len(here) <= largest:
            return here
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                message = await self.receive()
                if not message.get("more_body"):
                    return bytes(message.get("body", b""))
                found = bytearray(message["body"])
                while message.get("more_body"):
                    message = await self.receive()
                    found += message.get("body", b"")
                    if message["type"] == "http.disconnect":
                        raise Problem("request-malformed", "The body broke off.")
                    if len(found) > largest:
                        raise Problem("body-too-large", f"At most {largest:,} bytes.")
        except TimeoutError:
            raise Problem("body-too-slow", f"It must arrive within {BODY_WITHIN_S:g} seconds.") from None
        return bytes(found)

    async def answer(self, status: int, body: bytes, kind: bytes = JSON, headers: Headers = ()) -> None:
        """Send the whole answer, with the request's id and the position up to which it is true."""
        self.status = status
        if not headers and self.exchange and self.exchange.answer(status, self._headers(kind), body):
            return
        told: list[tuple[bytes, bytes]] = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", self.request_id.encode()),
            *headers,
        ]
        if self.position is not None:
            told.append((b"ledger-position", str(self.position).encode()))
        await self.send({"type": "http.response.start", "status": status, "headers": told})
        await self.send({"type": "http.response.body", "body": body})

    def _headers(self, kind: bytes) -> bytes:
        """The usual headers as they go over the wire. None holds what was given, but the request's id, which has its pattern."""
        position = "" if self.position is None else f"ledger-position: {self.position}\r\n"
        return f"content-type: {kind.decode()}\r\nx-request-id: {self.request_id}\r\n{position}".encode()

    async def refuse(self, problem: Problem, **more: object) -> None:
        """Send a problem. A body that was not read to its end ends the connection, so that it is not taken for a request."""
        body = problem.document(**more).model_dump_json(exclude_none=True).encode()
        if problem.status in (408, 413) and self.exchange:
            headers = b"connection: close\r\n" + self._headers(PROBLEM_JSON)
            if self.exchange.answer(problem.status, headers, body, last=True):
                self.status = problem.status
                return
        closing: Headers = ((b"connection", b"close"),) if problem.status in (408, 413) else ()
        await self.answer(problem.status, body, PROBLEM_JSON, (*problem.headers(), *closing))
