"""Whose personal data may be erased, and what keeps it. Erasing takes no fact away: it takes away who the facts tell of.

Sources: GDPR articles 17 and 17(3)(e); the Personal Information Protection Law of China, article 47.
"""

from collections.abc import Sequence
from typing import Literal, assert_never

from domain.authority import reserved
from domain.customer.facts import IdentityKey
from domain.effects import kept_for_a_case
from domain.fact import Command, Id, Sight, SubjectName, Text, stream_of_subject
from domain.person.facts import LegalHoldLifted, LegalHoldPlaced, PersonalData, PersonFact, SubjectErased
from domain.refusals import Code, Refusal
from domain.standing import erased
from domain.streams import CustomerStream
from domain.world import World

Answer = Sequence[PersonFact] | Refusal


class CommandOnSubject(Command):
    """About the personal data of a customer (`customer/C-1`) or of a person of the organisation (`rep/Wang`)."""

    whose: SubjectName

    @property
    def stream(self) -> str:
        return stream_of_subject(self.whose)

    @property
    def subject(self) -> str:
        return self.whose

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream,))


class EraseSubject(CommandOnSubject):
    """Destroy the key of a subject's personal data."""

    name: Literal["erase-subject"] = "erase-subject"
    ground: Text

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream,), tallies=(kept_for_a_case(self.whose),))


class PlaceLegalHold(CommandOnSubject):
    """Keep a subject's data from being erased, until the hold is lifted."""

    name: Literal["place-legal-hold"] = "place-legal-hold"
    hold: Id
    ground: Text


class LiftLegalHold(CommandOnSubject):
    """End a legal hold; others may stand."""

    name: Literal["lift-legal-hold"] = "lift-legal-hold"
    hold: Id
    ground: Text


PersonCommand = EraseSubject | PlaceLegalHold | LiftLegalHold


def decide(command: PersonCommand, world: World) -> Answer:
    match command:
        case EraseSubject():
            return erase(command, world)
        case PlaceLegalHold():
            return place(command, world)
        case LiftLegalHold():
            return lift(command, world)
    assert_never(command)


def erase(command: EraseSubject, world: World) -> Answer:
    """Erase. Refuses with `not-allowed`, `unknown-customer`, `unknown-rep`, `subject-erased`, `legal-hold` or `case-open`."""
    if refusal := reserved(world, command.actor, command.at, "mid-office", "manager", clause="person/erase"):
        return refusal
    data = data_of(command.whose, world)
    if isinstance(data, Refusal):
        return data
    if gone := erased(command.whose, data):
        return gone
    if data.holds:
        hold = data.holds[0]
        return Refusal(
            code=Code.LEGAL_HOLD,
            clause="person/legal-hold",
            rival=hold.hold,
            rival_position=hold.position or None,
            rival_at=hold.since,
        )
    if open_cases := world.tally(kept_for_a_case(command.whose)):
        return Refusal(
            code=Code.CASE_OPEN, clause="person/open-case", rival=command.whose, detail=f"Open cases: {open_cases}."
        )
    story, _, name = command.whose.partition("/")
    keys = keys_of(world.customer(name)) if story == "customer" else ()
    return [SubjectErased(at=command.at, whose=command.whose, keys=keys, ground=command.ground)]


def place(command: PlaceLegalHold, world: World) -> Answer:
    """Place a hold. Refuses with `not-allowed`, `unknown-customer`, `unknown-rep`, `subject-erased` or `id-taken`."""
    if refusal := reserved(world, command.actor, command.at, "mid-office", "committee", clause="person/legal-hold"):
        return refusal
    data = data_of(command.whose, world)
    if isinstance(data, Refusal):
        return data
    if gone := erased(command.whose, data):
        return gone
    if standing := data.held_by(command.hold):
        return Refusal(
            code=Code.ID_TAKEN,
            clause="person/legal-hold",
            rival=command.hold,
            rival_position=standing.position or None,
            rival_at=standing.since,
        )
    return [LegalHoldPlaced(at=command.at, whose=command.whose, hold=command.hold, ground=command.ground)]


def lift(command: LiftLegalHold, world: World) -> Answer:
    """Lift a hold. Refuses with `not-allowed`, `unknown-customer`, `unknown-rep` or `unknown-hold`."""
    if refusal := reserved(world, command.actor, command.at, "mid-office", "committee", clause="person/legal-hold"):
        return refusal
    data = data_of(command.whose, world)
    if isinstance(data, Refusal):
        return data
    if data.held_by(command.hold) is None:
        return Refusal(code=Code.UNKNOWN_HOLD, clause="person/legal-hold", rival=command.hold)
    return [LegalHoldLifted(at=command.at, whose=command.whose, hold=command.hold, ground=command.ground)]


def data_of(whose: str, world: World) -> PersonalData | Refusal:
    """How the subject's data stands, or that there is no such subject."""
    story, _, name = whose.partition("/")
    if story == "customer":
        stream = world.customer(name)
        return (
            stream.personal if stream.is_entered else Refusal(code=Code.UNKNOWN_CUSTOMER, clause="person", rival=name)
        )
    rep = world.organisation.reps.get(name)
    return rep.personal if rep else Refusal(code=Code.UNKNOWN_REP, clause="person", rival=name)


def keys_of(stream: CustomerStream) -> tuple[IdentityKey, ...]:
    """What nobody else may register, while the record is live or a lead."""
    return (*stream.lead.keys, *stream.customer.keys)
