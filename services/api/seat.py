"""A reader's seat: who asks, as of which time, how far that reaches, and what of people's data was opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg import Connection

from domain.organisation.facts import Organisation
from domain.permissions import Asker, asker_at, not_of_us, reaches
from domain.personal import SEALED_PREFIX, masked
from domain.refusals import Code, Refusal
from domain.world import World
from projections import ownership, pool
from services import vault
from services.api import problems
from services.api.looks import Look
from services.api.problems import Problem
from services.wiring import Books

OPEN_CASE: Final = """
SELECT EXISTS (SELECT 1 FROM case_state WHERE status NOT IN ('dismissed', 'executed')
    AND (customer = %s OR deal = %s OR deal IN (SELECT deal FROM deal_state WHERE customer = %s))
    AND (%s OR members @> to_jsonb(%s::text)))
"""


class TakesLong(Exception):
    """What is asked for takes long work, and is to be asked for again where there is time."""


@dataclass
class Seat:
    """One reading. `at` is the time asked about; `opened` are the subjects whose values were shown in the clear.

    `unhurried` says that there is time for long work.
    """

    books: Books
    connection: Connection[Any]
    look: Look
    name: str
    act: str
    at: datetime
    opened: set[str] = field(default_factory=set)
    unhurried: bool = False

    @property
    def organisation(self) -> Organisation:
        return self.look.organisation

    @property
    def asker(self) -> Asker:
        """Who asks, with the duty of the time asked about. Raises `Problem`."""
        found = asker_at(self.organisation, self.name, self.at)
        if found is None or found.reach(self.act) == "-":
            raise problems.of(Refusal(code=Code.NOT_ALLOWED, clause=f"permissions/{self.act}", rival=self.name))
        return found

    def may_see(self, person: str | None) -> bool:
        """Whether what belongs to the person is in the asker's reach."""
        return reaches(self.asker, self.act, person, self.organisation, self.at)

    def must_see(self, person: str | None) -> None:
        """Raise `Problem` alike for what is not the asker's and for what is not there."""
        if not self.may_see(person):
            raise self.out_of_sight()

    def out_of_sight(self) -> Problem:
        return problems.of(Refusal(code=Code.NOT_IN_SIGHT, clause=f"permissions/{self.act}"))

    def customer(self, customer: str, *, now: bool) -> bool:
        """Whether the customer's personal values may be shown in the clear. Raises `Problem` if nothing of it may be shown.

        It may be seen by who had it at the time asked about, and those above; by others masked, while nobody had it.
        """
        asker, row = self.asker, pool.one(self.connection, customer).row
        if row is None or row.registered_at > self.at:
            raise self.out_of_sight()
        owner = row.owner if now else self.owner_then(customer)
        if self.may_see(owner) or self.hears(customer=customer):
            return True
        if owner is not None or asker.reach(self.act) == "case":
            raise self.out_of_sight()
        return asker.reach(self.act) == "all"

    def hears(self, *, customer: str | None = None, deal: str | None = None) -> bool:
        """Whether the asker sits on a case about it that is open now, or is of the committee while there is one."""
        of_committee = self.asker.reach(self.act) == "case"
        row = self.connection.execute(OPEN_CASE, [customer, deal, customer, of_committee, self.name]).fetchone()
        return bool(row and row[0])

    def owner_then(self, customer: str) -> str | None:
        found = ownership.owner_at(self.connection, customer, self.at).row
        return found.owner if found else None

    def shown(self, sealed: str | None, *, clear: bool) -> str | None:
        """A personal value: in the clear, and noted, or masked; `‹erased›` where its key was destroyed."""
        if sealed is None or not sealed.startswith(SEALED_PREFIX):
            return sealed
        found = self.books.ledger.reveal(sealed)
        if found is None:
            return "‹erased›"
        if not clear:
            return masked(found)
        self.opened.add(vault.subject_of(sealed))
        return found

    def fields(self, told: Mapping[str, Any], *, clear: bool) -> dict[str, Any]:
        """A fact's own fields with the personal ones shown."""
        return {
            name: self.shown(value, clear=clear) if isinstance(value, str) else value for name, value in told.items()
        }


def belongs(look: Look, name: str) -> None:
    """Raise `Problem` for who does not belong to the organisation now."""
    world = World(look.at, lambda _kind, _value: "", organisation=look.organisation)
    if gone := not_of_us(name, world, "permissions"):
        raise problems.of(gone)
