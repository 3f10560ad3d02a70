"""Signs the head of the log at intervals and publishes it outside the database, so that nobody can rewrite what was said.

Kill it wherever you like: what is signed is first kept in the database, then appended to the files, and the same head always
has the same signature; so the next round finishes what the last one began, and no two heads of one size exist.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import structlog
from psycopg import Connection

from services.evidence.checkpoint import Checkpoint, NoteInvalid, PublicKey, SealKey
from services.evidence.published import Place, SignedHead, opened
from services.evidence.seal_key import seal_key
from services.evidence.tiles import LOCK, LogRewritten, StoredTree, grow
from services.settings import Settings

AT_ONCE: Final = 500
"""Heads that are copied to a place in one go, when it lags behind."""

LAST: Final = "select note from signed_head order by size desc limit 1"
BEYOND: Final = "select note from signed_head where size > %s order by size limit %s"
KEEP: Final = (
    "insert into signed_head (size, note) select %s::bigint, %s::text from ledger_head on conflict (size) do nothing"
)


logger: Final = structlog.get_logger("sealer")


class NotPublished(RuntimeError):
    """A head is signed and kept, but some places could not be written to. The message says which."""


@dataclass(frozen=True)
class Sealer:
    """Seals one ledger. Any number may run: they take turns by a row lock."""

    connect: Callable[[], Connection[Any]]
    key: SealKey
    places: Sequence[Place]

    def seal(self) -> SignedHead | None:
        """Sign and publish the head, if there is anything new; gives the last head published, None for an empty log.

        Raises `LogRewritten`, and signs nothing, if the log does not continue what was published before, in any place.
        Raises `NotPublished` if a place could not be written to; the others have the head, and the next round goes on.
        """
        with self.connect() as connection:
            while grow(connection):
                continue
            with connection.transaction():
                connection.execute(LOCK)
                self._adopt(connection)
                last = self._sign(connection)
            with connection.transaction():
                connection.execute(LOCK)
                away = [each for each in (self._reached(connection, place) for place in self.places) if each]
        if away:
            raise NotPublished("; ".join(away))
        return last

    def _adopt(self, connection: Connection[Any]) -> None:
        """Take over heads that places have and the database lacks; none may contradict the log."""
        tree = StoredTree(connection)
        kept = last_head(connection, self.key.public)
        if kept:
            follows(tree, kept, "the database")
        for place in self.places:
            last = last_of(place)
            if last is None:
                continue
            follows(tree, last, str(place.heads_file))
            if kept is None or last.size > kept.size:
                for head in place.heads():
                    if kept is None or head.size > kept.size:
                        follows(tree, head, str(place.heads_file))
                        connection.execute(KEEP, (head.size, head.note))
                kept = last

    def _sign(self, connection: Connection[Any]) -> SignedHead | None:
        tree, last = StoredTree(connection), last_head(connection, self.key.public)
        if tree.size == (last.size if last else 0):
            return last
        head = Checkpoint(self.key.name, tree.size, tree.root(tree.size))
        signed = SignedHead(head, self.key.signed(head.text))
        connection.execute(KEEP, (signed.size, signed.note))
        return signed

    def _reached(self, connection: Connection[Any], place: Place) -> str | None:
        """Publish to a place; why it could not be done, if so."""
        try:
            self._publish(connection, place)
        except OSError as error:
            return f"{place.directory} cannot be written to: {error.strerror}"
        return None

    def _publish(self, connection: Connection[Any], place: Place) -> None:
        """Append what the place lacks; first the rest of a head whose writing was cut off."""
        last, torn = place.last()
        newest = last
        while missing := list(heads_beyond(connection, self.key.public, newest.size if newest else 0)):
            text = "".join(each.note for each in missing).encode()
            if not text.startswith(torn):
                break
            place.append(text[len(torn) :])
            newest, torn = missing[-1], b""
        if torn:
            raise LogRewritten(f"{place.heads_file} ends in something that is not the beginning of the next head.")
        if newest and (newest != last or not place.latest_file.exists()):
            place.show(newest)


def last_of(place: Place) -> SignedHead | None:
    """The last head of a place; None as well for one that is away, to which publishing will fail and say so."""
    try:
        return place.last()[0]
    except OSError as error:
        logger.warning("place away", place=str(place.directory), error=type(error).__name__)
        return None


def follows(tree: StoredTree, head: SignedHead, where: str) -> None:
    """Raises `LogRewritten` unless the log begins with what the head says."""
    if head.size > tree.size:
        raise LogRewritten(
            f"A head of {head.size} events was published in {where}, but the log has {tree.size}: its tail was cut off. "
            "Nothing was signed."
        )
    if tree.root(head.size) != head.head.root:
        raise LogRewritten(
            f"The head of {head.size} events published in {where} is not one of this log: "
            f"something up to position {head.size} was rewritten. Nothing was signed."
        )


def last_head(connection: Connection[Any], key: PublicKey) -> SignedHead | None:
    """The last head that the database keeps. Raises `LogRewritten` if it is none of ours."""
    row = connection.execute(LAST).fetchone()
    return kept_head(cast(str, row[0]), key) if row else None


def heads_beyond(
    connection: Connection[Any], key: PublicKey, position: int, limit: int = AT_ONCE
) -> Iterator[SignedHead]:
    """The heads over more than `position` events, the smallest first."""
    rows = connection.execute(BEYOND, (position, limit)).fetchall()
    return (kept_head(cast(str, note), key) for (note,) in rows)


def first_head_beyond(connection: Connection[Any], key: PublicKey, position: int) -> SignedHead | None:
    """The first head signed after the event at a position was recorded; None while there is none."""
    return next(heads_beyond(connection, key, position, 1), None)


def kept_head(note: str, key: PublicKey) -> SignedHead:
    try:
        return opened(note, key)
    except NoteInvalid as error:
        raise LogRewritten(f"The database keeps a head that is none of this ledger's: {error}.") from None


def open_sealer(connect: Callable[[], Connection[Any]], settings: Settings) -> Sealer:
    """The sealer of these settings; generates its key when none is there. Raises `SealKeyUnusable`."""
    key = seal_key(settings)
    return Sealer(connect, key, [Place(directory, key.public) for directory in settings.seal_dirs])
