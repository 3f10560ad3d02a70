"""The feed over HTTP: `GET /events` gives pages, and with `Accept: text/event-stream` server-sent events.

`routes(feed)` are to be mounted in an application, with whoever may read in front of them; `feed_app(feed)` stands alone.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Final

import psycopg
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.api.problems import PROBLEM_JSON, Problem
from services.feed.reading import Asked, BadRequest, Feed, Page

EVENT_STREAM: Final = "text/event-stream"
COMPRESSED_FROM: Final = 1_000
"""Bytes from which an answer is worth compressing."""

STREAMED_AT_ONCE: Final = 200
MOST_FOLLOWERS: Final = 500
AGAIN_IN_S: Final = 1
RECONNECT_AFTER_MS: Final = 2_000
FOR_EVER: Final = "private, max-age=31536000, immutable"


def routes(feed: Feed, path: str = "/events") -> Sequence[Route]:
    """The routes of the feed, for any Starlette or FastAPI application."""
    return [Route(path, Events(feed).answer, methods=["GET"], middleware=[Middleware(GZipMiddleware, COMPRESSED_FROM)])]


def feed_app(feed: Feed) -> Starlette:
    """An application that has the feed and nothing else."""
    return Starlette(routes=routes(feed))


class Events:
    """Answers requests for events."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.followers = 0

    async def answer(self, request: Request) -> Response:
        try:
            asked = asked_by(request)
        except BadRequest as bad:
            return problem(Problem("request-malformed", str(bad)))
        if EVENT_STREAM in request.headers.get("accept", ""):
            return self.stream(asked)
        try:
            page = await run_in_threadpool(self.feed.page, asked)
        except psycopg.OperationalError:
            return problem(Problem("database-unreachable", again_in_s=AGAIN_IN_S))
        headers = {
            "ETag": etag(self.feed.source, asked, page),
            "Cache-Control": "no-cache" if page.is_last else FOR_EVER,
            "Vary": "Accept",
            "Ledger-Position": str(page.head),
        }
        if headers["ETag"] in known(request):
            return Response(status_code=304, headers=headers)
        return Response(page.structured(), media_type="application/json", headers=headers)

    def stream(self, asked: Asked) -> Response:
        if self.followers >= MOST_FOLLOWERS:
            told = f"{MOST_FOLLOWERS} follow already. Read pages, or try again later."
            return problem(Problem("overloaded", told, again_in_s=AGAIN_IN_S))
        headers = {"Cache-Control": "no-store", "Vary": "Accept", "X-Accel-Buffering": "no"}
        return StreamingResponse(self.told(asked), media_type=EVENT_STREAM, headers=headers)

    async def told(self, asked: Asked) -> AsyncIterator[str]:
        self.followers += 1
        try:
            yield f"retry: {RECONNECT_AFTER_MS}\n\n"
            async with aclosing(self.feed.follow(asked)) as pages:  # type: ignore[type-var] # an asynchronous generator
                async for page in pages:
                    yield server_sent(page)
        finally:
            self.followers -= 1


def asked_by(request: Request) -> Asked:
    """What a request asks for. `Last-Event-ID` goes before `after`. Raises `BadRequest`."""
    given = request.query_params
    streams = EVENT_STREAM in request.headers.get("accept", "")
    after = (request.headers.get("last-event-id") if streams else None) or given.get("after", "0")
    kinds = [kind for value in given.getlist("kind") for kind in value.split(",") if kind]
    unknown = sorted(set(given) - {"after", "limit", "kind", "stream"})
    if unknown:
        raise BadRequest(f"There is no parameter {', '.join(unknown)}. Known: after, limit, kind, stream.")
    limit = STREAMED_AT_ONCE if streams else whole("limit", given.get("limit", "100"))
    return Asked(whole("after", after), limit, tuple(kinds), given.get("stream", ""))


def whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise BadRequest(f"{name} is a whole number, not {value[:40]!r}.")
    return int(value)


def server_sent(page: Page) -> str:
    """A page as server-sent events. Without events it is a comment that moves the reader's last event id on."""
    if not page.events:
        return f": heartbeat\nid: {page.after}\n\n"
    return "".join(
        f"id: {each.position}\nevent: {each.attributes['type']}\ndata: {each.structured()}\n\n" for each in page.events
    )


def etag(source: str, asked: Asked, page: Page) -> str:
    """What was asked and how far it was answered: the log only grows, so that is the answer's identity."""
    said = repr((source, asked, page.after, page.is_last, len(page.events)))
    return f'W/"{hashlib.sha256(said.encode()).hexdigest()[:24]}"'


def known(request: Request) -> set[str]:
    return {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}


def problem(found: Problem) -> Response:
    """An answer that says no, as the rest of the service tells it."""
    headers = {name.decode(): value.decode() for name, value in found.headers()}
    body = found.document().model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, found.status, headers, media_type=PROBLEM_JSON.decode())
