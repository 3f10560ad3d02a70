"""What those who hold a role of a contract owe to their mentors, and to who gave them the customer."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from domain.fact import Part
from domain.mentorship.facts import SharingAgreed
from domain.money import WHOLE
from domain.role.facts import RoleEarned
from domain.standing import customer_of
from domain.streams import CustomerStream, DealStream
from domain.world import World


def sharings_bound(
    deal: str, at: datetime, signed_at: datetime, reps: Sequence[str], customer: CustomerStream, world: World
) -> Iterator[SharingAgreed]:
    """The sharings that bind who holds a role of a contract from `at` on, because of mentors and donations in force when it
    was signed.

    An agreement of the deal's own, made before, goes first: where a rep has one, none is added.
    """
    agreed = world.deal(deal).sharings
    for rep in reps:
        owed = [*owed_to_mentor(rep, signed_at, world), *owed_to_donor(rep, signed_at, customer)]
        left = WHOLE - sum(part.bps for _, part in owed)
        if not owed or left <= 0 or agreed.of(rep, at):
            continue
        parts = (Part(rep=rep, bps=left), *together(part for _, part in owed))
        ground = ", ".join(f"{why} {part.rep}" for why, part in owed)
        yield SharingAgreed(at=at, deal=deal, of=rep, parts=parts, effective_from=at, ground=ground)


def bound_since_signing(earned: Iterable[RoleEarned], stream: DealStream, world: World) -> Iterator[SharingAgreed]:
    """The sharings that bind who earns a role when the contract has been signed already."""
    if stream.contract.signing:
        for fact in earned:
            reps, customer = (fact.rep,), customer_of(stream, world)
            yield from sharings_bound(fact.deal, fact.at, stream.contract.signing.at, reps, customer, world)


def owed_to_mentor(rep: str, at: datetime, world: World) -> list[tuple[str, Part]]:
    mentored = world.organisation.reps[rep].mentor(at)
    return [("mentor", Part(rep=mentored.mentor, bps=mentored.share))] if mentored else []


def owed_to_donor(rep: str, at: datetime, customer: CustomerStream) -> list[tuple[str, Part]]:
    """The latest donor's part; who gave the customer away before that is owed nothing more."""
    given = (d for d in customer.donations if d.rep == rep and d.share)
    live = [d for d in given if d.at <= at and (d.until is None or at < d.until)]
    return [("donor", Part(rep=live[-1].donor, bps=live[-1].share))] if live else []


def together(parts: Iterable[Part]) -> list[Part]:
    """Each payee once, with all that is owed to them."""
    owed: dict[str, int] = {}
    for part in parts:
        owed[part.rep] = owed.get(part.rep, 0) + part.bps
    return [Part(rep=rep, bps=bps) for rep, bps in owed.items()]
