"""Payroll's mirror of the commission lines: derived from the events alone, by payroll's own arithmetic, line for line the ledger's.

It shows a subscriber that keeps histories: each event of a deal is kept as it came, and what it changes is booked. Run it with
`python -m`; `lines()` gives what is to be held against `salesledger lines`.
"""

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic_core import from_json, to_json

from ledger_subscriber import Event, Fact, SqliteInbox, Subscriber
from ledger_subscriber.examples.reckoning import CAUSES, Deal
from ledger_subscriber.kinds import KINDS
from ledger_subscriber.kinds.policy import PolicyPublished

TABLES: Final = """
create table if not exists plan (policy text primary key, zone text not null, commission text not null);
create table if not exists deal_event (deal text, version integer, kind text not null, data blob not null,
    primary key (deal, version));
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


def payroll_mirror(inbox: SqliteInbox, topic: str, kafka: Mapping[str, Any]) -> Subscriber[sqlite3.Connection]:
    """A subscriber that books commission lines in the inbox's database. It parks what it does not know: money never guesses."""
    inbox.connection.executescript(TABLES)
    subscriber = Subscriber(inbox, topic=topic, group="payroll-mirror", kafka=kafka, unknown="park")

    @subscriber.on(PolicyPublished)
    def published(event: Event[PolicyPublished], mirror: sqlite3.Connection) -> None:
        version = event.data.version
        commission = to_json(version["commission"]).decode()
        mirror.execute("insert into plan values (?, ?, ?)", (event.data.policy, version["time_zone"], commission))

    for kind in CAUSES:
        subscriber.on(kind)(book)
    return subscriber


def book(event: Event[Fact], mirror: sqlite3.Connection) -> None:
    """Keep an event of a deal, and book the difference that it makes."""
    name = event.stream.removeprefix("deal/")
    value = event.delivery.value
    mirror.execute("insert into deal_event values (?, ?, ?, ?)", (name, event.version, event.kind, value))
    deal = Deal()
    history = mirror.execute("select kind, data from deal_event where deal = ? order by version", (name,))
    for kind, data in history:
        deal.add(KINDS[kind].model_validate_json(data))
    if deal.signing is None:
        return
    policy = deal.signing.policy
    zone, commission = mirror.execute("select zone, commission from plan where policy = ?", (policy,)).fetchone()
    now = deal.due(from_json(commission))
    booked = {
        (payment, role, of, payee): amount
        for payment, role, of, payee, amount in mirror.execute(
            "select payment, role, of, payee, sum(amount) from line where deal = ? group by payment, role, of, payee"
            " order by min(position), min(number)",
            (name,),
        )
    }
    changed = [
        key for key in [*now, *(key for key in booked if key not in now)] if now.get(key, 0) != booked.get(key, 0)
    ]
    period = event.recorded_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m")
    for number, key in enumerate(changed, 1):
        amount = now.get(key, 0) - booked.get(key, 0)
        place, cause = (event.position, number, period), CAUSES[type(event.data)]
        about = (name, deal.signing.customer, *key, amount, deal.signing.currency, cause, policy)
        mirror.execute(f"insert into line values ({', '.join('?' * 13)})", (*place, *about))  # noqa: S608 (our own words)


def lines(mirror: sqlite3.Connection) -> list[Line]:
    """Every line in the order of booking."""
    return [Line(*row) for row in mirror.execute("select * from line order by position, number")]


if __name__ == "__main__":
    servers = {"bootstrap_servers": os.environ.get("KAFKA", "localhost:9092")}
    payroll_mirror(SqliteInbox("payroll.db"), os.environ.get("TOPIC", "sales-ledger.ledger.events"), servers).run()
