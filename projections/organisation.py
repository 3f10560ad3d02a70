"""The organisation and its rules over time: units and who is above them, people and their posts, quotas, mentors, policies.

Rows are only ever added; when one ends follows from the next. So a late entry changes what was true without an edit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, assert_never

from psycopg import Connection

from domain.conduct.facts import PenaltyApplied, PenaltyLifted
from domain.fact import OfCase, OfCustomer, OfDeal, OfSubject
from domain.mentorship.facts import MentorAssigned, MentorshipEnded
from domain.organisation.facts import (
    QuotaSet,
    RepJoined,
    RepLeft,
    RepTransferred,
    UnitCreated,
    UnitMoved,
)
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from projections.desk import Desk
from projections.personal import token
from projections.reading import Page, bounded, instant, page
from projections.table import Table


@dataclass(frozen=True, slots=True)
class UnitRow:
    unit: str
    title: str
    region: str | None
    brand: str | None
    created_at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class ParentRow:
    """From `since` on the unit hangs under `parent` (None: at the top), until a later row's `since`."""

    unit: str
    position: int
    since: datetime
    parent: str | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person; the name is sealed. One row each time they joined."""

    rep: str
    position: int
    joined_at: datetime
    rep_name: str | None


@dataclass(frozen=True, slots=True)
class PostRow:
    """From `since` on the person works in `unit` with that duty (both None: has left), until a later row's `since`."""

    rep: str
    position: int
    since: datetime
    unit: str | None
    duty: str | None


@dataclass(frozen=True, slots=True)
class QuotaRow:
    rep: str
    position: int
    set_at: datetime
    held: int | None
    close: int | None
    claims_a_day: int | None
    set_by: str


@dataclass(frozen=True, slots=True)
class MentorRow:
    """A mentorship assigned (with its share in basis points), or ended (without)."""

    rep: str
    position: int
    mentor: str
    since: datetime
    share: int | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PolicyRow:
    policy: str
    content_hash: str
    effective_from: datetime
    effective_until: datetime | None
    published_at: datetime
    published_by: str
    position: int
    version: dict[str, Any]


UNIT: Final = Table("org_unit", UnitRow, key=("unit",), kept="appended")
PARENT: Final = Table(
    "org_parent", ParentRow, key=("unit", "position"), kept="appended", indexes=("(unit, since, position)", "(parent)")
)
PERSON: Final = Table("org_person", PersonRow, key=("rep", "position"), kept="appended")
POST: Final = Table(
    "org_post", PostRow, key=("rep", "position"), kept="appended", indexes=("(rep, since, position)", "(unit, rep)")
)
QUOTA: Final = Table("org_quota", QuotaRow, key=("rep", "position"), kept="appended")
MENTOR: Final = Table("org_mentor", MentorRow, key=("rep", "position"), kept="appended", indexes=("(mentor)",))
POLICY: Final = Table("org_policy", PolicyRow, key=("policy",), kept="appended")


class OrganisationChart:
    name: ClassVar[str] = "organisation"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (UNIT, PARENT, PERSON, POST, QUOTA, MENTOR, POLICY)

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        for recorded in batch:
            fact, at = recorded.fact, recorded.position
            match fact:
                case UnitCreated():
                    desk.open(UNIT).append(UnitRow(fact.unit, fact.title, fact.region, fact.brand, fact.at, at))
                    desk.open(PARENT).append(ParentRow(fact.unit, at, fact.at, fact.parent))
                case UnitMoved():
                    desk.open(PARENT).append(ParentRow(fact.unit, at, fact.at, fact.parent))
                case RepJoined():
                    name = token(fact.rep_name) if fact.rep_name else None
                    desk.open(PERSON).append(PersonRow(fact.rep, at, fact.at, name))
                    desk.open(POST).append(PostRow(fact.rep, at, fact.at, fact.unit, fact.duty))
                case RepTransferred():
                    desk.open(POST).append(PostRow(fact.rep, at, fact.at, fact.unit, fact.duty))
                case RepLeft():
                    desk.open(POST).append(PostRow(fact.rep, at, fact.at, None, None))
                case QuotaSet():
                    quota = QuotaRow(fact.rep, at, fact.at, fact.held, fact.close, fact.claims_a_day, fact.by)
                    desk.open(QUOTA).append(quota)
                case MentorAssigned():
                    desk.open(MENTOR).append(MentorRow(fact.rep, at, fact.mentor, fact.at, fact.share, fact.until))
                case MentorshipEnded():
                    desk.open(MENTOR).append(MentorRow(fact.rep, at, fact.mentor, fact.at, None, None))
                case PolicyPublished():
                    desk.open(POLICY).append(published(fact, at))
                case PenaltyApplied() | PenaltyLifted() | OfCase() | OfCustomer() | OfDeal() | OfSubject():
                    continue
                case _:
                    assert_never(fact)


def published(fact: PolicyPublished, position: int) -> PolicyRow:
    return PolicyRow(
        policy=fact.policy,
        content_hash=fact.content_hash,
        effective_from=fact.version.effective_from,
        effective_until=fact.version.effective_until,
        published_at=fact.at,
        published_by=fact.by,
        position=position,
        version=fact.version.model_dump(mode="json"),
    )


def policy_for(connection: Connection[Any], policy: str | None) -> PolicyVersion | None:
    """A published version by its id."""
    row = connection.execute("SELECT version FROM org_policy WHERE policy = %s", [policy]).fetchone()
    return PolicyVersion.model_validate(row[0]) if row else None


def policies(connection: Connection[Any]) -> Page[PolicyRow]:
    """Every version ever published, in the order of publishing."""
    with instant(connection, OrganisationChart) as position:
        statement = f"SELECT {', '.join(POLICY.columns)} FROM org_policy ORDER BY position"  # noqa: S608 (our own words)
        return Page(position, [POLICY.read(row) for row in connection.execute(statement.encode())])


@dataclass(frozen=True, slots=True)
class Interval:
    """That `what` was so during [`since`, `until`); `until` None: still."""

    what: str
    since: datetime
    until: datetime | None
    duty: str | None = None


def posts(connection: Connection[Any], rep: str) -> Page[Interval]:
    """Where someone worked, in the order of time; a post that a later entry superseded from its start is left out."""
    with instant(connection, OrganisationChart) as position:
        rows = connection.execute(
            "SELECT unit, since, until, duty FROM (SELECT unit, since, duty, lead(since) OVER (ORDER BY since, position)"
            " AS until FROM org_post WHERE rep = %s) p WHERE unit IS NOT NULL AND until IS DISTINCT FROM since ORDER BY since",
            [rep],
        )
        return Page(position, [Interval(*row) for row in rows])


def parents(connection: Connection[Any], unit: str) -> Page[Interval]:
    """Under which units a unit hung, in the order of time."""
    with instant(connection, OrganisationChart) as position:
        rows = connection.execute(
            "SELECT parent, since, until FROM (SELECT parent, since, lead(since) OVER (ORDER BY since, position) AS until"
            " FROM org_parent WHERE unit = %s) p WHERE parent IS NOT NULL AND until IS DISTINCT FROM since ORDER BY since",
            [unit],
        )
        return Page(position, [Interval(*row) for row in rows])


def mentors(connection: Connection[Any], rep: str) -> Page[Interval]:
    """Who trained someone, in the order of time. Without an end of its own a mentorship lasts until it was ended."""
    with instant(connection, OrganisationChart) as position:
        rows = connection.execute(
            "SELECT m.mentor, m.since, coalesce(m.until, (SELECT min(e.since) FROM org_mentor e WHERE e.rep = m.rep"
            " AND e.mentor = m.mentor AND e.share IS NULL AND e.position > m.position))"
            " FROM org_mentor m WHERE m.rep = %s AND m.share IS NOT NULL ORDER BY m.since, m.position",
            [rep],
        )
        return Page(position, [Interval(*row) for row in rows])


@dataclass(frozen=True, slots=True)
class Member:
    rep: str
    unit: str
    duty: str


def members(
    connection: Connection[Any], unit: str, at: datetime, limit: int = 200, after: tuple[Any, ...] | None = None
) -> Page[Member]:
    """Who worked in the unit itself at that time, by id."""
    with instant(connection, OrganisationChart) as position:
        rows = connection.execute(
            "SELECT p.rep, p.unit, p.duty FROM (SELECT DISTINCT rep FROM org_post WHERE unit = %s) r,"
            " LATERAL (SELECT rep, unit, duty FROM org_post WHERE org_post.rep = r.rep AND since <= %s"
            " ORDER BY since DESC, position DESC LIMIT 1) p WHERE p.unit = %s AND p.rep > %s ORDER BY p.rep LIMIT %s",
            [unit, at, unit, after[0] if after else "", bounded(limit) + 1],
        )
        return page(position, [Member(*row) for row in rows], limit, lambda row: (row.rep,))
