"""Real Kafka for whoever listens: one broker for the session, topics of the test's own."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from tests.kafka import some_kafka


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap servers of a broker for the whole session."""
    with some_kafka() as bootstrap:
        yield bootstrap


@pytest.fixture
def topic(kafka: str) -> str:
    """A topic of the test's own, with four partitions."""
    return new_topic(kafka, f"events-{uuid4().hex[:12]}")


def new_topic(kafka: str, name: str, partitions: int = 4, **config: str) -> str:
    """Make a topic; `config` has underscores for dots."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        dotted = {each.replace("_", "."): value for each, value in config.items()}
        admin.create_topics([NewTopic(name, partitions, 1, topic_configs=dotted)])
    finally:
        admin.close()
    return name
