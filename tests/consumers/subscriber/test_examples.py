"""The examples earn their keep: payroll's own reckoning equals the ledger's line for line, and the board adds up."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from consumers.cloudevent import published
from domain.contract.facts import ContractSigned
from domain.payment.facts import PaymentReceived, PaymentRefunded
from ledger_subscriber import SqliteInbox
from ledger_subscriber.event import Delivery
from ledger_subscriber.examples.leaderboard import leaderboard
from ledger_subscriber.examples.payroll_mirror import Line, lines, payroll_mirror
from services.ledger.application import Ledger
from tests.projections.conftest import MakeRunner, Play, clock, ledger, log, make_runner, play, reading
from tests.projections.generated import Chance

__all__ = ["clock", "ledger", "log", "make_runner", "play", "reading"]

KAFKA = {"bootstrap_servers": "nowhere:9092"}
"""Kafka is not asked here: the same records are given to the subscriber's own door."""


def deliveries(ledger: Ledger) -> Iterator[Delivery]:
    """The whole log as the relay would publish it, in one partition."""
    with ledger.log_recorder.readers.connection() as connection:
        rows: Any = connection.execute("select position, record::text from event order by position").fetchall()
    for position, record in rows:
        event = published(position, record, f"/sales-ledger/{ledger.schema}")
        headers = {name: value.decode() for name, value in event.headers()}
        yield Delivery("events", 0, position - 1, event.key, headers, event.data.encode())


@pytest.mark.parametrize("seed", [6])
def test_payrolls_mirror_equals_the_ledgers_lines(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any], tmp_path: Path, seed: int
) -> None:
    play(Chance(seed).commands(3_500))
    make_runner().catch_up()
    inbox = SqliteInbox(tmp_path / "payroll.db")
    mirror = payroll_mirror(inbox, "events", KAFKA)

    counts = mirror.taking.take(list(deliveries(ledger)))

    ours = ledgers_lines(reading)
    assert lines(inbox.connection) == ours
    assert len(ours) > 200, "enough to mean something"
    assert set(counts) == {"handled"}
    inbox.close()


def ledgers_lines(reading: Connection[Any]) -> list[Line]:
    """The ledger's own lines, as payroll's mirror has them."""
    columns = ", ".join(each.name for each in fields(Line)).replace("amount", "amount::bigint")
    rows: Any = reading.execute(f"select {columns} from commission_line order by position, number".encode())
    return [Line(*row) for row in rows]


def test_the_board_adds_up_to_what_was_received_on_signed_deals(ledger: Ledger, play: Play, tmp_path: Path) -> None:
    play(Chance(7).commands(600))
    inbox = SqliteInbox(tmp_path / "board.db")

    leaderboard(inbox, "events", KAFKA).taking.take(list(deliveries(ledger)))

    signed: dict[str, str] = {}
    expected: Counter[str] = Counter()
    for recorded in ledger.read_all(limit=10_000):
        match recorded.fact:
            case ContractSigned() as fact:
                signed[fact.deal] = fact.rep
            case PaymentReceived() | PaymentRefunded() as fact if fact.deal in signed:
                sign = 1 if isinstance(fact, PaymentReceived) else -1
                expected[signed[fact.deal]] += sign * fact.amount
    found: Counter[str] = Counter()
    for rep, received in inbox.connection.execute("select rep, received from board"):
        found[rep] += received
    assert found == expected
    assert found.total() > 0
    inbox.close()
