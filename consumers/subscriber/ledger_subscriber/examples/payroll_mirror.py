"""Payroll's mirror of the commission lines: derived from the events alone, by payroll's own arithmetic, line for line the ledger's.

It shows a subscriber that keeps histories, and one whose keys need one another: order holds within a key only, so a contract may
come before the policy that it names. Then the deal waits, and what it changes is booked, event by event, once the policy is there.
Run it with `python -m`; `lines()` gives what is to be held against `salesledger lines`.
"""

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic_core import from_json, to_json

from ledger_subscriber import Event, Fact, SqliteInbox, Subscriber
from ledger_subscriber.examples.reckoning import CAUSES, Deal
from ledger_subscriber.kinds import KINDS
from ledger_subscriber.kinds.policy import PolicyPublished

TABLES: Final = """
create table if not exists plan (policy text primary key, zone text not null, commission text not null);
create table if not exists deal_event (deal text, version integer, position integer not null, recorded_at text not null,
    kind text not null, data blob not null, primary key (deal, version));
create table if not exists booked (deal text primary key, version integer not null);
create table if not exists line (position integer, number integer, period text not null, deal text not null,
    customer text not null, payment text not null, role text not null, of text, payee text, amount integer not null,
    currency text not null, cause text not null, policy text not null, primary key (position, number));
create index if not exists line_deal on line (deal);
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One booked line; amounts in minor units. `position` is the event that caused it."""

    position: int
    number: int
    period: str
    deal: str
    customer: str
    payment: str
    role: str
    of: str | None
    payee: str | None
    amount: int
    currency: str
    cause: str
    policy: str


WAITING: Final = """
select distinct e.deal from deal_event e left join booked b on b.deal = e.deal where e.version > coalesce(b.version, 0)
"""


def payroll_mirror(inbox: SqliteInbox, topic: str, kafka: Mapping[str, Any]) -> Subscriber[sqlite3.Connection]:
    """A subscriber that books commission lines in the inbox's database. It parks what it does not know: money never guesses."""
    inbox.connection.executescript(TABLES)
    subscriber = Subscriber(inbox, topic=topic, group="payroll-mirror", kafka=kafka, unknown="park")

    @subscriber.on(PolicyPublished)
    def published(event: Event[PolicyPublished], mirror: sqlite3.Connection) -> None:
        version = event.data.version
        commission = to_json(version["commission"]).decode()
        mirror.execute("insert into plan values (?, ?, ?)", (event.data.policy, version["time_zone"], commission))
        for (deal,) in mirror.execute(WAITING).fetchall():
            book(mirror, deal)

    for kind in CAUSES:
        subscriber.on(kind)(keep)
    return subscriber


def keep(event: Event[Fact], mirror: sqlite3.Connection) -> None:
    """Keep an event of a deal as it came, and book what it changes."""
    deal = event.stream.removeprefix("deal/")
    recorded = event.recorded_at.isoformat()
    row = (deal, event.version, event.position, recorded, event.kind, event.delivery.value)
    mirror.execute("insert into deal_event values (?, ?, ?, ?, ?, ?)", row)
    book(mirror, deal)


def book(mirror: sqlite3.Connection, name: str) -> None:
    """Book what the events of a deal change that were not booked yet, each under its own position, as far as plans are there."""
    done = mirror.execute("select version from booked where deal = ?", (name,)).fetchone()
    booked, deal = (done[0] if done else 0), Deal()
    history = mirror.execute(
        "select version, position, recorded_at, kind, data from deal_event where deal = ? order by version", (name,)
    )
    for version, position, recorded_at, kind, data in history.fetchall():
        fact = KINDS[kind].model_validate_json(data)
        deal.add(fact)
        if version <= booked:
            continue
        if deal.signing is not None:
            plan = mirror.execute(
                "select zone, commission from plan where policy = ?", (deal.signing.policy,)
            ).fetchone()
            if plan is None:
                break
            period = datetime.fromisoformat(recorded_at).astimezone(ZoneInfo(plan[0])).strftime("%Y-%m")
            difference(mirror, deal, from_json(plan[1]), (position, period, CAUSES[type(fact)]))
        booked = version
    mirror.execute("insert or replace into booked values (?, ?)", (name, booked))


def difference(mirror: sqlite3.Connection, deal: Deal, plan: dict[str, Any], when: tuple[int, str, str]) -> None:
    """Book the difference between what is due and what is booked. `when` is the position, the period and the cause."""
    position, period, cause = when
    signing = deal.signing
    assert signing, "asked before"
    now = deal.due(plan)
    rows = mirror.execute(
        "select payment, role, of, payee, sum(amount) from line where deal = ? group by payment, role, of, payee"
        " order by min(position), min(number)",
        (signing.deal,),
    )
    before = {(payment, role, of, payee): amount for payment, role, of, payee, amount in rows}
    keys = [*now, *(key for key in before if key not in now)]
    changed = [key for key in keys if now.get(key, 0) != before.get(key, 0)]
    for number, key in enumerate(changed, 1):
        amount = now.get(key, 0) - before.get(key, 0)
        about = (signing.deal, signing.customer, *key, amount, signing.currency, cause, signing.policy)
        line = (position, number, period, *about)
        mirror.execute("insert into line values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", line)


def lines(mirror: sqlite3.Connection) -> list[Line]:
    """Every line in the order of booking."""
    return [Line(*row) for row in mirror.execute("select * from line order by position, number")]


if __name__ == "__main__":
    servers = {"bootstrap_servers": os.environ.get("KAFKA", "localhost:9092")}
    payroll_mirror(SqliteInbox("payroll.db"), os.environ.get("TOPIC", "sales-ledger.ledger.events"), servers).run()
