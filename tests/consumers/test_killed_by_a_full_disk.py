"""The broker's disk is full: the broker gives up, the relay says so and waits, and goes on when there is room again."""

from structlog.testing import capture_logs

from consumers.cluster import Cluster
from services.ledger.application import Ledger
from tests.consumers.relaying import Site, committed, in_order_by_key, position, running
from tests.kafka import Broker
from tests.waiting import wait_until

ROOM = 96 * 1024
"""Bytes to which a partition may grow: a few hundred events."""


def test_a_full_disk_is_waited_for_and_nothing_is_lost_or_repeated(ledger: Ledger, own_broker: Broker) -> None:
    site, told = Site(ledger, Cluster(own_broker.bootstrap)), list[int]()
    site.record(50)
    with capture_logs() as logs, running(site.relay(published=told.append, batch=50)):
        wait_until(lambda: bool(told), 180)
        own_broker.leave_room(ROOM)
        last = site.record(1_500)
        wait_until(lambda: own_broker.has_ended, 120)
        stood_at = told[-1]
        wait_until(lambda: any(each["event"] == "interrupted" for each in logs), 120)
        own_broker.start()
        wait_until(lambda: told[-1] == last, 120)

    assert stood_at < last
    [why, *_] = [str(each["error"]) for each in logs if each["event"] == "interrupted"]
    assert "LEDGER_KAFKA_BOOTSTRAP" in why
    records = committed(site.cluster.bootstrap, site.topics.events)
    assert sorted(map(position, records)) == list(range(1, last + 1))
    assert in_order_by_key(records)
    assert site.auditor().audit().agrees
