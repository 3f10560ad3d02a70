"""The tree of units, and who works where with what duty. Kept with its history: an act is judged by the tree of its time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from domain.conduct.facts import Conduct, ConductFact, PenaltyApplied, PenaltyLifted
from domain.fact import Id, OfOrganisation, Text
from domain.mentorship.facts import MentorAssigned, MentorshipEnded
from domain.person import facts as person
from domain.person.facts import LegalHoldLifted, LegalHoldPlaced, PersonalData, PersonFact, SubjectErased
from domain.personal import Personal

Duty = Literal["rep", "lead", "manager", "mid-office", "finance", "committee", "system"]


class UnitCreated(OfOrganisation):
    kind: Literal["unit-created.v1"] = "unit-created.v1"
    unit: Id
    parent: Id | None = None
    region: Id | None = None
    brand: Id | None = None
    title: Text


class UnitMoved(OfOrganisation):
    kind: Literal["unit-moved.v1"] = "unit-moved.v1"
    unit: Id
    parent: Id


class RepJoined(OfOrganisation):
    kind: Literal["rep-joined.v1"] = "rep-joined.v1"
    rep: Id
    rep_name: Personal | None = None
    unit: Id
    duty: Duty

    @property
    def subject(self) -> str:
        return f"rep/{self.rep}"


class RepTransferred(OfOrganisation):
    kind: Literal["rep-transferred.v1"] = "rep-transferred.v1"
    rep: Id
    unit: Id
    duty: Duty


class RepLeft(OfOrganisation):
    kind: Literal["rep-left.v1"] = "rep-left.v1"
    rep: Id
    ground: Text


class QuotaSet(OfOrganisation):
    """A rep's own quota instead of the policy's; None leaves the policy's."""

    kind: Literal["quota-set.v1"] = "quota-set.v1"
    rep: Id
    held: int | None = None
    close: int | None = None
    claims_a_day: int | None = None
    by: Id


OrganisationFact = (
    UnitCreated
    | UnitMoved
    | RepJoined
    | RepTransferred
    | RepLeft
    | QuotaSet
    | MentorAssigned
    | MentorshipEnded
    | ConductFact
)


@dataclass(frozen=True, slots=True)
class Unit:
    """`parents` are `(since, parent)`, the latest last."""

    unit: str
    title: str
    created: datetime
    region: str | None
    brand: str | None
    parents: tuple[tuple[datetime, str | None], ...]


@dataclass(frozen=True, slots=True)
class Post:
    """Where someone works from then on; `unit` None: has left."""

    since: datetime
    unit: str | None
    duty: Duty


@dataclass(frozen=True, slots=True)
class Rep:
    rep: str
    rep_name: Personal | None
    joined: datetime
    posts: tuple[Post, ...]
    quotas: tuple[QuotaSet, ...] = ()
    mentors: tuple[MentorAssigned, ...] = ()
    conduct: Conduct = Conduct()
    personal: PersonalData = PersonalData()

    def post(self, at: datetime) -> Post | None:
        """Where they worked at that time; None before they joined and after they left."""
        for post in reversed(self.posts):
            if post.since <= at:
                return post if post.unit else None
        return None

    def left_by(self, at: datetime) -> datetime | None:
        """When they left, if they have by then and did not come back."""
        post = next((p for p in reversed(self.posts) if p.since <= at), None)
        return post.since if post and post.unit is None else None

    def departure(self, since: datetime, until: datetime) -> datetime | None:
        """When they were gone for the first time during [since, until], whether or not they came back."""
        if self.post(since) is None:
            return since
        return next((p.since for p in self.posts if p.unit is None and since <= p.since <= until), None)

    def mentor(self, at: datetime) -> MentorAssigned | None:
        return next((m for m in self.mentors if is_live(m, at)), None)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Every unit and every person there ever was, with the times of each."""

    units: dict[str, Unit] = field(default_factory=dict)
    reps: dict[str, Rep] = field(default_factory=dict)

    def parent(self, unit: str, at: datetime) -> str | None:
        return next((parent for since, parent in reversed(self.units[unit].parents) if since <= at), None)

    def line(self, unit: str, at: datetime) -> Iterator[Unit]:
        """The unit and those above it, as the tree was at that time, from the bottom to the top."""
        above: str | None = unit
        while above is not None:
            yield self.units[above]
            above = self.parent(above, at)

    def post(self, rep: str, at: datetime) -> Post | None:
        known = self.reps.get(rep)
        return known.post(at) if known else None

    def left_by(self, rep: str, at: datetime) -> datetime | None:
        known = self.reps.get(rep)
        return known.left_by(at) if known else None

    def own_quotas(self, rep: str, at: datetime) -> Iterator[QuotaSet]:
        """The quotas set for the rep by that time, the latest first."""
        known = self.reps.get(rep)
        return (quota for quota in reversed(known.quotas if known else ()) if quota.at <= at)

    def departure(self, rep: str, since: datetime, until: datetime) -> datetime | None:
        known = self.reps.get(rep)
        return known.departure(since, until) if known else None

    def is_within(self, rep: str, unit: str, at: datetime) -> bool:
        """Whether the rep works in the unit or below it at that time."""
        post = self.post(rep, at)
        return post is not None and post.unit is not None and unit in {u.unit for u in self.line(post.unit, at)}


def evolve(organisation: Organisation, fact: OrganisationFact | PersonFact, position: int = 0) -> Organisation:
    match fact:
        case UnitCreated():
            unit = Unit(fact.unit, fact.title, fact.at, fact.region, fact.brand, ((fact.at, fact.parent),))
            return replace(organisation, units={**organisation.units, fact.unit: unit})
        case UnitMoved():
            unit = organisation.units[fact.unit]
            parents = tuple(sorted((*unit.parents, (fact.at, fact.parent)), key=lambda p: p[0]))
            return replace(organisation, units={**organisation.units, fact.unit: replace(unit, parents=parents)})
        case RepJoined():
            known = organisation.reps.get(fact.rep)
            rep = known or Rep(fact.rep, fact.rep_name, fact.at, ())
            named = replace(rep, rep_name=fact.rep_name or rep.rep_name)
            return posted(organisation, named, Post(fact.at, fact.unit, fact.duty))
        case RepTransferred():
            return posted(organisation, organisation.reps[fact.rep], Post(fact.at, fact.unit, fact.duty))
        case RepLeft():
            rep = organisation.reps[fact.rep]
            return posted(organisation, rep, Post(fact.at, None, rep.posts[-1].duty))
        case QuotaSet():
            rep = organisation.reps[fact.rep]
            quotas = tuple(sorted((*rep.quotas, fact), key=lambda quota: quota.at))
            return known_as(organisation, replace(rep, quotas=quotas))
        case MentorAssigned():
            rep = organisation.reps[fact.rep]
            return known_as(organisation, replace(rep, mentors=(*rep.mentors, fact)))
        case MentorshipEnded():
            rep = organisation.reps[fact.rep]
            ended = tuple(
                m.model_copy(update={"until": fact.at}) if m.mentor == fact.mentor and is_live(m, fact.at) else m
                for m in rep.mentors
            )
            return known_as(organisation, replace(rep, mentors=ended))
        case PenaltyApplied():
            rep = organisation.reps[fact.rep]
            conduct = replace(rep.conduct, applied=(*rep.conduct.applied, fact))
            return known_as(organisation, replace(rep, conduct=conduct))
        case PenaltyLifted():
            rep = organisation.reps[fact.rep]
            conduct = replace(rep.conduct, lifted=(*rep.conduct.lifted, fact.penalty))
            return known_as(organisation, replace(rep, conduct=conduct))
        case SubjectErased() | LegalHoldPlaced() | LegalHoldLifted():
            rep = organisation.reps[fact.whose.removeprefix("rep/")]
            name = None if isinstance(fact, SubjectErased) else rep.rep_name
            return known_as(
                organisation, replace(rep, rep_name=name, personal=person.evolve(rep.personal, fact, position))
            )
    assert_never(fact)


def posted(organisation: Organisation, rep: Rep, post: Post) -> Organisation:
    return known_as(organisation, replace(rep, posts=tuple(sorted((*rep.posts, post), key=lambda p: p.since))))


def known_as(organisation: Organisation, rep: Rep) -> Organisation:
    return replace(organisation, reps={**organisation.reps, rep.rep: rep})


def is_live(mentor: MentorAssigned, at: datetime) -> bool:
    return mentor.at <= at and (mentor.until is None or at < mentor.until)
