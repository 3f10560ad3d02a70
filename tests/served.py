"""An application served over real HTTP for the while of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

import uvicorn
from starlette.applications import Starlette

STARTS_WITHIN_S = 20


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The address of a server on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    deadline, pause = monotonic() + STARTS_WITHIN_S, Event()
    while not server.started:
        assert monotonic() < deadline, "the server does not start"
        pause.wait(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
