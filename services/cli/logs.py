"""Logging, set up once: lines for people on a terminal, JSON elsewhere, always on standard error."""

import json
import logging
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

import structlog
from pydantic_core import PydanticSerializationError, to_json

WRITE_EVERY_S: Final = 0.05


def set_up() -> None:
    """Configure structlog for this process. What is logged carries ids, positions and codes, never a person's data."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(as_json)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=to_standard_error,
        cache_logger_on_first_use=False,
    )
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # that a lost connection could not be ended well is no news
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters is raised, and told by whoever catches it


def as_json(line: object, **_options: object) -> str:
    """A line as JSON; in ASCII where it holds what UTF-8 cannot."""
    try:
        return to_json(line, fallback=repr).decode()
    except PydanticSerializationError:
        return json.dumps(line, default=repr)


def to_standard_error(*_names: object) -> structlog.WriteLogger:
    """A logger that writes to what standard error is when it is used."""
    return structlog.WriteLogger(sys.stderr)


class Soon:
    """Takes lines, which a thread of its own writes to standard error; so whoever logs does not wait for whoever reads."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._stopping = Event()
        self._thread = Thread(target=self._write_on, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        self._lines.append(text)

    def flush(self) -> None:
        """Lines are written soon, or at the latest at `close`."""

    def close(self) -> None:
        """Write what is left, and write no more."""
        self._stopping.set()
        self._thread.join()

    def _write_on(self) -> None:
        while not self._stopping.wait(WRITE_EVERY_S):
            self._write()
        self._write()

    def _write(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if lines:
            sys.stderr.write("".join(lines))
            sys.stderr.flush()


@contextmanager
def written_soon() -> Iterator[None]:
    """Within, lines are written by a thread of their own, at most a twentieth of a second late."""
    soon = Soon()
    logger = structlog.WriteLogger(soon)  # type: ignore[arg-type]
    structlog.configure(logger_factory=lambda *_names: logger)
    try:
        yield
    finally:
        set_up()
        soon.close()
