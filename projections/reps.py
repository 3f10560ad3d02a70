"""Someone as of a time: where they worked, with what duty and quotas, under which policy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.organisation.facts import Organisation, QuotaSet, Unit
from domain.policy.facts import PolicyBook
from domain.policy.terms import PolicyVersion
from projections.organisation import policies


@dataclass(frozen=True, slots=True)
class KnownRep:
    """Someone as of a time: since when in the organisation, where, with what duty and quotas, under which policy."""

    rep: str
    joined_at: datetime
    rep_name: str | None
    unit: str
    duty: str
    line: tuple[str, ...]
    quotas: tuple[QuotaSet, ...]
    policy: PolicyVersion | None


def rep_of(connection: Connection[Any], rep: str, at: datetime) -> KnownRep | None:
    """Someone as of a time; None for who did not work there then. `line` is the unit and those above it."""
    person = connection.execute(
        "SELECT min(joined_at), (array_agg(rep_name ORDER BY position DESC))[1] FROM org_person WHERE rep = %s", [rep]
    ).fetchone()
    post = connection.execute(
        "SELECT unit, duty FROM org_post WHERE rep = %s AND since <= %s ORDER BY since DESC, position DESC LIMIT 1",
        [rep, at],
    ).fetchone()
    if person is None or person[0] is None or post is None or post[0] is None:
        return None
    units = line_of(connection, post[0], at)
    book = PolicyBook({p.policy: PolicyVersion.model_validate(p.version) for p in policies(connection).rows})
    line = Organisation(units={unit.unit: unit for unit in units})
    return KnownRep(
        rep=rep,
        joined_at=person[0],
        rep_name=person[1],
        unit=post[0],
        duty=post[1],
        line=tuple(unit.unit for unit in units),
        quotas=quotas_of(connection, rep, at),
        policy=book.in_force(at, line, post[0]),
    )


def line_of(connection: Connection[Any], unit: str, at: datetime) -> list[Unit]:
    """The unit and those above it, as the tree was then, from the bottom to the top."""
    rows = connection.execute(
        'WITH RECURSIVE line (unit, depth) AS (SELECT %s::text COLLATE "C", 0 UNION ALL'
        " SELECT p.parent, depth + 1 FROM line, LATERAL (SELECT parent FROM org_parent"
        " WHERE org_parent.unit = line.unit AND since <= %s ORDER BY since DESC, position DESC LIMIT 1) p"
        " WHERE p.parent IS NOT NULL)"
        " SELECT u.unit, u.title, u.created_at, u.region, u.brand, lead(u.unit) OVER (ORDER BY depth)"
        " FROM line JOIN org_unit u USING (unit) ORDER BY depth",
        [unit, at],
    )
    return [
        Unit(name, title, created, region, brand, ((created, parent),))
        for name, title, created, region, brand, parent in rows
    ]


def quotas_of(connection: Connection[Any], rep: str, at: datetime) -> tuple[QuotaSet, ...]:
    """The quotas set for someone by then, the latest first."""
    rows = connection.execute(
        "SELECT set_at, held, close, claims_a_day, set_by FROM org_quota WHERE rep = %s AND set_at <= %s"
        " ORDER BY position DESC",
        [rep, at],
    )
    return tuple(
        QuotaSet(at=at, rep=rep, held=held, close=close, claims_a_day=claims, by=by)
        for at, held, close, claims, by in rows
    )
