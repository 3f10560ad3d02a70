"""Waiting for a condition, with a limit."""

from collections.abc import Callable
from threading import Event
from time import monotonic

LIMIT_S = 120.0


def wait_until(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Look again and again until it holds. Fails the test when it does not within the limit."""
    deadline, pause = monotonic() + limit_s, Event()
    while not condition():
        assert monotonic() < deadline, f"not within {limit_s:.0f} s"
        pause.wait(0.02)
