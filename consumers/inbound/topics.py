"""The topics of what comes in: one a channel, which others own; and ours, for answers and for what could not be read."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

from consumers.cluster import Cluster
from consumers.inbound.messages import CHANNELS, Channel

DAY_MS: Final = 86_400_000
LARGEST_LETTER: Final = 16 * 1024 * 1024
"""Bytes of the largest message that the dead-letter topic takes, as others may allow larger ones than we read."""


class TopicMissing(ConnectionError):
    """A topic that others write to is not there. The message names it, and the setting that names it."""


@dataclass(frozen=True, slots=True)
class InboundTopics:
    """Names begin with `prefix`; `channels` are those that are listened to."""

    prefix: str
    channels: tuple[Channel, ...] = CHANNELS
    replication: int = 3
    kept_days: int = 90

    def of(self, channel: Channel) -> str:
        return f"{self.prefix}.in.{channel}"

    @property
    def by_name(self) -> dict[str, Channel]:
        return {self.of(channel): channel for channel in self.channels}

    @property
    def answers(self) -> str:
        return f"{self.prefix}.in.answers"

    @property
    def dead_letters(self) -> str:
        """One partition, so that a letter has a number: its offset."""
        return f"{self.prefix}.in.dead-letters"

    def ours(self) -> list[NewTopic]:
        kept = {"retention.ms": str(self.kept_days * DAY_MS)}
        letters = {"max.message.bytes": str(LARGEST_LETTER), "retention.ms": "-1"}
        return [
            NewTopic(self.answers, 4, self.replication, topic_configs=kept),
            NewTopic(self.dead_letters, 1, self.replication, topic_configs=letters),
        ]


def ready(cluster: Cluster, topics: InboundTopics) -> None:
    """Make our own topics where they are missing. Raises `TopicMissing` for one that others write to, and `KafkaError`."""
    admin = KafkaAdminClient(**cluster.kafka_python())
    try:
        there = set(admin.list_topics())
        for each in topics.ours():
            if each.name not in there:
                with suppress(TopicAlreadyExistsError):
                    admin.create_topics([each])
    finally:
        admin.close()
    if missing := [name for name in topics.by_name if name not in there]:
        raise TopicMissing(
            f"there is no topic {', '.join(missing)}: make it, or check LEDGER_KAFKA_PREFIX and LEDGER_INBOX_CHANNELS"
        )
