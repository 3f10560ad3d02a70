"""Callers that each do one thing after another, as many at a time as asked, and how long each thing took."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from statistics import median, quantiles

import uvloop


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds` for all; `latencies` of each thing done, in seconds."""

    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Things done a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """A percentile of the latencies, in milliseconds."""
        return 1000 * quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


Task = Callable[[int], None]
"""Does the thing of that number, and returns when it is done for good."""


def together(callers: int, things: int, prepare: Callable[[], Task]) -> Run:
    """Let so many threads do so many things in all. `prepare` gives each thread what it works with, before the clock runs."""
    numbers: Iterator[int] = count()
    ready, start = threading.Barrier(callers + 1), threading.Barrier(callers + 1)
    found: list[list[float]] = [[] for _ in range(callers)]
    failures: list[BaseException] = []

    def work(mine: list[float]) -> None:
        try:
            task = prepare()
            ready.wait()
            start.wait()
            while (number := next(numbers)) < things:
                began = time.perf_counter()
                task(number)
                mine.append(time.perf_counter() - began)
        except BaseException as failure:  # noqa: BLE001 (told to whoever measures)
            failures.append(failure)
            ready.abort()
            start.abort()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    began = 0.0
    with suppress(threading.BrokenBarrierError):
        ready.wait()
        began = time.perf_counter()
        start.wait()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Run(time.perf_counter() - began, tuple(latency for mine in found for latency in mine))


Errand = Callable[[int], Awaitable[None]]
"""A task of an event loop's: does the thing of that number, and returns when it is done for good."""


def in_a_loop(callers: int, things: int, errand: Errand) -> Run:
    """Let so many tasks of one event loop do so many things in all, as the callers of our service are: on the loop that it runs."""
    numbers: Iterator[int] = iter(range(things))
    latencies: list[float] = []

    async def work() -> None:
        for number in numbers:
            began = time.perf_counter()
            await errand(number)
            latencies.append(time.perf_counter() - began)

    async def all_of_them() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(callers)))
        return time.perf_counter() - began

    return Run(uvloop.run(all_of_them()), tuple(latencies))


def typical(runs: list[Run]) -> Run:
    """The run of median rate."""
    middle = median(run.rate for run in runs)
    return min(runs, key=lambda run: abs(run.rate - middle))
