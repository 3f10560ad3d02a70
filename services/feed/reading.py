"""Reading the feed: bounded pages of events beyond a position, and following on from there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final, LiteralString, Self, cast

import psycopg
import structlog

from consumers.cloudevent import Published, published, source_of
from domain.facts import KINDS, UPCASTERS
from services.feed.pulse import Pulse
from services.ledger.recorder import LedgerRecorder

MOST_EVENTS: Final = 1_000
"""What one page holds at most."""

MOST_LOOKED_AT: Final = 50_000
"""How many positions one page looks at, found or not, so that a filter that fits little takes no connection for long."""

HEARTBEAT_S: Final = 15.0
READ_AGAIN_S: Final = 1.0

PAGE: Final[LiteralString] = (
    "select position, record::text from event where position > %(after)s and position <= %(last)s"
    " and (%(kinds)s::text[] is null or kind = any(%(kinds)s)) and (%(stream)s = '' or starts_with(stream, %(stream)s))"
    " order by position limit %(limit)s"
)

logger: Final = structlog.get_logger("feed")


class BadRequest(ValueError):
    """The feed was asked for something that cannot be. The message says what, and what could be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Events beyond the position `after`, at most `limit`; of these kinds if any are named, of streams that begin so."""

    after: int = 0
    limit: int = 100
    kinds: tuple[str, ...] = ()
    stream: str = ""

    def __post_init__(self) -> None:
        """Raises `BadRequest`."""
        if not 0 <= self.after < 2**63:
            raise BadRequest(f"A position is a whole number from 0 on, not {self.after}.")
        if not 1 <= self.limit <= MOST_EVENTS:
            raise BadRequest(f"A page has 1 to {MOST_EVENTS} events, not {self.limit}.")
        for kind in self.kinds:
            if kind not in KINDS and kind not in UPCASTERS:
                raise BadRequest(f"There is no kind {kind!r}. Known: {', '.join(sorted(KINDS))}.")
        if "\x00" in self.stream:
            raise BadRequest("The name of a stream has no NUL.")


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is where the next page begins: all up to there was looked at. `head` is where the log ended meanwhile."""

    after: int
    head: int
    events: list[Published] = field(default_factory=list)

    @property
    def is_last(self) -> bool:
        """Whether the log had no more; only then may the same page have more events later."""
        return self.after >= self.head

    def structured(self) -> str:
        """The page as JSON: `{"after": …, "more": …, "events": […]}`, each event in CloudEvents' JSON format."""
        events = ",".join(each.structured() for each in self.events)
        return f'{{"after":{self.after},"more":{"false" if self.is_last else "true"},"events":[{events}]}}'


class Feed:
    """The events of one ledger. Safe for threads and for any number of event loops; close it to let followers go."""

    def __init__(self, recorder: LedgerRecorder, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self.source = source_of(recorder.schema)
        self.heartbeat_s = heartbeat_s
        self._recorder = recorder
        self._pulse = Pulse(recorder)

    def page(self, asked: Asked) -> Page:
        """Read a page. Raises `psycopg.OperationalError`."""
        head = self._recorder.head().position
        last = min(head, asked.after + MOST_LOOKED_AT)
        sought = {
            "after": asked.after,
            "last": last,
            "kinds": list(asked.kinds) or None,
            "stream": asked.stream,
            "limit": asked.limit,
        }
        with self._recorder.readers.connection() as connection:
            rows = cast(list[tuple[int, str]], connection.execute(PAGE, sought).fetchall())
        events = [published(position, record, self.source) for position, record in rows]
        full = len(events) == asked.limit
        return Page(events[-1].position if full else max(last, asked.after), head, events)

    async def follow(self, asked: Asked) -> AsyncIterator[Page]:
        """Pages of what is there and then of what comes, until the feed is closed.

        A page without events is a heartbeat; its `after` has moved on all the same. Nothing is read before the last page has
        been taken, so a slow reader costs one page of memory. A lost database is waited for.
        """
        told = monotonic()
        while not self._pulse.is_closed:
            try:
                page = await asyncio.to_thread(self.page, asked)
            except psycopg.OperationalError as lost:
                logger.warning("reading again", error=type(lost).__name__, after=asked.after)
                await self._pulse.beyond(2**63, READ_AGAIN_S)
                page = Page(asked.after, asked.after + 1)
            asked = replace(asked, after=page.after)
            if page.events or monotonic() - told >= self.heartbeat_s:
                yield page
                told = monotonic()
            if page.is_last:
                await self._pulse.beyond(page.after, max(0.0, told + self.heartbeat_s - monotonic()))

    def close(self) -> None:
        self._pulse.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
