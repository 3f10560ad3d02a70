"""What the topic no longer holds comes from the ledger's feed, and goes on from the topic without a gap or a repeat."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Stop
from threading import Thread
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, TopicPartition

from ledger_subscriber import HttpFeed, SqliteInbox, Subscriber
from ledger_subscriber.event import Delivery
from ledger_subscriber.start import Start
from services.feed.http import feed_app
from services.feed.reading import Feed
from services.ledger.application import Ledger
from tests.consumers.conftest import new_topic
from tests.consumers.subscriber.letters import publish
from tests.consumers.subscriber.test_examples import deliveries
from tests.samples import claim, opening, register
from tests.served import served
from tests.waiting import wait_until

CUSTOMERS = 30


@pytest.fixture
def feed(ledger: Ledger) -> Iterator[HttpFeed]:
    """The feed of a ledger in which thirty customers were registered and claimed."""
    commands = [
        *opening("Li"),
        *((f"r{n}", register(f"C-{n}")) for n in range(CUSTOMERS)),
        *((f"c{n}", claim(f"C-{n}")) for n in range(CUSTOMERS)),
    ]
    assert all(answer.accepted for answer in ledger.record_many(commands))
    with Feed(ledger.log_recorder) as opened, served(feed_app(opened)) as address:
        yield HttpFeed(f"{address}/events")


def listening(
    kafka: str, topic: str, inbox: SqliteInbox, feed: HttpFeed | None, seen: list[int], start: Start | None = None
) -> Subscriber[object]:
    settings = {"bootstrap_servers": kafka}
    subscriber: Subscriber[object] = Subscriber(
        inbox,  # type: ignore[arg-type] # the connection is not used here
        topic=topic,
        group=topic,
        kafka=settings,
        unknown="park",
        feed=feed,
        start=start,
    )
    subscriber.on_batch(lambda events, _: seen.extend(event.position for event in events))
    return subscriber


def forget(kafka: str, topic: str) -> None:
    """Have the topic forget the first half of each partition, as retention would."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        admin.delete_records({TopicPartition(topic, number): 10 for number in range(2)})
    finally:
        admin.close()


@pytest.mark.parametrize("start", [1, 20])
def test_what_the_topic_forgot_comes_from_the_feed_once_and_in_order(
    kafka: str, ledger: Ledger, feed: HttpFeed, tmp_path: Path, start: int
) -> None:
    topic, seen, events = (
        new_topic(kafka, f"short-{uuid4().hex[:12]}", 2, retention_ms="-1"),
        list[int](),
        all_of(ledger),
    )
    publish(kafka, topic, events[:-5])
    forget(kafka, topic)
    inbox, stop = SqliteInbox(tmp_path / "inbox.db"), Stop()
    subscriber = listening(kafka, topic, inbox, feed, seen, Start.at_position(start))
    thread = Thread(target=subscriber.run, args=(stop,))
    thread.start()

    wait_until(lambda: len(seen) >= len(events) - start + 1 - 5)
    publish(kafka, topic, events[-5:])
    assert ledger.record(register("C-99"), command_id="late").accepted
    publish(kafka, topic, all_of(ledger)[-1:])
    wait_until(lambda: ledger.head().position in seen)
    stop.set()
    thread.join(120)

    assert sorted(seen) == list(range(start, len(events) + 2))
    again = listening(kafka, topic, SqliteInbox(tmp_path / "inbox.db"), None, seen)
    assert again.mending.parked() == []


def all_of(ledger: Ledger) -> list[Delivery]:
    return list(deliveries(ledger))


def test_a_lost_event_is_fetched_when_its_key_is_replayed(
    kafka: str, ledger: Ledger, feed: HttpFeed, tmp_path: Path
) -> None:
    events, seen = all_of(ledger), list[int]()
    told = [each for each in events if each.key != "customer/C-1" or each.headers["ce_streamversion"] != "1"]
    subscriber = listening(kafka, "none", SqliteInbox(tmp_path / "inbox.db"), feed, seen)

    subscriber.taking.take(told)
    [gap] = subscriber.mending.parked()
    assert (gap.key, gap.reason) == ("customer/C-1", "gap")

    assert subscriber.mending.replay() == 1
    assert Counter(seen) == Counter(range(1, len(events) + 1))
