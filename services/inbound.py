"""What comes in from Kafka, put together from the settings: the inbox with its door to the ledger, and its dead letters."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast, get_args

import psycopg

from consumers.cloudevent import source_of
from consumers.inbound.inbox import Doors, Inbox
from consumers.inbound.letters import Letters
from consumers.inbound.messages import CHANNELS, Channel
from consumers.inbound.topics import InboundTopics
from services.kafka_settings import KafkaSettings, kafka_settings
from services.ledger.answer import LedgerUnavailable, OutcomeUnknown
from services.settings import SettingInvalid
from services.vault import seal_bytes, unseal_bytes
from services.wiring import Books

LETTERS: Final = "letters"
"""The ledger's own key with which dead letters are sealed."""


def new_inbox(books: Books, env: Mapping[str, str]) -> Inbox:
    """An inbox of the ledger. Raises `SettingInvalid`, without bootstrap servers too."""
    ledger = books.ledger
    settings = kafka_settings(env, ledger.schema)
    awaited = (LedgerUnavailable, OutcomeUnknown, psycopg.OperationalError)
    key = ledger.keyring.reserved(LETTERS)
    doors = Doors(
        ledger.record_many,
        lambda: datetime.now(UTC),
        awaited,
        f"{source_of(ledger.schema)}/inbox",
        lambda value: seal_bytes(key, value),
    )
    topics = inbound_topics(settings, env)
    return Inbox(settings.cluster, topics, doors, f"{topics.prefix}.inbox", env.get("LEDGER_INBOX_MEMBER") or None)


def letters_of(books: Books, env: Mapping[str, str]) -> Letters:
    """The dead letters of a ledger's inbox, opened. Raises `SettingInvalid`."""
    settings = kafka_settings(env, books.ledger.schema)
    key = books.ledger.keyring.reserved(LETTERS)
    return Letters(settings.cluster, inbound_topics(settings, env), lambda value: unseal_bytes(key, value))


def inbound_topics(settings: KafkaSettings, env: Mapping[str, str]) -> InboundTopics:
    """Raises `SettingInvalid`."""
    given = env.get("LEDGER_INBOX_CHANNELS") or ",".join(CHANNELS)
    names = tuple(name.strip() for name in given.split(","))
    if unknown := [name for name in names if name not in get_args(Channel)]:
        known = ", ".join(CHANNELS)
        raise SettingInvalid(f"LEDGER_INBOX_CHANNELS names {', '.join(unknown)!r}. There are: {known}.")
    return InboundTopics(settings.topics.prefix, cast(tuple[Channel, ...], names), settings.topics.replication)
