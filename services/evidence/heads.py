"""Do the published heads follow from the log? Reads it once, in bounded memory, and names the first that does not."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from psycopg import Connection

from services.evidence.merkle import Growing
from services.evidence.published import Place, SignedHead
from services.evidence.sealer import heads_beyond
from services.evidence.tiles import LogRewritten, StoredTree
from services.ledger.chain import leaf

PAGE: Final = 2_000
LOG: Final = "select record::text from event where position <= %s order by position"


@dataclass(slots=True)
class Checked:
    """How many signed heads were compared, each wherever it is kept, and the first difference in words."""

    heads: int = 0
    difference: str | None = None

    def against_log(self, connection: Connection[Any], places: Sequence[Place]) -> None:
        """Raises `LogRewritten` at the first head that does not follow."""
        grown, leaves, before = Growing(), leaf_hashes(connection), 0
        for where, signed in in_order(connection, places):
            grow_to(grown, leaves, signed.size, where)
            if grown.root() != signed.head.root:
                raise LogRewritten(
                    f"The head of {signed.size} events in {where} is not one of this log: "
                    f"something up to position {signed.size} was rewritten."
                )
            self.heads, before = self.heads + (signed.size > before), signed.size
        tree = StoredTree(connection)
        grow_to(grown, leaves, max(tree.size, grown.size), "the stored tree")
        if tree.size == grown.size and tree.root(tree.size) != grown.root():
            raise LogRewritten(
                f"The stored tree of {tree.size} events is not that of the log: its proofs would not hold."
            )


def check_heads(connection: Connection[Any], places: Sequence[Place]) -> Checked:
    """Compare every head in the places and in the database with the log, and the stored tree as well."""
    checked = Checked()
    try:
        checked.against_log(connection, places)
    except LogRewritten as error:
        checked.difference = str(error)
    return checked


def in_order(connection: Connection[Any], places: Sequence[Place]) -> Iterator[tuple[str, SignedHead]]:
    """The heads of all places, the smallest first, each with where it stands."""
    sources: list[Iterable[tuple[str, SignedHead]]] = [
        ((str(place.heads_file), head) for head in ascending(place)) for place in places
    ]
    if places:
        sources.append(("the database", head) for head in all_kept(connection, places[0]))
    return heapq.merge(*sources, key=lambda each: each[1].size)


def ascending(place: Place) -> Iterator[SignedHead]:
    before = 0
    for head in place.heads():
        if head.size <= before:
            raise LogRewritten(f"{place.heads_file} has a head of {head.size} events after one of {before}.")
        before = head.size
        yield head


def all_kept(connection: Connection[Any], place: Place) -> Iterator[SignedHead]:
    after = 0
    while page := list(heads_beyond(connection, place.key, after)):
        yield from page
        after = page[-1].size


def leaf_hashes(connection: Connection[Any]) -> Iterator[bytes]:
    last = cast(tuple[int], connection.execute("select position from ledger_head").fetchone())[0]
    with connection.transaction(), connection.cursor("leaves") as cursor:
        cursor.itersize = PAGE
        cursor.execute(LOG, (last,))
        for (text,) in cursor:
            yield leaf(cast(str, text).encode())


def grow_to(grown: Growing, leaves: Iterator[bytes], size: int, where: str) -> None:
    while grown.size < size:
        found = next(leaves, None)
        if found is None:
            raise LogRewritten(
                f"{where} has a head of {size} events, but the log has {grown.size}: its tail was cut off."
            )
        grown.add(found)
