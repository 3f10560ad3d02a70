"""Merkle trees as RFC 6962 has them: roots, and proofs of inclusion and consistency, over any store of complete subtrees."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

EMPTY: Final = hashlib.sha256().digest()
"""The root of a tree without leaves."""

Subtree = Callable[[int, int], bytes]
"""The root of the complete subtree of 2^level leaves that begins at leaf `n * 2^level`, given `(level, n)`."""


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(subtree: Subtree, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return span(subtree, 0, size) if size else EMPTY


def inclusion(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """The audit path of the leaf at `index`, from 0, in the tree of the first `size` leaves; the leaf's sibling first.

    Raises `ValueError` for a leaf that is not in that tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + largest_power_below(end - start)
        if index < middle:
            path.append(span(subtree, middle, end))
            end = middle
        else:
            path.append(span(subtree, start, middle))
            start = middle
    return path[::-1]


def consistency(subtree: Subtree, first: int, second: int) -> list[bytes]:
    """The proof that the tree of the first `second` leaves begins with the tree of the first `first`.

    Raises `ValueError` unless `0 < first <= second`.
    """
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} does not continue one of {first}")
    path = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + largest_power_below(end - start)
        if first <= middle:
            path.append(span(subtree, middle, end))
            end = middle
        else:
            path.append(span(subtree, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(span(subtree, start, end))
    return path[::-1]


def largest_power_below(length: int) -> int:
    """The largest power of two smaller than `length`, which is at least 2.

    >>> [largest_power_below(length) for length in (2, 3, 4, 5, 8, 9)]
    [1, 2, 2, 4, 4, 8]
    """
    return 1 << ((length - 1).bit_length() - 1)


def span(subtree: Subtree, start: int, end: int) -> bytes:
    """The hash over the leaves [start, end), where start is a multiple of every complete subtree within."""
    parts = [subtree(level, n) for level, n in complete(start, end)]
    found = parts.pop()
    while parts:
        found = node(parts.pop(), found)
    return found


def complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that make up [start, end), the largest first, as `(level, n)`.

    >>> list(complete(0, 7)), list(complete(8, 11))
    ([(2, 0), (1, 2), (0, 6)], [(1, 4), (0, 10)])
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


@dataclass(slots=True)
class Growing:
    """A tree that leaves are added to one by one, remembering only what the next root needs."""

    size: int = 0
    _parts: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        found, carried = leaf, self.size
        while carried & 1:
            found, carried = node(self._parts.pop(), found), carried >> 1
        self._parts.append(found)
        self.size += 1

    def root(self) -> bytes:
        if not self._parts:
            return EMPTY
        found = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            found = node(part, found)
        return found
