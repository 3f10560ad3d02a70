"""What the pool's rules leave of each rep: who must wait before claiming again, and how much of each quota is left."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.effects import claims_of, close_of, held_by
from domain.quota import claims_quota, close_quota, held_quota
from projections.organisation import OrganisationChart, policy_for
from projections.pool import PoolBoard, one
from projections.reading import Found, Page, instant
from projections.reps import rep_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """A former owner who may not claim again before `until`."""

    owner: str
    since: datetime
    until: datetime
    clause: str


def cooling_down(connection: Connection[Any], customer: str, at: datetime) -> Page[Waiting]:
    """Who waits out the cool-down at that time, by the policy under which each held the customer."""
    with instant(connection, PoolBoard, OrganisationChart) as position:
        found = one(connection, customer).row
        waiting = []
        for former in found.given_up if found else []:
            policy = policy_for(connection, former["policy"])
            gone = datetime.fromisoformat(former["at"])
            if policy and gone <= at < gone + policy.pool.cool_down:
                until = gone + policy.pool.cool_down
                waiting.append(Waiting(former["owner"], gone, until, policy.clause("cool-down")))
        return Page(position, waiting)


@dataclass(frozen=True, slots=True)
class Quota:
    """What a quota allows, how much of it is used, and what is left."""

    allowed: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)


@dataclass(frozen=True, slots=True)
class QuotaLeft:
    """A rep's quotas at a time: customers held, customers close to signing, claims of that day."""

    rep: str
    policy: str
    held: Quota
    close: Quota
    claims_today: Quota


def quota_left(connection: Connection[Any], rep: str, at: datetime) -> Found[QuotaLeft]:
    """What the rep's own quotas, or those of the policy in force for the rep's unit, leave. None for who works nowhere."""
    with instant(connection, PoolBoard, OrganisationChart) as position:
        known = rep_of(connection, rep, at)
        if known is None or known.policy is None:
            return Found(position, None)
        terms, own = known.policy.pool.quota, known.quotas
        allowed = (
            held_quota(own, terms),
            close_quota(own, terms, known.joined_at, at),
            claims_quota(own, terms),
        )
        day = at.astimezone(known.policy.zone).date()
        keys = [held_by(rep), close_of(rep), claims_of(rep, day)]
        counted = {
            (kind, key): int(n)
            for kind, key, n in connection.execute(
                "SELECT kind, key, n FROM pool_tally JOIN unnest(%s::text[], %s::text[]) k (kind, key) USING (kind, key)",
                [[kind for kind, _ in keys], [key for _, key in keys]],
            )
        }
        held_, close, claims = (Quota(n, counted.get(key, 0)) for n, key in zip(allowed, keys, strict=True))
        return Found(position, QuotaLeft(rep, known.policy.policy, held_, close, claims))
