"""A ruling as data: what is decided, from when on, on what ground, and every change that follows from it.

Members vote for a ruling by voting with it: two votes are for the same ruling when their rulings have the same digest.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.conduct.facts import Points
from domain.fact import Id, Instant, Part, Text, customer_stream, deal_stream

Finding = Literal["confirm", "transfer", "split", "void", "remand"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256, in hex."""


def in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Moment = Annotated[Instant, AfterValidator(in_utc)]
"""A time as rulings keep it, in UTC, so that equal rulings are equal however their times were written."""


class Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Remedy(Written):
    """Something that a ruling changes. `effective_from` is the ruling's where it is left out."""

    effective_from: Moment | None = None


class GiveRole(Remedy):
    """The role is another's, from a time on."""

    remedy: Literal["give-role"] = "give-role"
    deal: Id
    role: Id
    to: Id


class SplitRole(Remedy):
    """The role belongs to several, in basis points of it, from a time on."""

    remedy: Literal["split-role"] = "split-role"
    deal: Id
    role: Id
    parts: tuple[Part, ...]


class VoidRole(Remedy):
    """The role is nobody's, from a time on; its share falls to the plan's fallback."""

    remedy: Literal["void-role"] = "void-role"
    deal: Id
    role: Id


class ShareEarnings(Remedy):
    """What `of` earns in the deal is divided, in basis points of it, from a time on."""

    remedy: Literal["share-earnings"] = "share-earnings"
    deal: Id
    of: Id
    parts: tuple[Part, ...]


class OverruleVisit(Remedy):
    """The committee's verdict on a visit stands instead of the system's."""

    remedy: Literal["overrule-visit"] = "overrule-visit"
    customer: Id
    visit: Id
    verdict: Literal["verified", "rejected"]


class PlaceAtVisit(Remedy):
    """The customer is where that visit was made. Verdicts on other visits stay as they are."""

    remedy: Literal["place-at-visit"] = "place-at-visit"
    customer: Id
    visit: Id


class MergeRecords(Remedy):
    """`customer` carries on the record `absorbed`."""

    remedy: Literal["merge-records"] = "merge-records"
    customer: Id
    absorbed: Id


class GiveCustomer(Remedy):
    remedy: Literal["give-customer"] = "give-customer"
    customer: Id
    to: Id


class FreeCustomer(Remedy):
    """The customer goes back to the public pool."""

    remedy: Literal["free-customer"] = "free-customer"
    customer: Id


OfRole = GiveRole | SplitRole | VoidRole
OnDeal = OfRole | ShareEarnings
OnCustomer = OverruleVisit | PlaceAtVisit | MergeRecords | GiveCustomer | FreeCustomer
AnyRemedy = OnDeal | OnCustomer


class Ground(Written):
    """Why: a clause of the policy, a precedent, or, where no rule exists, what serves best. `cites` names the first two."""

    by: Literal["clause", "precedent", "efficiency"]
    cites: Text | None = None


class Censure(Written):
    """Points of credit that somebody loses, and the rule that was broken."""

    rep: Id
    points: Points
    clause: Text


class Ruling(Written):
    """`confirm` leaves the disputed act as it is, `remand` has the case heard again; the others say what they change."""

    finding: Finding
    effective_from: Moment
    ground: Ground
    remedies: tuple[Annotated[AnyRemedy, Field(discriminator="remedy")], ...] = ()
    censures: tuple[Censure, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex: keys sorted, no spaces, UTF-8, what is not said left out."""
        said = self.model_dump(mode="json", exclude_none=True)
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def deals(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.deal for each in self.remedies if isinstance(each, OnDeal)))

    @property
    def customers(self) -> tuple[str, ...]:
        named = (name for each in self.remedies if isinstance(each, OnCustomer) for name in customers_of(each))
        return tuple(dict.fromkeys(named))

    @property
    def streams(self) -> tuple[str, ...]:
        """The histories that it changes."""
        return (*map(deal_stream, self.deals), *map(customer_stream, self.customers))

    def since(self, remedy: Remedy) -> datetime:
        """From when on the remedy counts."""
        return remedy.effective_from or self.effective_from


def customers_of(remedy: OnCustomer) -> tuple[str, ...]:
    return (remedy.customer, remedy.absorbed) if isinstance(remedy, MergeRecords) else (remedy.customer,)


def status_quo(at: datetime) -> Ruling:
    """What holds where no ruling finds its majority: everything stays as it is."""
    return Ruling(finding="confirm", effective_from=at, ground=Ground(by="efficiency", cites=None))
