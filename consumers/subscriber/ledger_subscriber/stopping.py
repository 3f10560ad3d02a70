"""Ending in order: what is under way is finished, and nothing new begun."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread


@contextmanager
def on_signals(stop: Event | None = None) -> Iterator[Event]:
    """The event given; or where none is, one that SIGINT and SIGTERM set while this lasts."""
    stopping = stop or Event()
    mine = () if stop or current_thread() is not main_thread() else (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda *_: stopping.set()) for each in mine}
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
