"""Rows in one order whatever order they came in, on disk where they are many, so that memory stays the same."""

import heapq
import marshal
import tempfile
from collections.abc import Iterator
from typing import IO, Final, Self

IN_MEMORY: Final = 24_000_000
"""Characters of rows that are held before they are put on disk; a row counts for at least 200."""

Sortable = tuple[int, float, str, int, int, tuple[str, ...]]
"""Order of the shape, time in seconds, key, number of the file, number of the line, and the row's values."""


class Sorter:
    """Takes rows in any order and gives them in theirs, once. A context manager: what it put on disk is gone afterwards."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self.count = 0
        self._in_memory = in_memory
        self._held: list[Sortable] = []
        self._weight = 0
        self._runs: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._runs:
            run.close()

    def add(self, row: Sortable) -> None:
        self._held.append(row)
        self.count += 1
        self._weight += 200 + sum(map(len, row[5]))
        if self._weight >= self._in_memory:
            self._spill()

    def __iter__(self) -> Iterator[Sortable]:
        self._held.sort()
        yield from heapq.merge(*(stored(run) for run in self._runs), self._held)

    def _spill(self) -> None:
        self._held.sort()
        run = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the context manager)
        for row in self._held:
            marshal.dump(row, run)
        self._runs.append(run)
        self._held = []
        self._weight = 0


def stored(run: IO[bytes]) -> Iterator[Sortable]:
    run.seek(0)
    while True:
        try:
            yield marshal.load(run)  # noqa: S302 (written by ourselves a moment ago)
        except EOFError:
            return
