"""A record as it is entered, of a lead or of a customer: whether it can be read, by what it is known, and who is known by it.

One live record per identity key: a phone or a licence belongs to one record; a like name is suspected as a double.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, get_args

from domain.customer.facts import DuplicateSuspected, IdentityKey, KeyKind
from domain.identity import normal_licence, normal_name, normal_phone
from domain.personal import Personal
from domain.place import coordinates
from domain.policy.terms import PolicyVersion
from domain.refusals import Code, Refusal
from domain.world import Holder, World


class Entry(Protocol):
    """What is told of whoever is entered."""

    @property
    def at(self) -> datetime: ...
    @property
    def stream(self) -> str: ...
    @property
    def customer(self) -> str: ...
    @property
    def customer_name(self) -> Personal: ...
    @property
    def phone(self) -> Personal | None: ...
    @property
    def licence(self) -> Personal | None: ...
    @property
    def place(self) -> Personal | None: ...


@dataclass(frozen=True, slots=True)
class KnownBy:
    """The keys that the record comes to hold, and the doubles that its name lets suspect."""

    keys: tuple[IdentityKey, ...]
    suspected: tuple[DuplicateSuspected, ...]


def known_by(entry: Entry, policy: PolicyVersion, world: World) -> KnownBy | Refusal:
    """By what a record is known. Keys that its own history holds already stay its own.

    Refuses with `phone-invalid`, `licence-invalid`, `place-invalid` or `identity-held`, in this order.
    """
    if malformed := not_readable(entry, policy):
        return malformed
    keys = identity_keys(entry, policy, world)
    rivals = {key: holder for key in keys if (holder := rival(entry, key, world))}
    for key, holder in rivals.items():
        if key.kind != "name":
            return Refusal(
                code=Code.IDENTITY_HELD,
                clause=policy.clause("identity"),
                rival=holder_of(holder),
                rival_position=holder.position or None,
                detail=f"The {key.kind} belongs to that record.",
            )
    known = world.customer(entry.customer).customer.suspected
    suspected = (
        DuplicateSuspected(
            at=entry.at,
            customer=entry.customer,
            rival=holder_of(holder),
            by_key=key.kind,
            rival_position=holder.position or None,
        )
        for key, holder in rivals.items()
        if holder_of(holder) not in known
    )
    return KnownBy(tuple(key for key in keys if key not in rivals), tuple(suspected))


def identity_keys(entry: Entry, policy: PolicyVersion, world: World) -> tuple[IdentityKey, ...]:
    """The keyed hashes by which this record is known; values that cannot be read give none."""
    phone = entry.phone.reveal() if entry.phone else None
    licence = entry.licence.reveal() if entry.licence else None
    normal: dict[KeyKind, str | None] = {
        "name": normal_name(entry.customer_name.reveal() or ""),
        "phone": normal_phone(phone, policy.phone_region) if phone else None,
        "licence": normal_licence(licence) if licence else None,
    }
    found = ((kind, normal[kind]) for kind in get_args(KeyKind))
    return tuple(IdentityKey(kind=kind, hash=world.fingerprint(kind, value)) for kind, value in found if value)


def not_readable(entry: Entry, policy: PolicyVersion) -> Refusal | None:
    clause = policy.clause("identity")
    phone = entry.phone.reveal() if entry.phone else None
    licence = entry.licence.reveal() if entry.licence else None
    if phone and normal_phone(phone, policy.phone_region) is None:
        return Refusal(code=Code.PHONE_INVALID, clause=clause)
    if licence and normal_licence(licence) is None:
        return Refusal(code=Code.LICENCE_INVALID, clause=clause)
    if entry.place and not is_place(entry.place):
        return Refusal(code=Code.PLACE_INVALID, clause=clause)
    return None


def is_place(place: Personal) -> bool:
    """Whether it can be read as a place; an erased one is taken as it was."""
    clear = place.reveal()
    return clear is None or coordinates(clear) is not None


def rival(entry: Entry, key: IdentityKey, world: World) -> Holder | None:
    """Which other history holds the key."""
    holder = world.holder((key.kind, key.hash))
    return holder if holder and holder.stream != entry.stream else None


def holder_of(holder: Holder) -> str:
    return holder.stream.partition("/")[2]
