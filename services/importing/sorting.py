"""Rows in one order whatever order they came in, on disk where they are many, so that memory stays the same."""

import heapq
import marshal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final, Self

IN_MEMORY: Final = 64_000_000
MOST_RUNS: Final = 128
WEIGHT_OF_A_ROW: Final = 350
"""Bytes, about: what is held before it is put on disk, how many files lie there at most, and what a row's key takes."""

Sortable = tuple[int, float, int, str, int, int, bytes]
"""Order of the shape, time in seconds, rank among what happens at one time, key, number of the file, number of the line, and
the row's values, packed.
"""


def packed(values: Sequence[str]) -> bytes:
    return marshal.dumps(tuple(values))


def unpacked(values: bytes) -> tuple[str, ...]:
    found: tuple[str, ...] = marshal.loads(values)  # noqa: S302 (packed by ourselves a moment ago)
    return found


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
        self._weight += WEIGHT_OF_A_ROW + len(row[6])
        if self._weight >= self._in_memory:
            self._put_aside()

    def __iter__(self) -> Iterator[Sortable]:
        self._held.sort()
        yield from heapq.merge(*map(stored, self._runs), self._held)

    def _put_aside(self) -> None:
        self._held.sort()
        self._runs.append(on_disk(self._held))
        self._held.clear()
        self._weight = 0
        if len(self._runs) == MOST_RUNS:
            former, self._runs = self._runs, []
            self._runs.append(on_disk(heapq.merge(*map(stored, former))))
            for run in former:
                run.close()


def on_disk(rows: Iterable[Sortable]) -> IO[bytes]:
    run = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the sorter)
    for row in rows:
        marshal.dump(row, run)
    return run


def stored(run: IO[bytes]) -> Iterator[Sortable]:
    run.seek(0)
    while True:
        try:
            yield marshal.load(run)  # noqa: S302 (written by ourselves a moment ago)
        except EOFError:
            return
