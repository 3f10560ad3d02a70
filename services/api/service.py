"""The service as a whole: one ASGI application. Commands and repeated reads are answered at the door, the rest by FastAPI."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from domain.commands import COMMANDS
from domain.permissions import asker_at
from domain.refusals import Code, Refusal
from services.access.keys import keys_of
from services.access.tokens import Tokens
from services.api.access import AccessRecord, Record
from services.api.bulk import Bulk
from services.api.call import Call, Receive, Scope, Send
from services.api.commands import Commands
from services.api.gate import Gate, problem_of
from services.api.health import Health
from services.api.looks import Looks
from services.api.openapi import document
from services.api.page import page
from services.api.problems import Problem, of
from services.api.reading import Reading
from services.api.reads import ROUTERS
from services.api.reads.asking import Sent
from services.api.reads.availability import Patience
from services.api.seat import belongs
from services.feed.http import routes
from services.feed.reading import Feed
from services.wiring import Books

ROOT: Final = "/v1"
EVENTS: Final = "/events"
SEE_THE_FEED: Final = "see the feed"
BULK: Final = f"{ROOT}/commands"
NAMES: Final = {f"{BULK}/{name}": name for name in COMMANDS}
HTML: Final = b"text/html; charset=utf-8"

Answer = Callable[[Call], Awaitable[None]]

log = structlog.get_logger("api")


class Service:
    """Answers HTTP for one ledger, in one event loop. `close` when the last request is answered."""

    def __init__(self, books: Books, tokens: Tokens | None = None) -> None:
        settings = books.settings
        tokens = tokens or Tokens(keys_of(settings), settings.token_audience, settings.token_subject)
        self.gate = Gate(tokens)
        self.looks = Looks(books)
        self.record = Record(books)
        self.reading = Reading(books, self.looks, self.record)
        self.commands = Commands(books.ledger, self.gate, self.looks)
        self.bulk = Bulk(self.commands)
        self.reads = reads(self.reading)
        self.feed = Feed(books.ledger.log_recorder)
        self.events = Starlette(routes=routes(self.feed, EVENTS))
        health = Health(self.gate, self.looks)
        self.open: dict[str, Answer] = {
            "/healthz": health.alive,
            "/readyz": health.ready,
            "/metrics": health.metrics,
            "/openapi.json": self._openapi,
            "/docs": self._docs,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        call = Call(scope, receive, send)
        entered = False
        try:
            if call.path in self.open:
                await self._open(call)
            elif call.path == EVENTS:
                await self._events(call)
            else:
                self.gate.enter()
                entered = True
                await self._route(call)
        except Exception as error:  # noqa: BLE001 (whatever it is, the caller gets an answer and no stack trace)
            await self._fail(call, error)
        finally:
            if entered:
                self.gate.leave()
            self.gate.tell(call)

    def stop(self) -> None:
        """Read no more of the streams that are open; what was read is answered, and followers are let go."""
        self.feed.close()
        self.bulk.stopping.set()

    def close(self) -> None:
        self.feed.close()
        self.reading.close()
        self.record.close()
        self.looks.close()

    async def _route(self, call: Call) -> None:
        name = NAMES.get(call.path)
        if name is not None or call.path == BULK:
            if call.method != "POST":
                raise Problem("method-not-allowed", allow="POST")
            await (self.commands.answer(name, call) if name is not None else self.bulk.answer(call))
            return
        await self.gate.prove(call)
        if call.method == "GET" and await self.reading.again(call):
            return
        call.scope["call"] = call
        await self.reads(call.scope, call.receive, call.send)

    async def _open(self, call: Call) -> None:
        if call.method not in ("GET", "HEAD"):
            raise Problem("method-not-allowed", allow="GET, HEAD")
        await self.open[call.path](call)

    async def _events(self, call: Call) -> None:
        """The feed, for who may have all of it. Whoever follows on is not counted among the requests in work."""
        if call.method not in ("GET", "HEAD"):
            raise Problem("method-not-allowed", allow="GET, HEAD")
        name, look = await self.gate.prove(call), await self.looks.look()
        belongs(look, name)
        asker = asker_at(look.organisation, name, look.at)
        if asker is None or asker.reach(SEE_THE_FEED) != "all":
            denied = of(Refusal(code=Code.NOT_ALLOWED, clause=f"permissions/{SEE_THE_FEED}", rival=name))
            await self.record.put(AccessRecord.of(call, SEE_THE_FEED, "events", denied.code))
            raise denied

        async def noting(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", call.request_id.encode())]
            await call.send(message)

        await self.events(call.scope, call.receive, noting)  # type: ignore[arg-type] # the server's messages are dictionaries

    async def _fail(self, call: Call, error: Exception) -> None:
        problem = problem_of(error)
        if problem.code == "internal-error":
            log.error("failed", request=call.request_id, path=call.path, exc_info=error)
        if call.status == 0:
            await call.refuse(problem)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The API's document, made when it is first asked for."""
        return document(self.reads, ROOT)

    async def _openapi(self, call: Call) -> None:
        await call.answer(200, await asyncio.to_thread(lambda: to_json(self.document)))

    async def _docs(self, call: Call) -> None:
        await call.answer(200, await asyncio.to_thread(lambda: page(self.document).encode()), HTML)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Answer the server's questions whether we have begun, and whether we have ended."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await send({"type": "lifespan.shutdown.complete"})
                return


def reads(reading: Reading | None) -> FastAPI:
    """The reads as a FastAPI application, every problem told as the rest of the service tells it."""
    app = FastAPI(title="Sales ledger", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.reading = reading
    app.state.patience = Patience()
    for router in ROUTERS:
        app.include_router(router, prefix=ROOT)

    async def tell(request: Request, error: Exception) -> Response:
        call: Call = request.scope["call"]
        await call.refuse(told(error))
        return Sent()

    for kind in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, tell)
    app.add_exception_handler(Exception, tell)
    return app


def told(error: Exception) -> Problem:
    match error:
        case RequestValidationError():
            found = (f"{'.'.join(str(step) for step in each['loc'][1:])}: {each['msg']}" for each in error.errors())
            return Problem("request-malformed", "; ".join(found))
        case HTTPException(status_code=405, headers=headers):
            return Problem("method-not-allowed", allow=(headers or {}).get("Allow"))
        case HTTPException():
            return Problem("not-found")
        case _:
            return problem_of(error)
