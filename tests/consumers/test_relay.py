"""The relay on real Kafka: every event once and in order, and a stop with a reason where it must not go on."""

import json
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError
from structlog.testing import capture_logs

from consumers import publisher
from consumers.checkpoint import CheckpointLost, last_checkpoint, reader
from consumers.cloudevent import published
from consumers.cluster import Cluster
from consumers.log import chain_at, head, outgoing, read
from consumers.publisher import EventTooLarge, Fenced, publishing
from consumers.relay import KafkaAhead, Relay
from consumers.topics import TopicDiffers, Topics, prepare
from tests.conftest import OpenLedger
from tests.consumers.conftest import new_topic
from tests.consumers.relaying import Site, committed, in_order_by_key, position, running
from tests.waiting import wait_until

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

LARGEST = 1_048_588
"""Bytes of a record that a topic takes when nothing else is said."""


def test_a_record_is_the_event_that_the_feed_tells_header_by_header() -> None:
    for path in sorted((Path(__file__).parents[1] / "samples" / "facts").glob("*.json")):
        for reason, cause in (("null", "c/0"), (json.dumps('He said "fact": {}, 因为'), TRACE)):
            told = (
                '{"event_id":"00000000-0000-5000-8000-000000000001","stream":"customer/客户-1","version":3,'
                '"recorded_at":"2024-03-25T03:05:00.123456Z","actor":"Li","command_id":"c/1",'
                f'"causation":"{cause}","reason":{reason},"fact":{path.read_text("utf-8").strip()}}}'
            )
            event = published(7, told, "/sales-ledger/x")
            record = outgoing(7, told, b"", ("ce_source", b"/sales-ledger/x"))

            assert record.headers == event.headers()
            assert dict(record.headers).get("traceparent") == (TRACE.encode() if cause == TRACE else None)
            assert (record.key.decode(), record.value.decode()) == (event.key, event.data)
            assert record.at_ms == int(event.at.timestamp() * 1_000)


def test_a_back_fill_publishes_every_event_once_in_order_by_key(site: Site) -> None:
    last = site.record(500)

    assert site.relay(batch=70).catch_up(Event()) == last

    records = committed(site.cluster.bootstrap, site.topics.events)
    assert sorted(map(position, records)) == list(range(1, last + 1))
    assert in_order_by_key(records)
    assert {record.key.decode(): record.partition for record in records}.keys() == {
        event.stream for event in site.ledger.read_all(limit=1_000)
    }


def test_it_goes_on_where_kafka_says_that_it_stopped(site: Site) -> None:
    site.record(30)
    told: list[int] = []
    site.relay(published=told.append).catch_up(Event())
    last = site.record(10)

    site.relay(published=told.append).catch_up(Event())

    assert told == [last - 10, last]
    assert site.published() == list(range(1, last + 1))
    with site.log.connect() as connection:
        reached = last_checkpoint(site.cluster, site.topics, site.log.source)
        assert (reached.position, reached.chain) == (last, chain_at(connection, last))


def test_what_is_recorded_is_published_while_the_relay_runs_and_a_stand_by_takes_over(site: Site) -> None:
    site.record(5)
    told: list[int] = []
    with running(site.relay(published=told.append)):
        wait_until(lambda: told[-1:] == [site.ledger.head().position])
        with capture_logs() as logs, running(site.relay(published=told.append)):
            wait_until(lambda: any(line["event"] == "standing by" for line in logs))
            last = site.record(5)
            wait_until(lambda: told[-1:] == [last])

    assert told == sorted(set(told))
    assert site.published() == list(range(1, last + 1))


def test_the_older_of_two_publishers_is_fenced_and_nothing_of_it_is_seen(site: Site) -> None:
    site.record(20)
    prepare(site.cluster, site.topics)
    source = site.log.source
    with site.log.connect() as connection:
        events = read(connection, source, 0, 100)
    with (
        publishing(site.cluster, site.topics, source, LARGEST) as older,
        publishing(site.cluster, site.topics, source, LARGEST) as newer,
    ):
        newer.publish(newer.write_down(events[:10]))
        with pytest.raises(Fenced):
            older.publish(older.write_down(events[:10]))
        newer.publish(newer.write_down(events[10:]))

    assert site.published() == [each.position for each in events]


def test_a_transaction_that_kafka_aborts_for_its_age_is_not_seen_and_its_events_are_published_after_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "TRANSACTION_MS", 1_000)
    last = site.record(20)
    prepare(site.cluster, site.topics)
    with site.log.connect() as connection, reader(site.cluster) as consumer:
        [first, *_] = read(connection, site.log.source, 0, 1)
        here = TopicPartition(site.topics.events, 0)
        with publishing(site.cluster, site.topics, site.log.source, LARGEST) as slow:
            slow.producer.begin_transaction()
            slow.producer.send(site.topics.events, first.value, first.key, first.headers, 0).get(30)
            wait_until(lambda: consumer.end_offsets([here])[here] == 2)
            with pytest.raises(KafkaError):
                slow.producer.commit_transaction()

    assert site.relay().catch_up(Event()) == last
    assert site.published() == list(range(1, last + 1))


def test_kafka_ahead_of_the_ledger_or_telling_another_history_stops_the_relay(
    site: Site, open_here: OpenLedger
) -> None:
    last = site.record(20)
    site.relay().catch_up(Event())
    with site.log.connect() as connection:
        connection.execute("DELETE FROM event WHERE position > %s", (last - 5,))
        connection.execute(
            "UPDATE ledger_head SET (position, chain) = (SELECT position, chain FROM event WHERE position = %s)",
            (last - 5,),
        )
        assert head(connection) == last - 5

    with pytest.raises(KafkaAhead, match=f"up to position {last}, and the ledger ends at {last - 5}"):
        site.relay().run_forever(Event())

    recovered = Site(open_here(), site.cluster, site.topics, numbers=iter(range(100, 200)))
    recovered.record(10)
    with pytest.raises(KafkaAhead, match="another history"):
        recovered.relay().run_forever(Event())


def test_an_event_larger_than_the_topic_takes_stops_the_relay_with_its_name_and_nothing_is_skipped(site: Site) -> None:
    site.record(20)
    with site.log.connect() as connection:
        sizes = {each.position: each.size for each in read(connection, site.log.source, 0, 100)}
    largest = max(sizes.values()) - 1
    too_large = min(each for each, size in sizes.items() if size > largest)
    new_topic(site.cluster.bootstrap, site.topics.events, 4, max_message_bytes=str(largest), retention_ms="-1")
    with capture_logs(), pytest.raises(EventTooLarge, match=f"at position {too_large} takes .* takes {largest}"):
        site.relay().run_forever(Event())

    assert site.published() == list(range(1, too_large))

    admin = KafkaAdminClient(bootstrap_servers=site.cluster.bootstrap)
    wider = {"max.message.bytes": str(largest + 1)}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, site.topics.events, wider)])
    admin.close()
    wait_until(lambda: prepare(site.cluster, site.topics).largest_record == largest + 1)
    assert site.relay().catch_up(Event()) == site.ledger.head().position
    assert site.published() == sorted(sizes)


def test_a_topic_that_takes_less_than_it_said_gets_a_batch_in_parts(site: Site) -> None:
    site.record(200)
    takes = 9_000
    new_topic(site.cluster.bootstrap, site.topics.events, 4, max_message_bytes=str(takes), retention_ms="-1")
    prepare(site.cluster, site.topics)
    with site.log.connect() as connection:
        events = [each for each in read(connection, site.log.source, 0, 300) if each.size < takes]
    with publishing(site.cluster, site.topics, site.log.source, LARGEST) as publisher:
        ready = publisher.write_down(events)
        assert max(batch.size for batch in ready.batches) > takes
        publisher.publish(ready)

    records = committed(site.cluster.bootstrap, site.topics.events)
    assert sorted(map(position, records)) == [each.position for each in events]
    assert in_order_by_key(records)


def test_topics_are_made_as_the_settings_say_and_differences_are_told(kafka: str) -> None:
    wanted = Topics(f"t-{uuid4().hex[:12]}", partitions=3, replication=1, retention_days=30)
    cluster = Cluster(kafka)

    assert prepare(cluster, wanted).differences == []
    with capture_logs() as logs:
        shorter = prepare(cluster, Topics(wanted.prefix, 3, 1, retention_days=7)).differences
    assert [str(each) for each in shorter] == [
        f"topic {wanted.events} has retention.ms 2592000000, and LEDGER_KAFKA_RETENTION_DAYS wants 604800000"
    ]
    assert [line["event"] for line in logs] == ["topic differs"]
    with pytest.raises(TopicDiffers, match="has partitions 3, and LEDGER_KAFKA_PARTITIONS wants 5"):
        prepare(cluster, Topics(wanted.prefix, 5, 1, retention_days=30))
    with pytest.raises(TopicDiffers, match="LEDGER_KAFKA_REPLICATION"):
        prepare(cluster, Topics(f"t-{uuid4().hex[:12]}", 3, 3))


def test_a_lost_checkpoint_is_not_taken_for_a_fresh_start(site: Site) -> None:
    site.record(5)
    site.relay().catch_up(Event())
    admin = KafkaAdminClient(bootstrap_servers=site.cluster.bootstrap)
    admin.delete_topics([site.topics.checkpoint])
    wait_until(lambda: site.topics.checkpoint not in admin.list_topics())
    admin.close()

    with pytest.raises(CheckpointLost, match=site.topics.checkpoint):
        site.relay().run_forever(Event())


def test_a_checkpoint_is_found_behind_many_records_of_others(site: Site) -> None:
    last = site.record(3)
    site.relay().catch_up(Event())
    producer = KafkaProducer(bootstrap_servers=site.cluster.bootstrap)
    for _ in range(3_000):
        producer.send(site.topics.checkpoint, b"{}", b"/sales-ledger/another")
    producer.close()

    assert last_checkpoint(site.cluster, site.topics, site.log.source).position == last


def test_a_kafka_that_is_not_there_is_waited_for_and_the_setting_named(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.cluster.ANSWER_WITHIN_MS", 500)
    absent = Relay(Cluster("127.0.0.1:1"), site.topics, site.log)
    with capture_logs() as logs, running(absent):
        wait_until(lambda: any(line["event"] == "interrupted" for line in logs))

    [line, *_] = [line for line in logs if line["event"] == "interrupted"]
    assert "LEDGER_KAFKA_BOOTSTRAP" in line["error"]
