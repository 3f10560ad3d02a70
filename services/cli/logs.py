"""Logging, set up once: lines for people on a terminal, JSON elsewhere, always on standard error."""

import logging
import sys

import structlog


def set_up() -> None:
    """Configure structlog for this process. What is logged carries ids, positions and codes, never a person's data."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
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


def to_standard_error(*_names: object) -> structlog.WriteLogger:
    """A logger that writes to what standard error is when it is used."""
    return structlog.WriteLogger(sys.stderr)
