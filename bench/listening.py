"""Who listens to Kafka: a subscriber with its inbox in PostgreSQL, and our own inbox that makes commands of messages."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from threading import Event as Stop
from threading import Thread
from typing import Any, Final
from uuid import uuid4

import psycopg
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from psycopg import Connection, sql

from bench.claims import BEGIN, open_bench_ledger
from bench.measures import Measure, against, at_least
from consumers.cluster import Cluster
from consumers.inbound.inbox import Doors, Inbox
from consumers.inbound.messages import CHANNELS
from consumers.inbound.topics import InboundTopics
from domain.commands import AnyCommand
from domain.contract.decisions import SignContract
from domain.deal.decisions import OpenDeal
from domain.organisation.decisions import JoinRep
from ledger_subscriber import Event, Fact, Subscriber
from ledger_subscriber.postgresql import PostgresInbox
from services.ledger.application import Ledger
from tests.kafka import some_kafka
from tests.samples import register

EVENTS: Final = 100_000
MESSAGES: Final = 20_000
STREAMS: Final = 2_000
DEALS: Final = 500
PARTITIONS: Final = 4
MINUTE: Final = timedelta(minutes=1)
EFFECT: Final = "create table effect (id text primary key, stream text not null, amount bigint not null)"
INSERT: Final = "insert into effect select * from unnest(%s::text[], %s::text[], %s::bigint[])"


def measure(dsn: str) -> Iterator[Measure]:
    """A subscriber that writes a row for each event, beside a bare consumer; and the inbox in front of a ledger."""
    with ExitStack() as opened:
        kafka = os.environ.get("LEDGER_BENCH_KAFKA") or opened.enter_context(some_kafka())
        topic = made(kafka, f"bench-{uuid4().hex[:8]}")
        fill(kafka, topic, payments())
        bare = bare_consumer(kafka, topic)
        ours = subscriber(dsn, kafka, topic)
        yield at_least("subscriber, inbox and effect in PostgreSQL", ours, "events/s", 10_000)
        yield against("subscriber, against reading alone", ours, "events/s", "kafka-python's bare consumer", bare, 0)
        yield at_least("inbox, messages to commands", inbox(dsn, kafka), "commands/s", 4_000)


def made(kafka: str, *names: str) -> str:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        kept = {"retention.ms": "-1"}
        admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=kept) for name in names])
    finally:
        admin.close()
    return names[0]


Sent = tuple[str, bytes, list[tuple[str, bytes]]]
"""Key, value and headers."""


def fill(kafka: str, topic: str, messages: Iterator[Sent]) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka, linger_ms=5, batch_size=262_144)
    for key, value, headers in messages:
        producer.send(topic, value, key=key.encode(), headers=headers)
    producer.flush()
    producer.close()


def payments() -> Iterator[Sent]:
    """Events of payments, of 2,000 deals in turn, as the relay publishes them."""
    for number in range(EVENTS):
        deal = f"D-{number % STREAMS}"
        data = {
            "kind": "payment-received.v1",
            "at": "2024-01-03T09:00:00+08:00",
            "deal": deal,
            "payment": f"P-{number}",
        }
        told = {
            "specversion": "1.0",
            "id": f"6d0f2bde-1c1c-5d0a-9a6b-{number:012x}",
            "source": "/sales-ledger/bench",
            "type": "payment-received.v1",
            "subject": f"deal/{deal}",
            "time": "2024-01-03T01:00:00Z",
            "recordedtime": "2024-01-03T01:00:00.000000Z",
            "ledgerposition": str(number + 1),
            "streamversion": str(number // STREAMS + 1),
            "actor": "system",
            "commandid": f"bench/{number}",
        }
        headers = [
            *((f"ce_{name}", text.encode()) for name, text in told.items()),
            ("content-type", b"application/json"),
        ]
        money = {"external_id": f"B-{number}", "amount": 100_000 + number, "currency": "CNY", "settles": False}
        yield f"deal/{deal}", json.dumps({**data, **money, "milestone": None}).encode(), headers


def bare_consumer(kafka: str, topic: str) -> float:
    """Events a second that kafka-python gives, when nothing is done with them."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, max_partition_fetch_bytes=4 * 1024 * 1024, metrics_enabled=False)
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    read, began = 0, time.perf_counter()
    while read < EVENTS:
        read += sum(map(len, consumer.poll(timeout_ms=500, max_records=1_000).values()))
    seconds = time.perf_counter() - began
    consumer.close()
    return EVENTS / seconds


def subscriber(dsn: str, kafka: str, topic: str) -> float:
    """Events a second, each with its effect and the memory of it in one transaction, from the first to the last."""
    schema = f"bench_{uuid4().hex[:8]}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        own = psycopg.conninfo.make_conninfo(dsn, options=f"-c search_path={schema}")
        listening: Subscriber[Connection[Any]] = Subscriber(
            PostgresInbox(own), topic=topic, group=schema, kafka={"bootstrap_servers": kafka}, unknown="park"
        )
        stop, times, done = Stop(), list[float](), 0

        with listening.inbox.transaction() as inside:
            inside.execute(EFFECT)

        @listening.on_batch
        def keep(events: Sequence[Event[Fact]], inside: Connection[Any]) -> None:
            nonlocal done
            times.append(time.perf_counter())
            told: list[Any] = [each.data for each in events]
            amounts = [each.amount for each in told]
            inside.execute(INSERT, ([each.id for each in events], [each.stream for each in events], amounts))
            done += len(events)
            if done >= EVENTS:
                stop.set()

        listening.run(stop)
        ended = time.perf_counter()
        count = connection.execute(sql.SQL("select count(*) from {}.effect").format(sql.Identifier(schema))).fetchone()
        assert count == (EVENTS,)
        connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
    return EVENTS / (ended - times[0])


def inbox(dsn: str, kafka: str) -> float:
    """Commands a second, from the first recorded to the last answered."""
    prefix = f"bench-{uuid4().hex[:8]}"
    topics = InboundTopics(prefix, replication=1)
    made(kafka, *(topics.of(channel) for channel in CHANNELS))
    fill(kafka, topics.of("payments"), messages())
    with open_bench_ledger(dsn) as ledger:
        prepare(ledger)
        doors = Doors(ledger.record_many, ledger.now, (), "/sales-ledger/bench/inbox")
        stop, goal = Stop(), ledger.head().position + MESSAGES
        thread = Thread(target=Inbox(Cluster(kafka), topics, doors, prefix).run, args=(stop,))
        before = ledger.head().position
        thread.start()
        pause = Stop()
        while ledger.head().position == before:
            assert thread.is_alive(), "the inbox has ended"
            pause.wait(0.001)
        began = time.perf_counter()
        while ledger.head().position < goal:
            assert thread.is_alive(), "the inbox has ended"
            pause.wait(0.01)
        seconds = time.perf_counter() - began
        stop.set()
        thread.join()
    return MESSAGES / seconds


def messages() -> Iterator[Sent]:
    """Payments as finance would send them."""
    for number in range(MESSAGES):
        deal = f"D-{number % DEALS}"
        told = {
            "specversion": "1.0",
            "id": str(number),
            "source": "/finance",
            "type": "payment.received.v1",
            "subject": f"deal/{deal}",
            "time": (BEGIN + 30 * MINUTE).isoformat(),
        }
        data = {"deal": deal, "payment": f"P-{number}", "external_id": f"B-{number}", "amount": 100, "currency": "CNY"}
        yield f"deal/{deal}", json.dumps(data).encode(), [(f"ce_{name}", text.encode()) for name, text in told.items()]


def prepare(ledger: Ledger) -> None:
    """Sign as many deals as there are."""

    def commands() -> Iterator[tuple[str, AnyCommand]]:
        yield "join-Boss", JoinRep(at=BEGIN, rep="Boss", unit="north", duty="manager")
        for number in range(DEALS):
            deal, customer, rep = f"D-{number}", f"C-{number}", f"rep-{number % 100}"
            contract = {"contract": f"K-{number}", "rep": rep, "amount": 10**9, "currency": "CNY", "actor": "Boss"}
            yield f"customer-{number}", register(customer, rep, at=BEGIN + MINUTE)
            yield f"open-{number}", OpenDeal(at=BEGIN + 2 * MINUTE, deal=deal, customer=customer, rep=rep)
            yield f"sign-{number}", SignContract.model_validate({"at": BEGIN + 3 * MINUTE, "deal": deal, **contract})

    for answer in ledger.record_many(commands()):
        assert not answer.refusal, answer.refusal
