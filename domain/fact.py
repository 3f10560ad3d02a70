"""What every fact and every command has in common, and the words they are made of."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from domain.world import World

LONGEST_TEXT = 10_000
MOST = 2**31 - 1
"""The largest number of things that a command may name."""
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def storable(text: str) -> str:
    """Return the text, or refuse what PostgreSQL or UTF-8 cannot keep.

    Raises the validation errors `text-not-storable` (NUL, lone surrogate) and `text-too-long` (over 10,000 characters).
    """
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("text-not-storable", "text holds a NUL or a lone surrogate, which cannot be stored")
    if len(text) > LONGEST_TEXT:
        raise PydanticCustomError("text-too-long", "text is longer than 10,000 characters")
    return text


def in_living_memory(at: datetime) -> datetime:
    """Return the time with its offset from UTC, or refuse one from which a policy's days would lead out of the calendar.

    A zone is left behind: a day is 24 hours, in a zone that changes its clocks too, and however the time was written.
    """
    if not EARLIEST <= at < LATEST:
        raise PydanticCustomError("malformed", "a time lies between the years 1900 and 2199")
    if at.tzinfo is None or at.tzinfo.utcoffset(None) is not None:
        return at
    return at.replace(tzinfo=timezone(at.utcoffset() or timedelta(0)), fold=0)


Instant = Annotated[AwareDatetime, AfterValidator(in_living_memory)]
"""A time with its zone, as commands and policies may name one."""

Id = Annotated[str, StringConstraints(pattern=r"^[\w.:@-]{1,80}$")]
"""A name that the business or a machine gave: letters of any script, digits, and `. : @ - _`."""

SubjectName = Annotated[str, StringConstraints(pattern=r"^(customer|rep)/[\w.:@-]{1,80}$")]
"""Whose personal data: a customer's (`customer/C-1`), or that of a person of the organisation (`rep/Wang`)."""

CommandId = Annotated[str, StringConstraints(pattern=r"^[\w.:@/#-]{1,200}$")]
"""Who repeats a command repeats its id; may be built from the id of a message or a row."""

Text = Annotated[str, AfterValidator(storable)]
"""Free text of at most 10,000 characters. Never for what tells of a person: that is `Personal`."""


class Fact(BaseModel):
    """Something that happened, in the past tense, immutable. Every kind has a name with its version that never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    at: AwareDatetime

    @property
    def stream(self) -> str:
        """The history that this fact belongs to, such as `customer/C-1`."""
        raise LookupError(f"{type(self).__name__} names no stream")

    @property
    def subject(self) -> str:
        """Whose personal data the fact holds: the person or customer under whose key it is sealed."""
        return self.stream


class OfCustomer(Fact):
    customer: Id

    @property
    def stream(self) -> str:
        return customer_stream(self.customer)


class OfDeal(Fact):
    deal: Id

    @property
    def stream(self) -> str:
        return deal_stream(self.deal)


class OfOrganisation(Fact):
    @property
    def stream(self) -> str:
        return ORGANISATION


class OfCase(Fact):
    case: Id

    @property
    def stream(self) -> str:
        return case_stream(self.case)


class OfPayroll(Fact):
    @property
    def stream(self) -> str:
        return PAYROLL


class OfPayee(Fact):
    payee: Id

    @property
    def stream(self) -> str:
        return payee_stream(self.payee)


class OfSubject(Fact):
    """About the personal data of a subject; stands in the customer's history, or in that of the organisation."""

    whose: SubjectName

    @property
    def stream(self) -> str:
        return stream_of_subject(self.whose)

    @property
    def subject(self) -> str:
        return self.whose

    @property
    def customer(self) -> str | None:
        """The customer whose data it is; None for a person of the organisation."""
        story, _, name = self.whose.partition("/")
        return name if story == "customer" else None


ORGANISATION = "organisation"
POLICIES = "policies"
PAYROLL = "payroll"


def customer_stream(customer: str) -> str:
    return f"customer/{customer}"


def deal_stream(deal: str) -> str:
    return f"deal/{deal}"


def case_stream(case: str) -> str:
    return f"case/{case}"


def payee_stream(payee: str) -> str:
    return f"payee/{payee}"


def stream_of_subject(whose: str) -> str:
    """The history in which the facts of a subject's personal data stand."""
    return whose if whose.startswith("customer/") else ORGANISATION


class Artefact(BaseModel):
    """The thing that proves a step: its kind, as the policy names it, and where to find it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Id
    ref: Id


class Part(BaseModel):
    """A payee's part of something divided, in basis points (10000 = all)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rep: Id
    bps: int


class Sight(NamedTuple):
    """What a command must see before it can be judged: histories, keys, counts, and the lapsed holdings of a rep.

    `keys` are `(kind, key)` pairs, `tallies` are `(kind, key)` pairs, `lapsing` names reps whose overdue customers count,
    `holdings` reps of whom it must be known which customers they hold.
    """

    streams: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    tallies: tuple[tuple[str, str], ...] = ()
    lapsing: tuple[str, ...] = ()
    holdings: tuple[str, ...] = ()


SYSTEM = "system"
"""The actor that is no person: the clock, or a process (S in the table of who may do what)."""


class Command(BaseModel):
    """A wish, in the imperative. `at` is when it happened in the business; when it was recorded, the ledger knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    at: Instant
    actor: Id = SYSTEM
    reason: Text | None = None
    causation: Text | None = None

    @property
    def stream(self) -> str:
        """The history that the command is about."""
        raise LookupError(f"{type(self).__name__} names no stream")

    @property
    def subject(self) -> str:
        """Whose key seals the personal data that the command carries."""
        return self.stream

    @property
    def because_of(self) -> str | None:
        """Because of what the command is given, as the envelope of its facts says: a message, an event, a case."""
        return self.causation

    def sees(self, world: "World") -> Sight:
        """What must be in sight to judge this. Asked again when more has come into sight, until nothing new is wanted."""
        del world
        return Sight(streams=(self.stream,))


class CommandOnCustomer(Command):
    customer: Id

    @property
    def stream(self) -> str:
        return customer_stream(self.customer)


class CommandOnDeal(Command):
    deal: Id

    @property
    def stream(self) -> str:
        return deal_stream(self.deal)


class CommandOnOrganisation(Command):
    @property
    def stream(self) -> str:
        return ORGANISATION


class CommandOnCase(Command):
    case: Id

    @property
    def stream(self) -> str:
        return case_stream(self.case)


class CommandOnPayroll(Command):
    @property
    def stream(self) -> str:
        return PAYROLL


class CommandOnPayee(Command):
    payee: Id

    @property
    def stream(self) -> str:
        return payee_stream(self.payee)
