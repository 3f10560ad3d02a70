"""The log's Merkle tree as the database keeps it: tiles of 32 hashes, read by proofs and grown by the sealer in batches."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from psycopg import Connection

from services.evidence import merkle
from services.evidence.merkle import node
from services.ledger.chain import leaf, link
from services.ledger.statements import plain_array

HASH: Final = 32
HEIGHT: Final = 5
WIDTH: Final = 1 << HEIGHT
"""How many hashes a tile has when it is full."""

TILE_BYTES: Final = WIDTH * HASH
AT_ONCE: Final = 4_096
"""Events that are taken in by one transaction."""

MOST_TILES: Final = 2_000
"""Tiles that one reader keeps in memory, with what was hashed of them: some 10 MB."""

Answer = TypeVar("Answer")

LOCK: Final = "update merkle_tree set size = size returning size, chain"
SIZE: Final = "select size from merkle_tree"
TILE: Final = "select hashes from merkle_tile where level = %s and n = %s"
TILES: Final = (
    "select t.level, t.n, t.hashes from merkle_tile t"
    " join unnest(%s::integer[], %s::bigint[]) w(level, n) on t.level = w.level and t.n = w.n"
)
CHAIN: Final = "select chain from event where position = %s"
EVENTS: Final = (
    "select position, record::text, chain from event where position > %s and position <= %s order by position"
)
PUT_TILES: Final = (
    "insert into merkle_tile (level, n, hashes) select u.level, u.n, decode(u.hashes, 'hex')"
    " from ledger_head, unnest(%s::integer[], %s::bigint[], %s::text[]) u(level, n, hashes)"
    " on conflict (level, n) do update set hashes = excluded.hashes"
)
GROW: Final = "update merkle_tree set size = %s, chain = %s"


class LogRewritten(RuntimeError):
    """What was hashed or published before is no longer what the log says. The message says where."""


class StoredTree:
    """The tree as one connection sees it; make a new one to see what was added since."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    @cached_property
    def size(self) -> int:
        """How many events the tree has taken in."""
        return cast(tuple[int], self._connection.execute(SIZE).fetchone())[0]

    def root(self, size: int) -> bytes:
        """The root over the first `size` events. Raises `LogRewritten` if tiles are missing."""
        return self._told(lambda subtree: merkle.root(subtree, size))

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """The audit path of the event at a position, counted from 1, in the tree of the first `size`."""
        return self._told(lambda subtree: merkle.inclusion(subtree, position - 1, size))

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the tree of `second` events continues that of `first`."""
        return self._told(lambda subtree: merkle.consistency(subtree, first, second))

    def _told(self, question: Callable[[merkle.Subtree], Answer]) -> Answer:
        """Answer a question about the tree: ask first which subtrees it needs, and load their tiles in one go."""
        wanted: list[tuple[int, int]] = []

        def note(level: int, n: int) -> bytes:
            wanted.append(place_of(level, n)[0])
            return b""

        question(note)
        if len(self._tiles) + len(wanted) > MOST_TILES:
            self._tiles.clear()
        self._load([tile for tile in dict.fromkeys(wanted) if tile not in self._tiles])
        return question(self._subtree)

    def _subtree(self, level: int, n: int) -> bytes:
        tile, height, place = place_of(level, n)
        try:
            return self._tiles[tile][height][place]
        except LookupError:
            raise LogRewritten(f"The stored tree lacks the subtree {n} of level {level}: its tiles were cut.") from None

    def _load(self, wanted: list[tuple[int, int]]) -> None:
        if not wanted:
            return
        level, n = zip(*wanted, strict=True)
        for found_level, found_n, hashes in self._connection.execute(TILES, (list(level), list(n))):
            self._tiles[found_level, found_n] = levels(hashes)


def place_of(level: int, n: int) -> tuple[tuple[int, int], int, int]:
    """Where the root of a complete subtree is: the tile, as `(level, n)`, the height in it, and the place at that height."""
    tile_level, height = divmod(level, HEIGHT)
    tile, first = divmod(n << height, WIDTH)
    return (tile_level, tile), height, first >> height


def levels(tile: bytes) -> list[list[bytes]]:
    """The hashes of a tile, and level by level what complete pairs of them hash to."""
    row = [tile[i : i + HASH] for i in range(0, len(tile), HASH)]
    found = [row]
    for _ in range(HEIGHT):
        row = [node(*pair) for pair in zip(row[::2], row[1::2], strict=False)]
        found.append(row)
    return found


def grow(connection: Connection[Any], limit: int = AT_ONCE) -> int:
    """Take the next events into the tree, at most `limit`, in one transaction; returns how many there were.

    Raises `LogRewritten` where the log is not the one that was taken in before, or its own chain does not hold.
    """
    with connection.transaction():
        size, chain = cast(tuple[int, bytes], connection.execute(LOCK).fetchone())
        still_there(connection, size, chain)
        rows = connection.execute(EVENTS, (size, size + limit)).fetchall()
        leaves = []
        for expected, (position, text, stored) in enumerate(cast(list[tuple[int, str, bytes]], rows), size + 1):
            record = text.encode()
            chain = link(chain, record)
            if position != expected or chain != stored:
                raise LogRewritten(f"Event {expected} is not the one that was chained: the log was rewritten there.")
            leaves.append(leaf(record))
        if leaves:
            put(connection, tiles_after(lambda level, n: stored_tile(connection, level, n), size, leaves))
            connection.execute(GROW, (size + len(leaves), chain))
    return len(leaves)


def still_there(connection: Connection[Any], size: int, chain: bytes) -> None:
    """Raises `LogRewritten` if the log does not lead to where the tree ends."""
    if size == 0:
        return
    row = connection.execute(CHAIN, (size,)).fetchone()
    if row is None:
        raise LogRewritten(f"The log ends before position {size}, up to which it was taken in: its tail was cut off.")
    if row[0] != chain:
        raise LogRewritten(f"The log up to position {size} is not the one that was taken in: it was rewritten.")


def tiles_after(load: Callable[[int, int], bytes], size: int, leaves: list[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Every tile that changes when leaves are added to a tree of that size, as `(level, n, hashes)`."""
    level, count, fresh = 0, size, leaves
    while fresh:
        first, filled = divmod(count, WIDTH)
        data = (load(level, first)[: filled * HASH] if filled else b"") + b"".join(fresh)
        tiles = [data[i : i + TILE_BYTES] for i in range(0, len(data), TILE_BYTES)]
        for i, tile in enumerate(tiles):
            yield level, first + i, tile
        fresh = [levels(tile)[HEIGHT][0] for tile in tiles if len(tile) == TILE_BYTES]
        level, count = level + 1, first


def stored_tile(connection: Connection[Any], level: int, n: int) -> bytes:
    row = connection.execute(TILE, (level, n)).fetchone()
    return cast(bytes, row[0]) if row else b""


def put(connection: Connection[Any], tiles: Iterator[tuple[int, int, bytes]]) -> None:
    level, n, hashes = zip(*tiles, strict=True)
    connection.execute(PUT_TILES, (plain_array(level), plain_array(n), plain_array(each.hex() for each in hashes)))
