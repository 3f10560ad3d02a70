"""Personal data erased, or kept because the law asks for it. The facts name a subject and hold nothing personal."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from domain.customer.facts import IdentityKey
from domain.fact import Id, OfSubject, Text


class SubjectErased(OfSubject):
    """The key of the subject's personal data was destroyed: what was sealed with it opens no more.

    `keys` are the identity keys set free, so that the same phone or licence may be registered again.
    """

    kind: Literal["subject-erased.v1"] = "subject-erased.v1"
    keys: tuple[IdentityKey, ...] = ()
    ground: Text


class LegalHoldPlaced(OfSubject):
    """Because of a law or a court, the subject's data is not erased while the hold stands."""

    kind: Literal["legal-hold-placed.v1"] = "legal-hold-placed.v1"
    hold: Id
    ground: Text


class LegalHoldLifted(OfSubject):
    kind: Literal["legal-hold-lifted.v1"] = "legal-hold-lifted.v1"
    hold: Id
    ground: Text


PersonFact = SubjectErased | LegalHoldPlaced | LegalHoldLifted


@dataclass(frozen=True, slots=True)
class LegalHold:
    hold: str
    position: int
    since: datetime


@dataclass(frozen=True, slots=True)
class PersonalData:
    """How a subject's personal data stands: erased or not, and held by what."""

    erased_at: datetime | None = None
    erased_position: int = 0
    holds: tuple[LegalHold, ...] = ()

    def held_by(self, hold: str) -> LegalHold | None:
        return next((each for each in self.holds if each.hold == hold), None)


def evolve(data: PersonalData, fact: PersonFact, position: int = 0) -> PersonalData:
    match fact:
        case SubjectErased():
            return replace(data, erased_at=fact.at, erased_position=position)
        case LegalHoldPlaced():
            return replace(data, holds=(*data.holds, LegalHold(fact.hold, position, fact.at)))
        case LegalHoldLifted():
            return replace(data, holds=tuple(each for each in data.holds if each.hold != fact.hold))
    assert_never(fact)
