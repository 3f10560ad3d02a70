"""RFC 6962 as its definitions read, without any thought of speed: what the real tree is held against."""

import hashlib
from collections.abc import Sequence


def leaf(record: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + record).digest()


def inner(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def half(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def head(records: Sequence[bytes]) -> bytes:
    """MTH(D[n]) of section 2.1."""
    if not records:
        return hashlib.sha256(b"").digest()
    if len(records) == 1:
        return leaf(records[0])
    k = half(len(records))
    return inner(head(records[:k]), head(records[k:]))


def path(m: int, records: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of section 2.1.1."""
    if len(records) == 1:
        return []
    k = half(len(records))
    if m < k:
        return [*path(m, records[:k]), head(records[k:])]
    return [*path(m - k, records[k:]), head(records[:k])]


def proof(m: int, records: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]) of section 2.1.2."""
    return subproof(m, records, known=True)


def subproof(m: int, records: Sequence[bytes], *, known: bool) -> list[bytes]:
    if m == len(records):
        return [] if known else [head(records)]
    k = half(len(records))
    if m <= k:
        return [*subproof(m, records[:k], known=known), head(records[k:])]
    return [*subproof(m - k, records[k:], known=False), head(records[:k])]


def subtrees(records: Sequence[bytes]) -> "dict[tuple[int, int], bytes]":
    """Every complete subtree, by level and number."""
    found = {}
    level = 0
    while (1 << level) <= len(records):
        width = 1 << level
        for n in range(len(records) // width):
            found[level, n] = head(records[n * width : (n + 1) * width])
        level += 1
    return found
