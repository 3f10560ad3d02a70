"""How commands read: the ledger opened, its read models brought up to the head, people's names and the policy's time at hand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from psycopg import Connection

from domain.fact import ORGANISATION
from domain.organisation.facts import RepJoined
from domain.personal import SEALED_PREFIX
from domain.policy.facts import PolicyBook
from services.cli.failing import Failure
from services.cli.output import progress
from services.wiring import Books, open_books

KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar="TIME", help="As known at that time: only what was recorded by then."),
]
TrueAt = Annotated[
    str | None, typer.Option("--true-at", metavar="TIME", help="As true at that time: only what counts by then.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="At most so many rows.")]
Names = Annotated[bool, typer.Option("--names/--ids", help="People and customers by name, or by id alone.")]

AT_ONCE: Final = 20_000
"""Facts between two looks at the progress bar."""


@dataclass(frozen=True)
class Reader:
    """One reading of the ledger. `named` says whether people are told by name beside their id."""

    books: Books
    connection: Connection[Any]
    named: bool = True

    @cached_property
    def policies(self) -> PolicyBook:
        """Every policy published so far."""
        return self.books.policies()

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the policy in force, the widest scope first; UTC before any policy."""
        now = datetime.now(UTC)
        versions = self.policies.versions.values()
        fitting = [version for version in versions if version.is_in_force(now)] or list(versions)
        widest = min(fitting, key=lambda version: (version.scope.narrowness, version.policy), default=None)
        return ZoneInfo(widest.time_zone) if widest else ZoneInfo("UTC")

    @cached_property
    def rep_names(self) -> dict[str, str]:
        """People's sealed names by their id."""
        facts = (each.fact for each in self.books.ledger.read(ORGANISATION))
        joined = (fact for fact in facts if isinstance(fact, RepJoined) and fact.rep_name)
        return {fact.rep: fact.rep_name.sealed_text(None) for fact in joined if fact.rep_name}

    def opened(self, sealed: str | None) -> str | None:
        """A personal value in the clear; a dash-like note where its key was destroyed."""
        if sealed is None or not sealed.startswith(SEALED_PREFIX):
            return sealed
        return self.books.ledger.reveal(sealed) or "‹erased›"

    def rep_name(self, rep: str | None) -> str | None:
        """A person's name; None where there is none, or ids alone are wanted."""
        return self.opened(self.rep_names.get(rep)) if rep and self.named else None

    def person(self, rep: str | None) -> str | None:
        """A person as tables show one: the name with the id, or the id alone."""
        name = self.rep_name(rep)
        return f"{name} ({rep})" if name and name != rep else rep

    def at(self, text: str | None, option: str) -> datetime | None:
        """A time given by a person: ISO 8601, in the policy's time zone where it names none; a date alone means its end."""
        if text is None:
            return None
        try:
            given = datetime.fromisoformat(text)
        except ValueError:
            raise Failure("bad-time", f"{option} is {text!r}. Give it like 2024-03-18T10:00 or 2024-03-18.") from None
        if len(text) <= len("2024-03-18"):
            given = datetime.combine(given.date() + timedelta(days=1), time()) - timedelta(microseconds=1)
        return given if given.tzinfo else given.replace(tzinfo=self.zone)


@contextmanager
def reading(*, named: bool = True) -> Iterator[Reader]:
    """Open the ledger for reading, with every read model brought up to the head."""
    with open_books(os.environ) as books:
        catch_up(books)
        with books.connection() as connection:
            yield Reader(books, connection, named)


def catch_up(books: Books) -> int:
    """Bring the read models up to the head, with a bar where a person waits for it. Raises `ProjectionStopped`."""
    head = books.ledger.head().position
    start = books.runner.catch_up(min(head, 1)) and lowest(books)
    if head - start <= AT_ONCE:
        return books.runner.catch_up(head)
    with progress() as bar:
        task = bar.add_task("Arranging what was recorded", total=head - start)
        for until in range(start + AT_ONCE, head, AT_ONCE):
            books.runner.catch_up(until)
            bar.update(task, completed=until - start)
        return books.runner.catch_up(head)


def lowest(books: Books) -> int:
    """The position up to which every read model is true."""
    return min(generation.position for generation in books.runner.shown.values())
