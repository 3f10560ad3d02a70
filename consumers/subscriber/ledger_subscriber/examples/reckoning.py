"""Payroll's own arithmetic of commission: written anew from the agreement, so that two who reckon can be held against each other.

Amounts are minor units, shares basis points. The pool of a payment is `floor(rate x (net - fee))`; parts are floored, and the
units left over go to the largest fractions, ties by order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds.contract import ContractSigned
from ledger_subscriber.kinds.mentorship import SharingAgreed
from ledger_subscriber.kinds.parts import Part
from ledger_subscriber.kinds.payment import PaymentReceived, PaymentRefunded
from ledger_subscriber.kinds.role import RoleEarned, RoleExpired, RoleRevoked, RoleTransferred

WHOLE: Final = 10_000

CAUSES: Final[dict[type[Fact], str]] = {
    PaymentReceived: "payment",
    PaymentRefunded: "refund",
    RoleEarned: "role-earned",
    RoleTransferred: "transfer",
    RoleRevoked: "revocation",
    RoleExpired: "expiry",
    SharingAgreed: "sharing",
    ContractSigned: "signing",
}
"""What can change who is due what, and what that is called."""

Key = tuple[str, str, str | None, str | None]
"""Payment, role, whose earning it is before sharing, and payee."""


@dataclass(slots=True)
class Receipt:
    at: datetime
    net: int


Held = tuple[datetime, tuple[Part, ...]]
"""From when, and by whom in which parts."""


@dataclass(slots=True)
class Deal:
    """What of a deal's history decides about commission."""

    signing: ContractSigned | None = None
    receipts: dict[str, Receipt] = field(default_factory=dict)
    roles: dict[str, list[Held]] = field(default_factory=dict)
    sharings: dict[str, list[Held]] = field(default_factory=dict)

    def add(self, fact: Fact) -> None:
        """Take a fact in. What takes effect later than it replaces is kept; a later word on the same time counts."""
        match fact:
            case ContractSigned():
                self.signing = fact
            case PaymentReceived():
                self.receipts[fact.payment] = Receipt(fact.at, fact.amount)
            case PaymentRefunded():
                self.receipts[fact.payment].net -= fact.amount
            case RoleEarned():
                enter(self.roles, fact.role, fact.at, (Part(rep=fact.rep, bps=WHOLE),))
            case RoleTransferred():
                enter(self.roles, fact.role, fact.effective_from, fact.parts)
            case RoleRevoked():
                enter(self.roles, fact.role, fact.effective_from, ())
            case RoleExpired():
                enter(self.roles, fact.role, fact.at, ())
            case SharingAgreed():
                enter(self.sharings, fact.of, fact.effective_from, fact.parts)

    def due(self, plan: dict[str, Any]) -> dict[Key, int]:
        """What every payee is due of every payment, by the plan that the contract names."""
        if self.signing is None:
            return {}
        return {
            key: amount
            for payment, receipt in self.receipts.items()
            for key, amount in self.due_of(payment, receipt, max(receipt.at, self.signing.at), plan)
        }

    def due_of(self, payment: str, receipt: Receipt, at: datetime, plan: dict[str, Any]) -> Iterator[tuple[Key, int]]:
        fee = receipt.net * int(plan.get("fee", 0)) // WHOLE
        pool = (receipt.net - fee) * int(plan["rate"]) // WHOLE
        roles = plan["roles"]
        for role, amount in zip(roles, divided(pool, [each["share"] for each in roles]), strict=True):
            for holder, earned in parted(self.holders(role, at, roles), amount):
                shared = held_at(self.sharings.get(holder, []), at) if holder else ()
                for payee, part in parted(shared or ((Part(rep=holder, bps=WHOLE),) if holder else ()), earned):
                    yield (payment, role["role"], holder, payee), part

    def holders(self, role: dict[str, Any], at: datetime, roles: Sequence[dict[str, Any]]) -> tuple[Part, ...]:
        """Who holds a role then, or the first that is held on the way of its fallbacks."""
        by_name = {each["role"]: each for each in roles}
        seen: set[str] = set()
        each: dict[str, Any] | None = role
        while each and each["role"] not in seen:
            seen.add(each["role"])
            if found := held_at(self.roles.get(each["role"], []), at):
                return found
            each = by_name.get(each.get("fallback") or "")
        return ()


def enter(held: dict[str, list[Held]], name: str, since: datetime, parts: tuple[Part, ...]) -> None:
    held[name] = [*(each for each in held.get(name, []) if each[0] < since), (since, parts)]


def held_at(held: Sequence[Held], at: datetime) -> tuple[Part, ...]:
    return next((parts for since, parts in reversed(held) if since <= at), ())


def parted(parts: Sequence[Part], amount: int) -> Iterator[tuple[str | None, int]]:
    """An amount among the parts; all of it to nobody where there are none."""
    if not parts:
        yield None, amount
        return
    yield from zip([each.rep for each in parts], divided(amount, [each.bps for each in parts]), strict=True)


def divided(amount: int, shares: Sequence[int]) -> list[int]:
    """Divide so that nothing is lost; a negative amount is the mirror image.

    >>> divided(1, [1000, 1000, 2000, 1500, 3500, 1000]), divided(-7, [1, 1])
    ([0, 0, 0, 0, 1, 0], [-4, -3])
    """
    if amount < 0:
        return [-part for part in divided(-amount, shares)]
    exact = [divmod(amount * share, sum(shares)) for share in shares]
    left = amount - sum(floor for floor, _ in exact)
    winners = sorted(range(len(shares)), key=lambda i: (-exact[i][1], i))[:left]
    return [floor + (i in winners) for i, (floor, _) in enumerate(exact)]
