"""Published policies: immutable, scoped, hashed, each in force from its own time on."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, assert_never

from domain.fact import POLICIES, Fact, Id
from domain.organisation.facts import Organisation
from domain.policy.succession import end, meet
from domain.policy.terms import PolicyVersion, Scope


class PolicyPublished(Fact):
    """Carries the whole version, so that the log alone tells by which rules each act was judged."""

    kind: Literal["policy-published.v1"] = "policy-published.v1"
    policy: Id
    content_hash: str
    version: PolicyVersion
    by: Id

    @property
    def stream(self) -> str:
        return POLICIES


PolicyFact = PolicyPublished

EVERYWHERE: Final = Scope()


@dataclass(frozen=True, slots=True)
class Reign:
    """When a version is in force: from its beginning until, before `until`, it ends or another supersedes it."""

    version: PolicyVersion
    since: datetime
    until: datetime | None
    everywhere: bool

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Every version ever published, by its id, and the content hash under which it was.

    `reigns` are the versions in the order in which one goes before another: the narrowest scope first, of those the latest.
    """

    versions: dict[str, PolicyVersion] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    reigns: tuple[Reign, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        everything = self.versions.values()
        ranked = sorted(everything, key=lambda each: (each.scope.narrowness, each.effective_from), reverse=True)
        reigns = tuple(
            Reign(each, each.effective_from, end(each, everything), each.scope == EVERYWHERE) for each in ranked
        )
        object.__setattr__(self, "reigns", reigns)

    def __getitem__(self, policy: str) -> PolicyVersion:
        return self.versions[policy]

    def in_force(
        self, at: datetime, organisation: Organisation, unit: str | None = None, product: str | None = None
    ) -> PolicyVersion | None:
        """The version for an act of that time, of a unit and a product: the narrowest scope that fits, or None.

        A version that another supersedes is in force until that one begins.
        """
        for reign in self.reigns:
            scope = reign.version.scope
            if reign.covers(at) and (reign.everywhere or applies(scope, at, organisation, unit, product)):
                return reign.version
        return None

    def rival(self, version: PolicyVersion) -> PolicyVersion | None:
        """A published version of the same scope that would be in force at the same time as this one."""
        everything = [*self.versions.values(), version]
        same = (other for other in self.versions.values() if other.scope == version.scope)
        return next((other for other in same if meet(version, other, everything)), None)


def applies(scope: Scope, at: datetime, organisation: Organisation, unit: str | None, product: str | None) -> bool:
    """Whether an act of that unit and product lies in the scope, by the tree of that time."""
    line = tuple(organisation.line(unit, at)) if unit in organisation.units else ()
    region = next((each.region for each in line if each.region), None)
    brand = next((each.brand for each in line if each.brand), None)
    return (
        scope.product in (None, product)
        and scope.region in (None, region)
        and scope.brand in (None, brand)
        and (scope.team is None or scope.team in {each.unit for each in line})
    )


def evolve(book: PolicyBook, fact: PolicyFact, position: int = 0) -> PolicyBook:
    del position
    match fact:
        case PolicyPublished():
            return replace(
                book,
                versions={**book.versions, fact.policy: fact.version},
                hashes={**book.hashes, fact.policy: fact.content_hash},
            )
    assert_never(fact)


__all__ = ["PolicyBook", "PolicyFact", "PolicyPublished", "Scope", "evolve"]
