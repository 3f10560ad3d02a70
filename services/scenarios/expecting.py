"""What a story expects, beside what came of it: every expectation becomes comparisons, each with its place in the file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.commission import Line
from domain.effects import claims_of, close_of, held_by
from domain.quota import claims_quota, close_quota, held_quota
from domain.world import World
from services.scenarios.judging import of_case
from services.scenarios.reckoning import Booking, Reckoning
from services.scenarios.story import (
    NOBODY,
    BookedExpected,
    Expectations,
    MilestoneExpected,
    OwnerExpected,
    OwnershipExpected,
    QuotaExpected,
    ReceiptExpected,
    RolesExpected,
)
from services.yaml_places import Steps

Instant = Callable[[datetime], datetime]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`steps` lead to the expectation in the file. Both sides are plain values; times are instants."""

    what: str
    expected: Any
    actual: Any
    steps: Steps

    @property
    def good(self) -> bool:
        return bool(self.expected == self.actual)


@dataclass(frozen=True, slots=True)
class Looking:
    """One look at the story: what the log says, which commands were refused so far, and how the story's times are meant."""

    reckoning: Reckoning
    refusals: tuple[str, ...]
    instant: Instant

    def at(self, moment: datetime | None) -> datetime:
        return self.instant(moment) if moment else self.reckoning.now


def compare(expected: Expectations, look: Looking, steps: Steps) -> Iterator[Comparison]:
    """Every expectation beside what is."""
    for i, owner in enumerate(expected.owners):
        yield from of_owner(owner, look, (*steps, "owners", i))
    for i, ownership in enumerate(expected.ownership):
        yield from of_ownership(ownership, look, (*steps, "ownership", i))
    for i, history in enumerate(expected.histories):
        actual = [fact.kind for fact in look.reckoning.history(history.history)]
        yield Comparison(f"facts of {history.history}", list(history.facts), actual, (*steps, "histories", i))
    if expected.refusals is not None:
        told = [str(code) for code in expected.refusals]
        yield Comparison("refusals", told, list(look.refusals), (*steps, "refusals"))
    for i, roles in enumerate(expected.roles):
        yield from of_roles(roles, look, (*steps, "roles", i))
    for i, receipt in enumerate(expected.receipts):
        yield from of_receipt(receipt, look, (*steps, "receipts", i))
    for i, booked in enumerate(expected.booked):
        yield of_booked(booked, look, (*steps, "booked", i))
    if expected.totals is not None:
        actual_totals = named(look.reckoning.totals())
        wanted = dict.fromkeys(actual_totals, 0) | dict(expected.totals)
        yield Comparison("totals", wanted, dict.fromkeys(wanted, 0) | actual_totals, (*steps, "totals"))
    for i, quota in enumerate(expected.quota_left):
        yield from of_quota(quota, look, (*steps, "quota_left", i))
    for i, milestone in enumerate(expected.milestones):
        yield from of_milestone(milestone, look, (*steps, "milestones", i))
    for i, case in enumerate(expected.cases):
        for what, wanted, actual in of_case(case, look.reckoning.case(case.case, look.at(case.at)), look.instant):
            yield Comparison(f"{what} of case {case.case}", wanted, actual, (*steps, "cases", i))


def of_owner(expected: OwnerExpected, look: Looking, steps: Steps) -> Iterator[Comparison]:
    at = look.at(expected.at)
    holding = look.reckoning.world(at).customer(expected.customer).holding
    about = f"of {expected.customer} at {at:%Y-%m-%d %H:%M}"
    yield Comparison(f"owner {about}", expected.owner, holding.owner or NOBODY, steps)
    if expected.deadline:
        deadline = None if expected.deadline == "none" else look.instant(expected.deadline)
        yield Comparison(f"deadline {about}", deadline, holding.deadline, steps)
    if expected.tier:
        yield Comparison(f"tier {about}", expected.tier, holding.tier, steps)


def of_ownership(expected: OwnershipExpected, look: Looking, steps: Steps) -> Iterator[Comparison]:
    actual = look.reckoning.intervals(expected.customer)
    for n, (wanted, found) in enumerate(padded(expected.intervals, actual), start=1):
        what = f"ownership {n} of {expected.customer}"
        left = wanted and [
            wanted.owner,
            look.instant(wanted.since),
            look.instant(wanted.until) if wanted.until else None,
            wanted.ended or (found and found.ended),
        ]
        right = found and [found.owner, found.since, found.until, found.ended]
        yield Comparison(what, left, right, steps)


def of_roles(expected: RolesExpected, look: Looking, steps: Steps) -> Iterator[Comparison]:
    roles, at = look.reckoning.deal(expected.deal).roles, look.at(expected.at)
    for role, holder in expected.holders.items():
        parts = {part.rep: part.bps for part in roles.holders(role, at)}
        whole = next(iter(parts), NOBODY) if len(parts) < 2 else parts
        wanted = holder if isinstance(holder, str) else dict(holder)
        yield Comparison(f"{role} of {expected.deal}", wanted, whole, (*steps, "holders", role))


def of_receipt(expected: ReceiptExpected, look: Looking, steps: Steps) -> Iterator[Comparison]:
    """The lines of a payment by role and payee as booked, the pool, and that the one is the sum of the other."""
    about = f"of {expected.payment}"
    attributed = [line for line in look.reckoning.attributed(expected.deal) if line.payment == expected.payment]
    pool = attributed[0].pool if attributed else None
    yield Comparison(f"pool {about}", expected.pool, pool and pool.amount, (*steps, "pool"))
    if expected.fee is not None:
        yield Comparison(f"fee {about}", expected.fee, pool and pool.fee, (*steps, "fee"))
    lines = [line for line in look.reckoning.booked(expected.deal) if line.payment == expected.payment]
    actual = by_role(lines)
    for role in dict.fromkeys((*expected.lines, *actual)):
        wanted = dict(expected.lines.get(role, {}))
        yield Comparison(f"{role} {about}", wanted, actual.get(role, {}), (*steps, "lines", role))
    yield Comparison(f"sum of the lines {about}", expected.pool, sum(line.amount for line in lines), (*steps, "lines"))
    if expected.falls_to:
        fallen = {line.role: line.held_by for line in attributed if line.role != line.held_by}
        yield Comparison(f"fallbacks {about}", dict(expected.falls_to), fallen, (*steps, "falls_to"))


def of_booked(expected: BookedExpected, look: Looking, steps: Steps) -> Comparison:
    amounts = Counter[str | None]()
    for booking in look.reckoning.booked(expected.deal):
        if expected.because in booking.because:
            amounts[booking.payee] += booking.amount
    return Comparison(f"booked because of {expected.because}", dict(expected.amounts), named(amounts), steps)


def of_quota(expected: QuotaExpected, look: Looking, steps: Steps) -> Iterator[Comparison]:
    at = look.at(expected.at)
    left = quota_left(look.reckoning.world(at), expected.rep, at)
    for what, wanted in (("held", expected.held), ("close", expected.close), ("claims", expected.claims)):
        if wanted is not None:
            about = f"{what} left to {expected.rep} at {at:%Y-%m-%d %H:%M}"
            yield Comparison(about, wanted, left.get(what), (*steps, what))


def quota_left(world: World, rep: str, at: datetime) -> dict[str, int]:
    """What a rep may still hold, hold close, and claim on that day; empty where no policy says."""
    policy, known = world.policy(at, rep), world.organisation.reps.get(rep)
    if policy is None or known is None:
        return {}
    terms = policy.pool.quota
    own = tuple(world.organisation.own_quotas(rep, at))
    day = at.astimezone(policy.zone).date()
    return {
        "held": held_quota(own, terms) - world.tally(held_by(rep)),
        "close": close_quota(own, terms, known.joined, at) - world.tally(close_of(rep)),
        "claims": claims_quota(own, terms) - world.tally(claims_of(rep, day)),
    }


def of_milestone(expected: MilestoneExpected, look: Looking, steps: Steps) -> Iterator[Comparison]:
    at = look.at(expected.at)
    found = look.reckoning.deal(expected.deal, at).contract.milestones.get(expected.milestone)
    about = f"{expected.milestone} of {expected.deal}"
    yield Comparison(f"amount of {about}", expected.amount, found and found.amount, (*steps, "amount"))
    if expected.told:
        yield Comparison(f"{about} at {at:%Y-%m-%d %H:%M}", expected.told, found and found.told, (*steps, "told"))


def by_role(lines: Iterable[Booking | Line]) -> dict[str, dict[str, int]]:
    """Amounts by role and payee."""
    found: dict[str, Counter[str | None]] = {}
    for line in lines:
        found.setdefault(line.role, Counter())[line.payee] += line.amount
    return {role: named(payees) for role, payees in found.items()}


def arranged_as_attributed(reckoning: Reckoning) -> Iterator[Comparison]:
    """That what the read model has booked of each deal is what the plan attributes; what was booked and taken back is none."""
    for deal in reckoning.deals():
        attributed, booked = (
            without_nothing(by_role(each)) for each in (reckoning.attributed(deal), reckoning.booked(deal))
        )
        yield Comparison(f"all lines of {deal}", attributed, booked, ())


def without_nothing(lines: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {role: {payee: amount for payee, amount in payees.items() if amount} for role, payees in lines.items()}


def named(amounts: Mapping[str | None, int]) -> dict[str, int]:
    return {payee or NOBODY: amount for payee, amount in amounts.items()}


def padded(expected: tuple[Any, ...], actual: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Both side by side, None where one is shorter."""
    for i in range(max(len(expected), len(actual))):
        yield expected[i] if i < len(expected) else None, actual[i] if i < len(actual) else None
