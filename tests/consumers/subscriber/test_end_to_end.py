"""From a command to payroll's own books: recorded, relayed through real Kafka, taken in, reckoned, and equal."""

from pathlib import Path
from threading import Event as Stop
from typing import Any

from psycopg import Connection

from ledger_subscriber import SqliteInbox
from ledger_subscriber.examples.payroll_mirror import lines, payroll_mirror
from services.ledger.application import Ledger
from tests.consumers.relaying import Site
from tests.consumers.subscriber.test_examples import ledgers_lines
from tests.consumers.subscriber.test_subscriber import running
from tests.projections.conftest import MakeRunner, Play, clock, ledger, log, make_runner, play, reading
from tests.projections.generated import Chance
from tests.waiting import wait_until

__all__ = ["clock", "ledger", "log", "make_runner", "play", "reading"]


def test_payroll_reckons_the_same_from_what_came_through_kafka(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any], site: Site, tmp_path: Path
) -> None:
    inbox = SqliteInbox(tmp_path / "payroll.db")
    mirror = payroll_mirror(inbox, site.topics.events, {"bootstrap_servers": site.cluster.bootstrap})
    seen: list[int] = []
    mirror.on_batch(lambda events, _: seen.extend(event.position for event in events))
    head = play(Chance(11).commands(1_000))

    assert site.relay().catch_up(Stop()) == head
    with running(mirror):
        wait_until(lambda: len(seen) >= head)
    make_runner().catch_up()

    again = SqliteInbox(tmp_path / "payroll.db")
    assert lines(again.connection) == ledgers_lines(reading)
    assert lines(again.connection) != []
    assert sorted(seen) == list(range(1, head + 1))
    again.close()
