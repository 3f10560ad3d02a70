"""The draw of a panel, which nobody can choose and anybody can repeat.

Every eligible person has a ticket: the SHA-256 of `seed/case/hearing/seat/person`, the seed being the root of a signed head
in hex. For each seat of the policy, in its order, the lowest tickets in hex take part, the next ones wait as alternates.

    printf '%s' "$ROOT/D1/1/lead/Lao" | sha256sum
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from domain.case.facts import Seat
from domain.policy.disputes import PanelTerms


@dataclass(frozen=True, slots=True)
class Drawn:
    """`lacking` names the seats for which there were too few people."""

    members: tuple[Seat, ...]
    alternates: tuple[Seat, ...]
    lacking: tuple[str, ...]


def draw(seed: str, case: str, hearing: int, eligible: Iterable[Seat], terms: PanelTerms) -> Drawn:
    """Draw members and alternates; the same whatever the order of the eligible."""
    people = list(eligible)
    members: list[Seat] = []
    alternates: list[Seat] = []
    lacking: list[str] = []
    for seat in terms.seats:
        of_seat = (person for person in people if person.seat == seat.seat)
        drawn = sorted(of_seat, key=lambda person: ticket(seed, case, hearing, person))
        members += drawn[: seat.members]
        alternates += drawn[seat.members : seat.members + seat.alternates]
        if len(drawn) < seat.members:
            lacking.append(seat.seat)
    return Drawn(tuple(members), tuple(alternates), tuple(lacking))


def ticket(seed: str, case: str, hearing: int, person: Seat) -> str:
    """A person's ticket, in hex."""
    return hashlib.sha256(f"{seed}/{case}/{hearing}/{person.seat}/{person.member}".encode()).hexdigest()
