"""Text put together column by column: what a row is written as is joined for a whole batch at once."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


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
    """Times in UTC as `2024-03-18T02:00:00.000000Z`."""
    return pc.replace_substring(values.cast(pa.string()), " ", "T")
