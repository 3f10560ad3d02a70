"""Text put together column by column: what a row is written as is joined for a whole batch at once."""

import struct
from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce
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


def joined(parts: Sequence[pa.Array | str], null: str = "") -> pa.Array:
    """The parts of every row one after the other; what is null is nothing, or what it is told to be. One part is an array."""
    found: list[pa.Array | str] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return pc.binary_join_element_wise(*found, "", null_handling="replace", null_replacement=null)


def if_there(*parts: pa.Array | str) -> pa.Array:
    """The parts of every row one after the other, or nothing where one of them is null."""
    return pc.fill_null(pc.binary_join_element_wise(*parts, ""), "")


def content(rows: pa.Array) -> memoryview:
    """The bytes of all rows, one after the other, not copied."""
    if not len(rows):
        return memoryview(b"")
    begins, ends = extent(rows)
    return memoryview(rows.buffers()[2])[begins:ends]


def extent(rows: pa.Array) -> tuple[int, int]:
    """Where the bytes of all rows begin and end."""
    at = memoryview(rows.buffers()[1]).cast("i")
    return at[rows.offset], at[rows.offset + len(rows)]


def mended(values: pa.Array, pattern: str, mend: Callable[[str], str], starts: str = "") -> pa.Array:
    """The values, with those mended in which the regular expression finds something, or which begin with one of `starts`."""
    if not len(values) or values.null_count == len(values):
        return values
    anywhere = pc.match_substring_regex(as_one(values), pattern)[0].as_py()
    wrong = [pc.match_substring_regex(values, pattern)] if anywhere else []
    wrong += [pc.starts_with(values, each) for each in starts]
    if not wrong:
        return values
    found = pc.fill_null(reduce(pc.or_, wrong), False)  # noqa: FBT003 (a value for null)
    if not pc.any(found).as_py():
        return values
    return pc.replace_with_mask(
        values, found, pa.array([mend(each) for each in values.filter(found).to_pylist()], pa.string())
    )


def as_one(values: pa.Array) -> pa.Array:
    """One value with the bytes of all, not copied: what is not in it is in none of them."""
    offsets = pa.py_buffer(struct.pack("=2i", *extent(values)))
    return pa.Array.from_buffers(pa.string(), 1, [None, offsets, values.buffers()[2]])


def between(values: pa.Array, before: str, after: str) -> tuple[pa.Array | str, ...]:
    """Parts that give every value between two texts, and null where there is none. Null as a whole: no parts."""
    if values.null_count == len(values):
        return ()
    if values.null_count:
        return (pc.binary_join_element_wise(before, values, after, ""),)
    return (before, values, after)


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
