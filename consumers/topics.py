"""The topics that the relay publishes to: made as the settings say, and held against them when they are there already."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import InvalidReplicationFactorError, TopicAlreadyExistsError

from consumers.cluster import TROUBLE, Cluster

logger: Final = structlog.get_logger("kafka")

DAY_MS: Final = 86_400_000
FOR_EVER: Final = "-1"
CHECKPOINT_SEGMENT: Final = str(16 * 2**20)
"""Bytes after which Kafka may compact what was written before."""


class TopicDiffers(RuntimeError):
    """A topic is there and not as it must be. The message names the topic, the setting, and both values."""


@dataclass(frozen=True, slots=True)
class Topics:
    """What the settings want. `retention_days` 0 keeps events for ever."""

    prefix: str
    partitions: int = 12
    replication: int = 3
    retention_days: int = 0

    @property
    def events(self) -> str:
        return f"{self.prefix}.events"

    @property
    def checkpoint(self) -> str:
        """One partition, compacted: the last record says up to which position everything is published."""
        return f"{self.prefix}.relay-checkpoint"

    @property
    def durable(self) -> dict[str, str]:
        """With three replicas, what two have is not lost with one."""
        return {"min.insync.replicas": str(max(1, self.replication - 1)), "unclean.leader.election.enable": "false"}

    def wanted(self) -> list["Wanted"]:
        kept = str(self.retention_days * DAY_MS) if self.retention_days else FOR_EVER
        events = {"cleanup.policy": "delete", "retention.ms": kept, "retention.bytes": FOR_EVER}
        compacted = {"cleanup.policy": "compact", "segment.bytes": CHECKPOINT_SEGMENT}
        return [
            Wanted(self.events, self.partitions, self.replication, {**self.durable, **events}),
            Wanted(self.checkpoint, 1, self.replication, {**self.durable, **compacted}),
        ]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One topic as it should be."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the settings want it. `fatal` ones would break order, or the resuming."""

    topic: str
    what: str
    setting: str
    wanted: str
    found: str
    fatal: bool

    def __str__(self) -> str:
        return f"topic {self.topic} has {self.what} {self.found}, and {self.setting} wants {self.wanted}"


SETTINGS: Final = {
    "partitions": "LEDGER_KAFKA_PARTITIONS",
    "replication": "LEDGER_KAFKA_REPLICATION",
    "min.insync.replicas": "LEDGER_KAFKA_REPLICATION",
    "retention.ms": "LEDGER_KAFKA_RETENTION_DAYS",
}
FATAL: Final = frozenset({"partitions", "cleanup.policy"})


@dataclass(frozen=True, slots=True)
class Found:
    """The topics as they are: how large a record may be, and what differs from the settings without being fatal."""

    largest_record: int
    differences: list[Difference]


def prepare(cluster: Cluster, topics: Topics) -> Found:
    """Make the topics that are missing; hold those that are there against the settings.

    Other partitions or another cleanup policy raise `TopicDiffers`; other differences are logged and given back. Raises
    `KafkaUnreachable` while the cluster is away or refuses us.
    """
    try:
        admin = KafkaAdminClient(**cluster.kafka_python())
        try:
            there = set(admin.list_topics())
            missing = [each for each in topics.wanted() if each.name not in there]
            make(admin, missing)
            differences = [found for each in topics.wanted() if each not in missing for found in differing(admin, each)]
            largest = int(described(admin, topics.events)["max.message.bytes"])
        finally:
            admin.close()
    except TROUBLE as error:
        raise cluster.unreachable(error) from error
    for each in differences:
        logger.warning("topic differs", topic=each.topic, what=each.what, wanted=each.wanted, found=each.found)
    if fatal := [str(each) for each in differences if each.fatal]:
        raise TopicDiffers(f"{'; '.join(fatal)}. Mend the setting, or make the topic anew.")
    return Found(largest, differences)


def make(admin: KafkaAdminClient, missing: Sequence[Wanted]) -> None:
    """Make topics; that another process was faster is no error. Raises `TopicDiffers` if there are too few brokers."""
    for each in missing:
        wanted = {"num_partitions": each.partitions, "replication_factor": each.replication, "configs": each.config}
        try:
            with suppress(TopicAlreadyExistsError):
                admin.create_topics({each.name: wanted}, wait_for_metadata=True)
        except InvalidReplicationFactorError as error:
            raise TopicDiffers(
                f"topic {each.name} cannot be kept {each.replication} times: there are fewer brokers. Lower "
                "LEDGER_KAFKA_REPLICATION, or start more."
            ) from error
        logger.info("topic made", topic=each.name)


def differing(admin: KafkaAdminClient, wanted: Wanted) -> list[Difference]:
    partitions = admin.describe_topics([wanted.name])[0]["partitions"]
    found = {
        "partitions": str(len(partitions)),
        "replication": str(len(partitions[0]["replica_nodes"])),
        **described(admin, wanted.name),
    }
    asked = {"partitions": str(wanted.partitions), "replication": str(wanted.replication), **wanted.config}
    return [
        Difference(wanted.name, what, SETTINGS.get(what, "the relay"), value, found[what], what in FATAL)
        for what, value in asked.items()
        if found[what] != value
    ]


def described(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    """The configuration of a topic as it holds, defaults of the broker included."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    found: dict[str, dict[str, Any]] = admin.describe_configs([resource], config_filter="all")["topic"][topic]
    return {name: entry["value"] for name, entry in found.items()}
