"""An inbox on real Kafka, in front of a ledger in which a policy, a unit and a customer with a signed deal stand."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from threading import Event as Stop
from threading import Thread
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition

from consumers.cluster import Cluster
from consumers.inbound.inbox import Doors, Inbox
from consumers.inbound.messages import CHANNELS
from consumers.inbound.topics import InboundTopics
from domain.contract.decisions import SignContract
from domain.deal.decisions import OpenDeal
from services.ledger.answer import LedgerUnavailable, OutcomeUnknown
from services.ledger.application import Ledger
from tests.conftest import OpenLedger
from tests.consumers.conftest import new_topic
from tests.consumers.inbound.senders import NOW
from tests.samples import BEGIN, opening, register
from tests.waiting import wait_until

RunInbox = Callable[[], AbstractContextManager[Thread]]
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(open_here: OpenLedger) -> Ledger:
    """A ledger whose clock stands at `NOW`, with a deal `D-1` that Li has signed."""
    ledger = open_here(lambda: NOW)
    prepared = [
        *opening("Li", "Zhou"),
        ("register", register("C-1")),
        ("open", OpenDeal(at=BEGIN + HOUR, deal="D-1", customer="C-1", rep="Li")),
        ("sign", signed()),
    ]
    assert [str(answer.refusal) for answer in ledger.record_many(prepared) if answer.refusal] == []
    return ledger


def signed(deal: str = "D-1") -> SignContract:
    return SignContract(
        at=BEGIN + 2 * HOUR, deal=deal, contract=f"K-{deal}", rep="Li", amount=10**9, currency="CNY", actor="Boss"
    )


@pytest.fixture
def prefix(kafka: str) -> str:
    """What the topics of this test begin with; those of the channels are there."""
    name = f"t{uuid4().hex[:10]}"
    for channel in CHANNELS:
        new_topic(kafka, f"{name}.in.{channel}", max_message_bytes="16777216")
    return name


@pytest.fixture
def make_inbox(kafka: str, prefix: str, ledger: Ledger) -> RunInbox:
    """Runs an inbox, as another process would."""

    @contextmanager
    def running() -> Iterator[Thread]:
        stop, doors = Stop(), doors_of(ledger)
        inbox = Inbox(Cluster(kafka), InboundTopics(prefix, replication=1), doors, f"{prefix}-inbox")
        thread = Thread(target=inbox.run, args=(stop,))
        thread.start()
        try:
            yield thread
        finally:
            stop.set()
            thread.join(120)
            assert not thread.is_alive()

    return running


def doors_of(ledger: Ledger) -> Doors:
    awaited = (LedgerUnavailable, OutcomeUnknown, psycopg.OperationalError)
    return Doors(ledger.record_many, ledger.now, awaited, "/sales-ledger/test/inbox")


def held(kafka: str, topic: str, at_least: int = 0) -> list[Any]:
    """Every record of a topic, once there are so many."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        wait_until(lambda: bool(consumer.partitions_for_topic(topic)))
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        found: list[Any] = []

        def all_there() -> bool:
            for records in consumer.poll(timeout_ms=200).values():
                found.extend(records)
            return len(found) >= at_least and all(
                consumer.position(each) >= end for each, end in consumer.end_offsets(partitions).items()
            )

        wait_until(all_there)
        return found
    finally:
        consumer.close()
