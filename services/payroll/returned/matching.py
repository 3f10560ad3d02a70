"""What was paid against what was to be paid: a pure function, so that the same file gives the same findings."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

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
    """`matched` are to be confirmed; `before` were. The rest is for people: nothing of it is recorded.

    `twice` are payments beyond the first of a statement, or under an external id that another payment has.
    """

    matched: list[Payment] = field(default_factory=list)
    before: list[Payment] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    extra: list[Payment] = field(default_factory=list)
    different: list[Different] = field(default_factory=list)
    twice: list[Payment] = field(default_factory=list)
    rejected: list[Payment] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.missing or self.extra or self.different or self.twice or self.rejected)


def match(
    payments: Iterable[Payment],
    payable: Mapping[Key, int],
    confirmed: Mapping[Key, Known],
    used: AbstractSet[str],
) -> Findings:
    """Match payments with statements. `payable` in minor units; `used` are external ids of payouts confirmed before."""
    found, seen, dealt_with = Findings(), set[str](), set(confirmed)
    currencies = set[str]()
    for each in payments:
        key = (each.currency, each.payee)
        currencies.add(each.currency)
        if each.rejected:
            found.rejected.append(each)
            continue
        known = confirmed.get(key)
        again = each.external_id in seen
        seen.add(each.external_id)
        if not again and known == Known(each.external_id, each.amount):
            found.before.append(each)
        elif again or key in dealt_with or each.external_id in used:
            found.twice.append(each)
        elif not payable.get(key):
            found.extra.append(each)
        elif payable[key] != each.amount:
            found.different.append(Different(each, payable[key]))
            dealt_with.add(key)
        else:
            found.matched.append(each)
            dealt_with.add(key)
    refused = {(each.currency, each.payee) for each in found.rejected}
    for (currency, payee), amount in payable.items():
        if amount and (currency, payee) not in dealt_with | refused and (currency in currencies or not currencies):
            found.missing.append(Missing(payee, currency, amount))
    return found
