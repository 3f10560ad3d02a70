"""What runs between the ledger and Kafka, put together from the settings, and what is measured of it."""

from collections.abc import Mapping
from threading import Event
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, start_http_server

from consumers.auditor import Auditor
from consumers.cloudevent import source_of
from consumers.finding import Audited, Fault
from consumers.log import Log
from consumers.relay import Relay
from services.kafka_settings import kafka_settings, number
from services.wiring import Books

AUDIT_EVERY_S: Final = 60.0
LAST_PORT: Final = 65_535

PUBLISHED: Final = Gauge("sales_ledger_relay_position", "Position up to which every event is published", ["schema"])
AUDITED: Final = Gauge("sales_ledger_audit_position", "Position up to which Kafka was held against the log", ["schema"])
FAULTS: Final = Counter("sales_ledger_audit_faults", "Differences between Kafka and the log", ["schema", "fault"])

logger: Final = structlog.get_logger("auditor")


def show_metrics(env: Mapping[str, str]) -> None:
    """Serve this process's metrics on the port of `LEDGER_METRICS_PORT`, if one is named. Raises `SettingInvalid`."""
    if port := number(env, "LEDGER_METRICS_PORT", 0, 0, LAST_PORT):
        start_http_server(port, "127.0.0.1")


def log_for_kafka(books: Books) -> Log:
    return Log(books.connection, books.ledger.log_recorder.channel, source_of(books.ledger.schema))


def new_relay(books: Books, env: Mapping[str, str]) -> Relay:
    """A relay of the ledger. Raises `SettingInvalid`, without bootstrap servers too."""
    settings = kafka_settings(env, books.ledger.schema)
    gauge = PUBLISHED.labels(books.ledger.schema)
    return Relay(settings.cluster, settings.topics, log_for_kafka(books), settings.standbys, gauge.set)


def new_auditor(books: Books, env: Mapping[str, str]) -> Auditor:
    """An auditor of the ledger. Raises `SettingInvalid`, without bootstrap servers too."""
    settings = kafka_settings(env, books.ledger.schema)
    return Auditor(settings.cluster, settings.topics, log_for_kafka(books))


def audit_on(books: Books, env: Mapping[str, str], stop: Event) -> bool:
    """Audit what is published until told to stop, and say whether Kafka agreed throughout. Every fault is logged."""
    schema = books.ledger.schema
    for fault in Fault:
        FAULTS.labels(schema, fault)

    def told(audited: Audited) -> None:
        AUDITED.labels(schema).set(audited.last)
        for fault, count in audited.counts.items():
            FAULTS.labels(schema, fault).inc(count)
        for finding in audited.findings:
            logger.error("kafka differs", fault=str(finding.fault), position=finding.position, finding=str(finding))
        if audited.checked:
            logger.info("audited", first=audited.first, last=audited.last, agrees=audited.agrees)

    return new_auditor(books, env).run_forever(stop, told, AUDIT_EVERY_S)
