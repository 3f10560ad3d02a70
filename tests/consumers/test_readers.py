"""Readers that are not ours understand what we publish: librdkafka with the CloudEvents SDK, and Kafka's own console consumer."""

import json
import subprocess
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Consumer

from domain.facts import FACT
from domain.personal import keep_sealed
from services.ledger.application import Ledger
from tests.consumers.relaying import Site
from tests.kafka import java
from tests.waiting import wait_until


@pytest.fixture
def published(site: Site) -> Site:
    site.record(40)
    site.relay(batch=15).catch_up(Event())
    return site


def read_by_librdkafka(site: Site, wanted: int) -> list[Any]:
    """Everything, as `confluent-kafka` reads it."""
    settings = {"group.id": site.topics.prefix, "auto.offset.reset": "earliest", "isolation.level": "read_committed"}
    consumer = Consumer({"bootstrap.servers": site.cluster.bootstrap, **settings})
    found: list[Any] = []

    def has_come() -> bool:
        found.extend(each for each in consumer.consume(1_000, 0.2) if each.error() is None)
        return len(found) >= wanted

    try:
        consumer.subscribe([site.topics.events])
        wait_until(has_come)
    finally:
        consumer.close()
    return found


def test_the_cloudevents_sdk_reads_every_event_and_finds_in_it_what_the_ledger_recorded(published: Site) -> None:
    recorded = {str(each.event_id): each for each in published.ledger.read_all(limit=1_000)}

    messages = read_by_librdkafka(published, len(recorded))

    assert len(messages) == len(recorded)
    for message in messages:
        event = from_kafka(KafkaMessage(dict(message.headers()), message.key(), message.value()), JSONFormat())
        fact = recorded[event.get_id()]
        assert (event.get_source(), event.get_type()) == (published.log.source, fact.fact.kind)
        assert (event.get_subject(), event.get_time()) == (fact.stream, fact.occurred_at)
        assert message.key().decode() == fact.stream
        told = {name: event.get_extension(name) for name in ("ledgerposition", "streamversion", "actor", "commandid")}
        assert told == {
            "ledgerposition": str(fact.position),
            "streamversion": str(fact.version),
            "actor": fact.actor,
            "commandid": fact.command_id,
        }
        assert datetime.fromisoformat(str(event.get_extension("recordedtime"))) == fact.recorded_at
        assert event.get_datacontenttype() == "application/json"
        assert FACT.validate_json(message.value(), context={"unseal": keep_sealed}) == fact.fact
        assert FACT.validate_python(event.get_data(), context={"unseal": keep_sealed}) == fact.fact


def test_kafkas_own_console_consumer_shows_every_event_with_key_and_headers(published: Site) -> None:
    last = published.ledger.head().position
    told = ["print.key=true", "print.headers=true", "print.timestamp=true"]
    command = java(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        *("--bootstrap-server", published.cluster.bootstrap, "--topic", published.topics.events, "--from-beginning"),
        *("--isolation-level", "read_committed", "--max-messages", str(last), "--timeout-ms", "30000"),
        *(part for each in told for part in ("--formatter-property", each)),
    )
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180).stdout.splitlines()

    recorded = {str(each.position): each for each in published.ledger.read_all(limit=1_000)}
    found = {}
    for line in shown:
        at, headers, key, value = line.split("\t")
        attributes = dict(each.split(":", 1) for each in headers.split(","))
        fact = recorded[attributes["ce_ledgerposition"]]
        found[attributes["ce_ledgerposition"]] = line
        assert (key, attributes["ce_type"]) == (fact.stream, json.loads(value)["kind"])
        assert at == f"CreateTime:{int(fact.recorded_at.timestamp() * 1_000)}"
    assert sorted(map(int, found)) == list(range(1, last + 1))


def test_no_personal_value_leaves_in_the_open(published: Site, ledger: Ledger) -> None:
    messages = read_by_librdkafka(published, ledger.head().position)

    values = b"\n".join(message.value() for message in messages)
    assert b"The shop of" not in values
    assert b"Li the rep" not in values
    assert b"sealed.1." in values
