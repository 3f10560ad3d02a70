"""Deliveries as Kafka gives them, made by hand: payments of deals, numbered by stream and by position."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from kafka import KafkaProducer

from ledger_subscriber.event import Delivery

SOURCE = "/sales-ledger/test"
RECORDED = datetime(2024, 1, 1, 9, tzinfo=UTC)


def paid(
    deal: str, version: int, position: int, *, amount: int = 100, part: int = 0, offset: int | None = None, **other: str
) -> Delivery:
    """A payment of a deal. `other` changes headers, such as `ce_type`; `value` changes the data."""
    data = {
        "kind": "payment-received.v1",
        "at": "2024-01-01T09:00:00Z",
        "deal": deal,
        "payment": f"P-{position}",
        "external_id": f"B-{position}",
        "amount": amount,
        "currency": "CNY",
    }
    value = other.pop("value", json.dumps(data))
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"id-{position}",
        "ce_source": SOURCE,
        "ce_type": "payment-received.v1",
        "ce_subject": f"deal/{deal}",
        "ce_time": "2024-01-01T09:00:00Z",
        "ce_recordedtime": (RECORDED + timedelta(seconds=position)).isoformat(timespec="microseconds"),
        "ce_ledgerposition": str(position),
        "ce_streamversion": str(version),
        "ce_actor": "system",
        **other,
    }
    return Delivery("events", part, position - 1 if offset is None else offset, f"deal/{deal}", headers, value.encode())


@dataclass(slots=True)
class Ledger:
    """Gives payments of several deals in turn, with the versions and positions that the ledger would give them."""

    positions: Iterator[int] = field(default_factory=lambda: count(1))
    versions: Counter[str] = field(default_factory=Counter)

    def payments(self, deals: Iterable[str]) -> list[Delivery]:
        return [self.payment(deal) for deal in deals]

    def payment(self, deal: str) -> Delivery:
        self.versions[deal] += 1
        return paid(deal, self.versions[deal], next(self.positions))


def publish(kafka: str, topic: str, deliveries: Iterable[Delivery]) -> None:
    """Send deliveries to a topic, by their keys, as the relay does."""
    producer = KafkaProducer(bootstrap_servers=kafka, linger_ms=5, max_request_size=16 * 1024 * 1024)
    try:
        for each in deliveries:
            headers = [(name, value.encode()) for name, value in each.headers.items()]
            recorded = each.headers.get("ce_recordedtime")
            stamp = int(datetime.fromisoformat(recorded).timestamp() * 1000) if recorded else None
            producer.send(topic, each.value, key=each.key.encode(), headers=headers, timestamp_ms=stamp)
        producer.flush()
    finally:
        producer.close()
