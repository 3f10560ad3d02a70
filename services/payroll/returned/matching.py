"""What was paid against what was to be paid: a pure function, so that the same file gives the same findings."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from projections.payouts import Outcome
from services.payroll.returned.reading import Payment

Key = tuple[str, str]
"""Currency and payee: a statement of the period."""


@dataclass(frozen=True, slots=True)
class Known:
    """A payout that was confirmed before."""

    external_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Different:
    payment: Payment
    payable: int


@dataclass(frozen=True, slots=True)
class Missing:
    payee: str
    currency: str
    payable: int


@dataclass(slots=True)
class Findings:
    """`matched` are to be confirmed, `sent_back` to be recorded as rejected; `before` were. The rest is for people.

    `twice` are payments beyond the first of a statement, or under an external id that another payment has. `rejected` are all
    that the bank rejected; those of `sent_back` had not been told.
    """

    matched: list[Payment] = field(default_factory=list)
    before: list[Payment] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    extra: list[Payment] = field(default_factory=list)
    different: list[Different] = field(default_factory=list)
    twice: list[Payment] = field(default_factory=list)
    rejected: list[Payment] = field(default_factory=list)
    sent_back: list[Payment] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.missing or self.extra or self.different or self.twice or self.rejected)

    def listed(self) -> dict[str, int]:
        """How many there are of everything that people must look at."""
        kinds = ("missing", "extra", "different", "twice", "rejected")
        return {kind: len(found) for kind in kinds if (found := getattr(self, kind))}


def match(
    payments: Sequence[Payment],
    payable: Mapping[Key, int],
    confirmed: Mapping[Key, Known],
    told: Mapping[str, AbstractSet[Outcome]],
) -> Findings:
    """Match payments with statements. `payable` in minor units; `told` says what is known of external ids.

    What the bank rejected comes first: a statement whose payment came back may be paid again in the same file.
    """
    found, seen = Findings(), set[str]()
    standing = dict(confirmed)
    for each in (one for one in payments if one.rejected):
        take_back(each, payable, standing, told, found, seen)
    dealt_with = set(standing)
    for each in (one for one in payments if not one.rejected):
        key = (each.currency, each.payee)
        known = standing.get(key)
        again = each.external_id in seen
        seen.add(each.external_id)
        if not again and known == Known(each.external_id, each.amount):
            found.before.append(each)
        elif again or key in dealt_with or "paid" in told.get(each.external_id, ()):
            found.twice.append(each)
        elif not payable.get(key):
            found.extra.append(each)
        elif payable[key] != each.amount:
            found.different.append(Different(each, payable[key]))
            dealt_with.add(key)
        else:
            found.matched.append(each)
            dealt_with.add(key)
    found.missing = missing(payments, payable, dealt_with | {(each.currency, each.payee) for each in found.rejected})
    return found


def take_back(
    rejected: Payment,
    payable: Mapping[Key, int],
    standing: dict[Key, Known],
    told: Mapping[str, AbstractSet[Outcome]],
    found: Findings,
    seen: set[str],
) -> None:
    """Take in one payment that the bank rejected; one that stood as paid stands no more."""
    key, external = (rejected.currency, rejected.payee), rejected.external_id
    if external in seen:
        found.twice.append(rejected)
        return
    seen.add(external)
    known = standing.get(key)
    if "rejected" in told.get(external, ()) and known:
        found.before.append(rejected)
        return
    found.rejected.append(rejected)
    undoes = known is not None and known.external_id == external
    if "rejected" not in told.get(external, ()) and (undoes or payable.get(key) == rejected.amount):
        found.sent_back.append(rejected)
    if undoes:
        del standing[key]


def missing(payments: Iterable[Payment], payable: Mapping[Key, int], dealt_with: AbstractSet[Key]) -> list[Missing]:
    """What is to be paid, and of which the file says nothing; in the file's currency, if it has one."""
    currencies = {each.currency for each in payments}
    return [
        Missing(payee, currency, amount)
        for (currency, payee), amount in payable.items()
        if amount and (currency, payee) not in dealt_with and (currency in currencies or not currencies)
    ]
