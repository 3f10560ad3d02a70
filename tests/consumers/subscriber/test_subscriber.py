"""Subscribers on real Kafka: from wherever they begin, through stops and rebalances, and through what is away."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Stop
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, TopicPartition
from psycopg import Connection
from structlog.testing import capture_logs

from ledger_subscriber import Event, HistoryMissing, SqliteInbox, Start, Subscriber
from ledger_subscriber.kinds.payment import PaymentReceived
from ledger_subscriber.postgresql import PostgresInbox
from tests.consumers.conftest import new_topic
from tests.consumers.subscriber.letters import Ledger, publish
from tests.waiting import wait_until

INSERT = "insert into effect (stream, version, id) values (%s, %s, %s)"


def postgres_subscriber(dsn: str, kafka: str, topic: str, **other: Any) -> Subscriber[Connection[Any]]:
    """A subscriber that writes down what it handles. `other` are further arguments of `Subscriber`."""
    servers = {"bootstrap_servers": kafka, "session_timeout_ms": 6_000, "heartbeat_interval_ms": 500}
    subscriber = Subscriber(
        PostgresInbox(dsn), topic=topic, group=f"of-{topic}", unknown="park", **{"kafka": servers, **other}
    )

    @subscriber.on(PaymentReceived)
    def paid(event: Event[PaymentReceived], connection: Connection[Any]) -> None:
        connection.execute(INSERT, (event.stream, event.version, event.id))

    return subscriber


@contextmanager
def running(subscriber: Subscriber[Any]) -> Iterator[Thread]:
    """A subscriber at work in a thread of its own, and stopped in order."""
    stop = Stop()
    thread = Thread(target=subscriber.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(120)
        assert not thread.is_alive()


@pytest.fixture
def effects(postgres_inbox: PostgresInbox) -> Callable[[], list[tuple[str, int]]]:
    """What was handled, in order: stream and version."""

    def handled() -> list[tuple[str, int]]:
        with postgres_inbox.transaction() as connection:
            return list(connection.execute("select stream, version from effect order by number"))

    return handled


Effects = Callable[[], list[tuple[str, int]]]


def by_stream(effects: list[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for stream, version in effects:
        found.setdefault(stream, []).append(version)
    return found


def test_every_event_arrives_once_and_in_order_though_the_subscriber_stops_and_starts(
    kafka: str, topic: str, postgres_dsn: str, effects: Effects
) -> None:
    ledger = Ledger()
    for batch in range(3):
        publish(kafka, topic, ledger.payments("ABCDEFG" * 10))
        with running(postgres_subscriber(postgres_dsn, kafka, topic)):
            wait_until(lambda: len(effects()) >= 70 * (batch + 1))  # noqa: B023 (called before the next round)

    assert by_stream(effects()) == {f"deal/{deal}": list(range(1, 31)) for deal in "ABCDEFG"}


def test_a_rebalance_loses_nothing_and_repeats_nothing(
    kafka: str, topic: str, postgres_dsn: str, effects: Effects
) -> None:
    ledger = Ledger()
    with running(postgres_subscriber(postgres_dsn, kafka, topic)):
        for joins in range(3):
            publish(kafka, topic, ledger.payments("ABCDEFG" * 20))
            with running(postgres_subscriber(postgres_dsn, kafka, topic)):
                publish(kafka, topic, ledger.payments("ABCDEFG" * 20))
                wait_until(lambda: len(effects()) >= 280 * joins + 100)  # noqa: B023 (called before the next round)
        wait_until(lambda: len(effects()) >= 840)

    assert by_stream(effects()) == {f"deal/{deal}": list(range(1, 121)) for deal in "ABCDEFG"}


def test_a_subscriber_may_begin_at_a_position_or_at_a_time(kafka: str, topic: str, tmp_path: Path) -> None:
    publish(kafka, topic, Ledger().payments("ABCD" * 5))
    seen: dict[str, list[int]] = {"position": [], "time": []}
    starts = {"position": Start.at_position(11), "time": Start.at_time(datetime(2024, 1, 1, 9, 0, 16, tzinfo=UTC))}
    for name, start in starts.items():
        inbox = SqliteInbox(tmp_path / f"{name}.db")
        subscriber = Subscriber(
            inbox, topic=topic, group=name, kafka={"bootstrap_servers": kafka}, unknown="pass", start=start
        )
        subscriber.on_batch(lambda events, _, name=name: seen[name].extend(e.position for e in events))  # type: ignore[misc]
        with running(subscriber):
            wait_until(lambda: 20 in seen[name])  # noqa: B023 (called before the next round)

    assert {name: sorted(positions) for name, positions in seen.items()} == {
        "position": list(range(11, 21)),
        "time": list(range(16, 21)),
    }


def trimmed(kafka: str, topic: str, before: int) -> None:
    """Have the topic forget its first records, as retention would."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        admin.delete_records({TopicPartition(topic, 0): before})
    finally:
        admin.close()


def test_a_topic_that_no_longer_holds_the_beginning_needs_a_feed(kafka: str, postgres_dsn: str) -> None:
    topic = new_topic(kafka, f"short-{uuid4().hex[:12]}", partitions=1)
    publish(kafka, topic, Ledger().payments("AAAA"))
    trimmed(kafka, topic, 2)

    with pytest.raises(HistoryMissing):
        postgres_subscriber(postgres_dsn, kafka, topic).run(Stop())


def test_a_missing_topic_is_named_and_waited_for(kafka: str, postgres_dsn: str, effects: Effects) -> None:
    topic = f"late-{uuid4().hex[:12]}"
    with capture_logs() as logs, running(postgres_subscriber(postgres_dsn, kafka, topic)):
        wait_until(lambda: any(each["event"] == "trying again" for each in logs))
        new_topic(kafka, topic)
        publish(kafka, topic, Ledger().payments("A"))
        wait_until(lambda: effects() == [("deal/A", 1)])

    assert {(each["error"], each["topic"]) for each in logs if each["event"] == "trying again"} == {
        ("TopicMissing", topic)
    }


def test_a_poisoned_record_stops_its_key_alone(kafka: str, topic: str, postgres_dsn: str, effects: Effects) -> None:
    events = Ledger().payments("ABAB")
    events[0] = replace(events[0], value=b"\x00 not json")
    publish(kafka, topic, events)
    subscriber = postgres_subscriber(postgres_dsn, kafka, topic)

    with running(subscriber):
        wait_until(lambda: len(effects()) == 2)

    assert effects() == [("deal/B", 1), ("deal/B", 2)]
    [first, second] = postgres_subscriber(postgres_dsn, kafka, topic).mending.parked()
    assert (first.reason, second.reason, json.loads(second.delivery.value or b"")["deal"]) == ("not-json", None, "A")
