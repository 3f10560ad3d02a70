"""The topics of what comes in: one a channel, which others own; and ours, for answers and for what could not be read."""

from dataclasses import dataclass
from typing import Final

from confluent_kafka.admin import AdminClient

from consumers.cluster import ANSWER_WITHIN_S
from consumers.inbound.messages import CHANNELS, Channel
from consumers.topics import DAY_MS, Wanted, make

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

    def ours(self) -> list[Wanted]:
        kept = {"retention.ms": str(self.kept_days * DAY_MS)}
        large = {"max.message.bytes": str(LARGEST_LETTER)}
        return [
            Wanted(self.answers, 4, self.replication, kept),
            Wanted(self.dead_letters, 1, self.replication, {**kept, **large, "retention.ms": "-1"}),
        ]


def ready(admin: AdminClient, topics: InboundTopics) -> None:
    """Make our own topics where they are missing. Raises `TopicMissing` for one that others write to, `KafkaException`."""
    there = admin.list_topics(timeout=ANSWER_WITHIN_S).topics
    make(admin, [each for each in topics.ours() if each.name not in there])
    missing = [name for name in topics.by_name if name not in there]
    if missing:
        raise TopicMissing(
            f"there is no topic {', '.join(missing)}: make it, or check LEDGER_KAFKA_PREFIX and LEDGER_INBOX_CHANNELS"
        )
