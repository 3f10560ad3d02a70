"""How fast the log gets to Kafka: a back-fill beside a bare producer, and the time from a commit until it is seen."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import Any, Final
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from bench.claims import Claims, open_bench_ledger
from bench.measures import Measure, against, at_least, at_most
from consumers.cloudevent import source_of
from consumers.cluster import Cluster
from consumers.log import Log, Outgoing, read
from consumers.publisher import BATCH_BYTES, LINGER_MS
from consumers.relay import Relay
from consumers.topics import Topics, prepare
from services.database import connect
from services.ledger.application import Ledger
from tests.kafka import some_kafka

EVENTS: Final = 60_000
ROUNDS: Final = 3
RATE: Final = 1_000
SECONDS: Final = 15
AT_ONCE: Final = 20
PARTITIONS: Final = 12


def measure(dsn: str) -> Iterator[Measure]:
    """On a broker of its own, or the one that `LEDGER_TEST_KAFKA` names."""
    with some_kafka() as bootstrap, open_bench_ledger(dsn) as ledger:
        bench = Streaming(ledger, Cluster(bootstrap), Claims(ledger))
        bench.claims.stock_up(EVENTS // 2)
        for answer in ledger.record_many(bench.claims.bulk(EVENTS // 2)):
            assert not answer.refusal, answer.refusal
        bench.claims.stock_up(RATE * SECONDS)
        yield from bench.back_fill()
        yield from bench.latency()


@dataclass(slots=True)
class Streaming:
    """One ledger, published to new topics in every round."""

    ledger: Ledger
    cluster: Cluster
    claims: Claims

    @property
    def log(self) -> Log:
        ledger = self.ledger
        where = partial(connect, ledger.dsn, ledger.schema)
        return Log(where, ledger.log_recorder.channel, source_of(ledger.schema))

    def topics(self) -> Topics:
        found = Topics(f"bench-{uuid4().hex[:12]}", PARTITIONS, 1)
        prepare(self.cluster, found)
        return found

    def back_fill(self) -> Iterator[Measure]:
        """Ours and the bare producer in turn; the medians count. The first transaction is not in the time, nor is connecting."""
        events = self.everything()
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(self.bare(events))
            ours.append(self.relayed())
        size = sum(each.size for each in events) / len(events)
        peer = "bare idempotent producer, same bytes"
        yield against(f"back-fill, {size:,.0f} bytes an event", median(ours), "events/s", peer, median(bare), 0.8)
        yield at_least("back-fill", median(ours), "events/s", 25_000)

    def everything(self) -> Sequence[Outgoing]:
        found: list[Outgoing] = []
        with self.log.connect() as connection:
            while batch := read(connection, self.log.source, len(found), 10_000):
                found += batch
        return found

    def relayed(self) -> float:
        """Events a second through the relay."""
        told: list[tuple[float, int]] = []
        relay = Relay(self.cluster, self.topics(), self.log, published=lambda at: told.append((perf_counter(), at)))
        relay.catch_up(Event())
        (begun, first), (ended, last) = told[0], told[-1]
        return (last - first) / (ended - begun)

    def bare(self, events: Sequence[Outgoing]) -> float:
        """Events a second through kafka-python's idempotent producer with the relay's settings, from memory."""
        topic = self.topics().events
        producer = KafkaProducer(
            **self.cluster.kafka_python(), enable_idempotence=True, batch_size=BATCH_BYTES, linger_ms=LINGER_MS
        )
        producer.partitions_for(topic)
        begun = perf_counter()
        for each in events:
            producer.send(topic, each.value, each.key, each.headers, timestamp_ms=each.at_ms)
        producer.flush()
        rate = len(events) / (perf_counter() - begun)
        producer.close()
        return rate

    def latency(self) -> Iterator[Measure]:
        """From the answer to a command until a `read_committed` consumer has the event, at a thousand events a second."""
        topics = self.topics()
        last = self.ledger.head().position + RATE * SECONDS
        seen: dict[int, float] = {}
        reader = Thread(target=self.follow, args=(topics.events, last, seen), daemon=True)
        reader.start()
        with self.running_relay(topics) as relay:
            caught_up, pause = self.ledger.head().position, Event()
            while caught_up not in seen:
                assert relay.poll() is None, "the relay ended"
                pause.wait(0.1)
            answered = self.at_a_steady_rate()
            reader.join(60)
        waits = sorted((seen[each] - at) * 1_000 for each, at in answered.items())
        yield Measure(f"commit to visible at {RATE:,} events/s, p50", waits[len(waits) // 2], "ms")
        yield at_most(f"commit to visible at {RATE:,} events/s, p99", waits[len(waits) * 99 // 100], "ms", 250)

    @contextmanager
    def running_relay(self, topics: Topics) -> Iterator[subprocess.Popen[bytes]]:
        """A relay in a process of its own, as in production."""
        settings = {
            "LEDGER_DATABASE_URL": self.ledger.dsn,
            "LEDGER_ALLOW_SUPERUSER": "yes",
            "LEDGER_SCHEMA": self.ledger.schema,
            "LEDGER_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
            "LEDGER_KAFKA_BOOTSTRAP": self.cluster.bootstrap,
            "LEDGER_KAFKA_PREFIX": topics.prefix,
            "LEDGER_KAFKA_PARTITIONS": str(topics.partitions),
            "LEDGER_KAFKA_REPLICATION": str(topics.replication),
        }
        command = [sys.executable, "-m", "services.cli", "run", "relay"]
        told = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, env={**os.environ, **settings}, **told) as relay:  # type: ignore[call-overload]
            try:
                yield relay
            finally:
                relay.terminate()

    def at_a_steady_rate(self) -> dict[int, float]:
        """Record at the rate, and give when each position was answered."""
        answered: dict[int, float] = {}
        pause, begun = Event(), monotonic()
        for sent in range(0, RATE * SECONDS, AT_ONCE):
            pause.wait(max(0.0, begun + sent / RATE - monotonic()))
            for answer in self.ledger.record_many(self.claims.bulk(AT_ONCE)):
                assert answer.last, answer.refusal
                answered[answer.last] = perf_counter()
        return answered

    def follow(self, topic: str, last: int, seen: dict[int, float]) -> None:
        """Read the end of the topic, and keep when each position came."""
        consumer = KafkaConsumer(**self.cluster.kafka_python(), isolation_level="read_committed", fetch_max_wait_ms=20)
        parts = [TopicPartition(topic, each) for each in range(PARTITIONS)]
        consumer.assign(parts)
        consumer.seek_to_beginning()
        while last not in seen:
            for records in consumer.poll(timeout_ms=100).values():
                now = perf_counter()
                seen.update((position(each), now) for each in records)
        consumer.close()


def position(record: Any) -> int:
    return int(dict(record.headers)["ce_ledgerposition"])
