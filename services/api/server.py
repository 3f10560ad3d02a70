"""The server in front of the service: patience with slow callers has an end, and a stop answers what is in work."""

import asyncio
import json
import signal
import socket
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from services.api.problems import PROBLEM_JSON, Problem
from services.api.service import Service

HEADERS_WITHIN_S: Final = 10.0
LINGERS_S: Final = 2.0
LARGEST_HEADERS: Final = 64_000
STOP_WITHIN_S: Final = 25
BACKLOG: Final = 2_048


class Exchange:
    """A request and its answer without ASGI's messages, where all of the one is here and all of the other is known."""

    __slots__ = ("_cycle", "_protocol")

    def __init__(self, cycle: RequestResponseCycle, protocol: "Protocol") -> None:
        self._cycle = cycle
        self._protocol = protocol

    def body(self) -> bytes | None:
        """The whole body; None while some of it is still to come."""
        cycle = self._cycle
        return None if cycle.more_body or cycle.waiting_for_100_continue else bytes(cycle.body)

    def answer(self, status: int, headers: bytes, body: bytes, *, last: bool = False) -> bool:
        """Write the whole answer at once, and hang up if it is the last. False where it must be sent the usual way."""
        cycle = self._cycle
        if cycle.disconnected or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
            return False
        if not (cycle.keep_alive or last):
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        written = b"%bcontent-length: %d\r\n%b\r\n%b" % (STATUS_LINE[status], len(body), headers, body)
        if last:
            self._protocol.hang_up(written)
        else:
            cycle.transport.write(written)
            cycle.on_response()
        return True


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, but headers arrive in time and within bounds, and what is no HTTP is told as a problem."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience: asyncio.TimerHandle | None = None
        self._in_headers = True
        self._size = 0
        self._deaf = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._patience = self.loop.call_later(HEADERS_WITHIN_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        super().data_received(data)
        if self._in_headers and self._patience is None and not self.transport.is_closing():
            self._patience = self.loop.call_later(HEADERS_WITHIN_S, self._give_up)

    def on_message_begin(self) -> None:
        self._in_headers, self._size = True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._take(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._take(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._rest()
        super().on_headers_complete()
        self.scope["exchange"] = Exchange(self.cycle, self)  # type: ignore[typeddict-unknown-key]

    def send_400_response(self, msg: str) -> None:
        """Tell what is no HTTP. What came before it is answered first; into an answer that has begun nothing is written."""
        del msg
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started):
            self._tell(Problem("request-malformed", "This is not HTTP/1.1 as it should be."))
        elif cycle.more_body:
            self.transport.close()
        else:
            self._deaf, self._in_headers = True, False
            cycle.keep_alive = False

    def hang_up(self, answer: bytes) -> None:
        """Write the last answer, and close when the caller has: a socket closed upon what was not read takes its answer back."""
        self._deaf, self._in_headers = True, False
        self._rest()
        self.transport.write(answer)
        self.transport.write_eof()
        self.flow.resume_reading()
        self._patience = self.loop.call_later(LINGERS_S, self.transport.close)

    def _take(self, size: int) -> None:
        """Count what the headers hold. What raises here is told as malformed by the parser."""
        self._size += size
        if self._size > LARGEST_HEADERS:
            raise ValueError(f"headers of more than {LARGEST_HEADERS} bytes")

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self._tell(Problem("body-too-slow", f"The headers must arrive within {HEADERS_WITHIN_S:g} seconds."))

    def _tell(self, problem: Problem) -> None:
        body = json.dumps(problem.document().model_dump(exclude_none=True)).encode()
        head = (
            f"HTTP/1.1 {problem.status} {'Request Timeout' if problem.status == 408 else 'Bad Request'}\r\n"
            f"content-type: {PROBLEM_JSON.decode()}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.hang_up(head.encode() + body)


class Server(uvicorn.Server):
    """Serves one service. Told to stop, it takes no new connection, answers what is in work, and ends streams early."""

    def __init__(self, service: Service, host: str, port: int) -> None:
        self.service = service
        config = uvicorn.Config(
            service,
            host=host,
            port=port,
            http=Protocol,
            ws="none",
            loop="uvloop",
            lifespan="on",
            proxy_headers=False,
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        super().__init__(config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; told a second time by the keyboard, hang up on who is not answered yet."""
        del frame
        self.service.stop()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    def serve_on(self, listening: socket.socket) -> None:
        """Serve on a socket that listens already, until told to stop; then close the service."""
        try:
            self.run(sockets=[listening])
        finally:
            self.service.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any that is free. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def address(listening: socket.socket) -> str:
    """Where the socket is reached, as a URL."""
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
