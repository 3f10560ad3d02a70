"""The relay killed at every step, the broker killed between and under it: what was recorded is in Kafka once and in order.

`make soak` kills two hundred times, and prints the seed that repeats it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

from consumers.cluster import Cluster
from services.ledger.application import Ledger
from tests.consumers.dying_relay import BATCH, PARTITIONS
from tests.consumers.relaying import Site, committed, in_order_by_key, position, running
from tests.consumers.soaking import ROUNDS, SEED, chance
from tests.kafka import Broker
from tests.waiting import wait_until

STEPS_OF_A_TRANSACTION = PARTITIONS + 5
DIES_WITHIN_S = 90.0
RESTART_AFTER = 2 if ROUNDS < 10 else 10
"""Kills of the relay between two of the broker."""


@contextmanager
def dying(site: Site, step: int, delay_ms: float) -> Iterator[subprocess.Popen[bytes]]:
    where = [site.ledger.dsn, site.ledger.schema, site.cluster.bootstrap, site.topics.prefix]
    command = [sys.executable, "-m", "tests.consumers.dying_relay", *where, str(step), str(delay_ms)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=root) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_relay_killed_at_any_step_loses_and_repeats_nothing(ledger: Ledger, own_broker: Broker) -> None:
    site, luck = Site(ledger, Cluster(own_broker.bootstrap)), chance("relay")
    for kill in range(1, ROUNDS + 1):
        site.record(luck.randint(BATCH, 3 * BATCH))
        step, delay_ms = luck.randrange(3 * STEPS_OF_A_TRANSACTION), luck.uniform(0, 15)
        deadline = monotonic() + DIES_WITHIN_S
        with ExitStack() as started:
            together = 2 if luck.random() < 0.2 else 1
            relays = [started.enter_context(dying(site, step, delay_ms)) for _ in range(together)]
            while any(relay.poll() is None for relay in relays):
                assert monotonic() < deadline, f"seed {SEED}, kill {kill}: alive at step {step}"
                site.record(5)
        if kill % RESTART_AFTER == 0:
            own_broker.kill()
            own_broker.start()

    last = site.relay().catch_up(Event())

    records = committed(site.cluster.bootstrap, site.topics.events)
    assert sorted(map(position, records)) == list(range(1, last + 1)), f"seed {SEED}"
    assert in_order_by_key(records), f"seed {SEED}"
    assert site.auditor().audit().agrees, f"seed {SEED}"


def test_a_broker_killed_under_the_relay_is_waited_for(ledger: Ledger, own_broker: Broker) -> None:
    site = Site(ledger, Cluster(own_broker.bootstrap))
    site.record(50)
    told: list[int] = []
    with running(site.relay(published=told.append, batch=5)):
        wait_until(lambda: bool(told))
        own_broker.kill()
        last = site.record(50)
        own_broker.start()
        wait_until(lambda: told[-1] == last, 90)

    assert site.published() == list(range(1, last + 1))
    assert site.auditor().audit().agrees
