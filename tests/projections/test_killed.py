"""A process that arranges is killed at moments of chance; another goes on, and nothing is missing or twice."""

from functools import partial
from multiprocessing import get_context
from random import Random
from threading import Event
from typing import Any

from psycopg import Connection

from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.application import Ledger, open_ledger
from services.vault import Vault
from tests.conftest import MASTER_KEY
from tests.projections.conftest import MakeRunner, Play
from tests.projections.generated import Chance
from tests.projections.test_runner import all_at, all_equal_to_the_log, positions, wait_for


def arrange(dsn: str, schema: str) -> None:
    """What a process of its own does until it is killed."""
    with open_ledger(dsn, schema, Vault(MASTER_KEY)) as ledger:
        log = log_of(ledger.notification_log, ledger.mapper)
        channel = ledger.log_recorder.channel
        Runner(partial(connect, dsn, schema), log, channel=channel, batch_size=25).run_forever(Event())


def test_runners_killed_in_the_middle_leave_each_fact_applied_once(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    head = play(Chance(61).commands(1500))
    chance = Random(61)
    make_runner().catch_up(0)

    for share in (5, 3, 2):
        process = get_context("spawn").Process(target=arrange, args=(ledger.dsn, ledger.schema))
        process.start()
        somewhere = chance.randrange(head // share)
        wait_for(lambda: min(positions(reading).values()) >= somewhere)  # noqa: B023 (called before the next round)
        process.kill()
        process.join()
    make_runner().catch_up()

    assert all_at(reading, head)
    assert all_equal_to_the_log(make_runner)
