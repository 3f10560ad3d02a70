"""A live leaderboard in one SQLite file: who brings in how much, month by month. Run it with `python -m`.

It shows what a small subscriber needs: an inbox in a file, and a handler for each kind that matters.
"""

import os
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from ledger_subscriber import Event, SqliteInbox, Subscriber
from ledger_subscriber.kinds.contract import ContractSigned
from ledger_subscriber.kinds.payment import PaymentReceived, PaymentRefunded

TABLES: Final = """
create table if not exists deal (deal text primary key, rep text not null);
create table if not exists board (month text, rep text, currency text, received integer not null, contracts integer not null,
    primary key (month, rep, currency));
"""
ADD: Final = """
insert into board values (?, ?, ?, ?, ?) on conflict (month, rep, currency)
do update set received = received + excluded.received, contracts = contracts + excluded.contracts
"""
RANKED: Final = "select rep, currency, received, contracts from board where month = ? order by received desc, rep"


def leaderboard(inbox: SqliteInbox, topic: str, kafka: Mapping[str, Any]) -> Subscriber[sqlite3.Connection]:
    """A subscriber that keeps the board: net money received and contracts signed, by the month in which it happened.

    Money counts for who signed the deal's contract; money before the signing for nobody.
    """
    inbox.connection.executescript(TABLES)
    subscriber = Subscriber(inbox, topic=topic, group="leaderboard", kafka=kafka, unknown="pass")

    @subscriber.on(ContractSigned)
    def signed(event: Event[ContractSigned], board: sqlite3.Connection) -> None:
        contract = event.data
        board.execute("insert or replace into deal values (?, ?)", (contract.deal, contract.rep))
        board.execute(ADD, (month(event), contract.rep, contract.currency, 0, 1))

    @subscriber.on(PaymentReceived)
    def received(event: Event[PaymentReceived], board: sqlite3.Connection) -> None:
        add(board, event, event.data.amount)

    @subscriber.on(PaymentRefunded)
    def refunded(event: Event[PaymentRefunded], board: sqlite3.Connection) -> None:
        add(board, event, -event.data.amount)

    return subscriber


def add(board: sqlite3.Connection, event: Event[PaymentReceived] | Event[PaymentRefunded], amount: int) -> None:
    closer = board.execute("select rep from deal where deal = ?", (event.data.deal,)).fetchone()
    if closer:
        board.execute(ADD, (month(event), closer[0], event.data.currency, amount, 0))


def month(event: Event[Any]) -> str:
    return f"{event.data.at:%Y-%m}"


def ranked(board: sqlite3.Connection, of: str) -> list[tuple[str, str, int, int]]:
    """The board of a month `YYYY-MM`: rep, currency, net received in minor units, contracts; the best first."""
    return list(board.execute(RANKED, (of,)))


if __name__ == "__main__":
    servers = {"bootstrap_servers": os.environ.get("KAFKA", "localhost:9092")}
    leaderboard(SqliteInbox("leaderboard.db"), os.environ.get("TOPIC", "sales-ledger.ledger.events"), servers).run()
