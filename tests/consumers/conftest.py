"""Real Kafka for whoever listens: topics of the test's own, and a broker that may be killed."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from consumers.cluster import Cluster
from services.ledger.application import Ledger
from tests.consumers.relaying import Site
from tests.kafka import Broker, running_broker


@pytest.fixture
def topic(kafka: str) -> str:
    """A topic of the test's own, with four partitions."""
    return new_topic(kafka, f"events-{uuid4().hex[:12]}", retention_ms="-1")


def new_topic(kafka: str, name: str, partitions: int = 4, **config: str) -> str:
    """Make a topic; `config` has underscores for dots."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        dotted = {each.replace("_", "."): value for each, value in config.items()}
        admin.create_topics([NewTopic(name, partitions, 1, topic_configs=dotted)])
    finally:
        admin.close()
    return name


@pytest.fixture
def site(ledger: Ledger, kafka: str) -> Site:
    """A fresh ledger and topics of its own."""
    return Site(ledger, Cluster(kafka))


@pytest.fixture(scope="session")
def own_broker() -> Iterator[Broker]:
    """A broker that a test may kill and start again. It notices soon that it was gone."""
    with running_broker({"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}) as broker:
        yield broker
