"""A ledger with a relay beside it, for tests: what goes in here comes out of a topic of the test's own."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec

from consumers.auditor import Auditor
from consumers.cloudevent import source_of
from consumers.cluster import Cluster
from consumers.log import Log
from consumers.relay import Relay
from consumers.topics import Topics
from services.database import connect
from services.ledger.application import Ledger
from tests.samples import opening, register


@dataclass
class Site:
    """One ledger, published to topics of its own."""

    ledger: Ledger
    cluster: Cluster
    topics: Topics = field(default_factory=lambda: Topics(f"t-{uuid4().hex[:12]}", partitions=4, replication=1))
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def log(self) -> Log:
        ledger = self.ledger
        channel = ledger.log_recorder.channel
        return Log(partial(connect, ledger.dsn, ledger.schema), channel, source_of(ledger.schema))

    def relay(self, **settings: Any) -> Relay:
        return Relay(self.cluster, self.topics, self.log, **settings)

    def auditor(self) -> Auditor:
        return Auditor(self.cluster, self.topics, self.log)

    def record(self, events: int) -> int:
        """Record so many events in the histories of fifty customers and of others, and give the head's position."""
        if not self.ledger.head().position:
            assert all(answer.accepted for answer in self.ledger.record_many(opening("Li")))
        wanted = [register(f"C-{next(self.numbers)}") for _ in range(events)]
        answers = self.ledger.record_many((f"register/{each.customer}", each) for each in wanted)
        assert all(answer.accepted for answer in answers)
        return self.ledger.head().position

    def published(self) -> list[int]:
        """The positions in the topic, sorted, as who reads committed records sees them."""
        return sorted(map(position, committed(self.cluster.bootstrap, self.topics.events)))


def position(record: Any) -> int:
    return int(dict(record.headers)["ce_ledgerposition"])


def committed(bootstrap: str, topic: str) -> list[Any]:
    """Everything committed of what is written to a topic, partition after partition, each in its order."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    try:
        parts = [TopicPartition(topic, each) for each in sorted(consumer.partitions_for_topic(topic))]
        with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
            written = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.LATEST))
        consumer.assign(parts)
        consumer.seek_to_beginning()
        found: dict[TopicPartition, list[Any]] = {each: [] for each in parts}
        while any(consumer.position(each) < written[each].offset for each in parts):
            for part, records in consumer.poll(timeout_ms=200).items():
                found[part] += records
        return [record for part in parts for record in found[part]]
    finally:
        consumer.close()


@contextmanager
def running(relay: Relay) -> Iterator[Thread]:
    """The relay at work in a thread, stopped afterwards; what stopped it before is raised."""
    stop, failed = Event(), []

    def work() -> None:
        try:
            relay.run_forever(stop)
        except Exception as error:  # noqa: BLE001 (raised again below)
            failed.append(error)

    thread = Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def in_order_by_key(records: Iterable[Any]) -> bool:
    """Whether the versions of every key rise by one from 1."""
    seen: dict[bytes, int] = {}
    for record in records:
        version = int(dict(record.headers)["ce_streamversion"])
        if version != seen.get(record.key, 0) + 1:
            return False
        seen[record.key] = version
    return True
