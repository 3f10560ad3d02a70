"""Text put together column by column: what a row is written as is joined for a whole batch at once."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

EPOCH: Final = date(1970, 1, 1)
SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
"""In microseconds, as times are."""

CLOCK: Final = pa.array(
    [f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(DAY // SECOND)], pa.string()
)
"""Every second of a day."""


def joined(parts: Sequence[pa.Array | str]) -> pa.Array:
    """The parts of every row one after the other; what is null is nothing."""
    return pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")


def if_there(*parts: pa.Array | str) -> pa.Array:
    """The parts of every row one after the other, or nothing where one of them is null."""
    return pc.fill_null(pc.binary_join_element_wise(*parts, ""), "")


def content(rows: pa.Array) -> memoryview:
    """The bytes of all rows, one after the other, not copied."""
    if not len(rows):
        return memoryview(b"")
    _, offsets, data = rows.buffers()
    at = memoryview(offsets).cast("i")
    return memoryview(data)[at[rows.offset] : at[rows.offset + len(rows)]]


def mended(values: pa.Array, pattern: str, mend: Callable[[str], str]) -> pa.Array:
    """The values, with those that the regular expression finds mended."""
    wrong = pc.fill_null(pc.match_substring_regex(values, pattern), False)  # noqa: FBT003 (a value for null)
    if not pc.any(wrong).as_py():
        return values
    return pc.replace_with_mask(
        values, wrong, pa.array([mend(each) for each in values.filter(wrong).to_pylist()], pa.string())
    )


def told_once(values: pa.Array, tell: Callable[[Any], str]) -> pa.Array:
    """What `tell` says of every value, asked once for each that there is."""
    known = values.dictionary_encode()
    return pa.array([tell(each) for each in known.dictionary.to_pylist()], pa.string()).take(known.indices)


def time_text(values: pa.Array) -> pa.Array:
    """Times in UTC as `2024-03-18T02:00:00.000000Z`; put together of days and seconds, which is ten times as fast as a cast."""
    since = pc.add(values.cast(pa.int64()), (EPOCH.toordinal() - 1) * DAY)
    days, seconds = pc.divide(since, DAY), pc.divide(since, SECOND)
    within = pc.subtract(seconds, pc.multiply(days, DAY // SECOND))
    parts = pc.add(pc.subtract(since, pc.multiply(seconds, SECOND)), SECOND).cast(pa.string())
    return pc.binary_join_element_wise(
        told_once(days, lambda day: f"{date.fromordinal(day + 1).isoformat()}T"),
        CLOCK.take(within),
        pc.binary_replace_slice(parts, 0, 1, "."),
        "Z",
        "",
    )
