"""One question for all who wait: while one is on its way, whoever comes next waits for the next, and shares its answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

A = TypeVar("A")
B = TypeVar("B")


class Together(Generic[A, B]):
    """Gathers what callers in one event loop ask, and answers all of a batch by one call of `ask`.

    An answer was found after its caller had asked, so nobody is told what was true before. `ask` gives one answer for each
    thing asked, in order; what it raises is raised by all of the batch.
    """

    def __init__(self, ask: Callable[[Sequence[A]], Awaitable[Sequence[B]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[A, asyncio.Future[B]]] = []
        self._asking: asyncio.Task[None] | None = None

    def put(self, asked: A) -> "asyncio.Future[B]":
        """Ask, and wait for the answer."""
        future: asyncio.Future[B] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._asking is None:
            self._asking = asyncio.create_task(self._go_on())
        return future

    async def _go_on(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._answer(batch)
        finally:
            self._asking = None

    async def _answer(self, batch: "list[tuple[A, asyncio.Future[B]]]") -> None:
        try:
            answers = await self._ask([asked for asked, _ in batch])
        except Exception as error:  # noqa: BLE001 (each caller is given the error)
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
