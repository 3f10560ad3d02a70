"""Messages as finance, the field app, HR and marketing would send them."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Producer

from consumers.inbound.messages import Channel, Message

AT = datetime(2024, 1, 3, 9, tzinfo=UTC)
NOW = AT + timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """A message before it is sent. `attributes` change those of CloudEvents; one that is empty is left out."""

    channel: Channel
    type: str
    id: str
    subject: str
    data: dict[str, Any]
    attributes: dict[str, str] = field(default_factory=dict)
    key: bytes | None = b"as the subject"
    value: bytes | None = b"as the data"

    def headers(self) -> list[tuple[str, bytes | None]]:
        told = {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/{self.channel}",
            "type": self.type,
            "subject": self.subject,
            "time": AT.isoformat(),
            **self.attributes,
        }
        return [(f"ce_{name}", value.encode()) for name, value in told.items() if value]

    def sent_key(self) -> bytes | None:
        return self.subject.encode() if self.key == b"as the subject" else self.key

    def sent_value(self) -> bytes | None:
        return json.dumps(self.data).encode() if self.value == b"as the data" else self.value

    def message(self) -> Message:
        """The message as the inbox gets it."""
        return Message("t", self.channel, 0, 7, self.sent_key(), tuple(self.headers()), self.sent_value())


def payment(identity: str, deal: str = "D-1", *, amount: Any = 100, **other: Any) -> Sent:
    data = {
        "deal": deal,
        "payment": f"P-{identity}",
        "external_id": f"B-{identity}",
        "amount": amount,
        "currency": "CNY",
    }
    return Sent("payments", "payment.received.v1", identity, f"deal/{deal}", {**data, **other})


def refund(identity: str, of: str, deal: str = "D-1", amount: int = 40) -> Sent:
    data = {"deal": deal, "payment": f"P-{of}", "refund": f"F-{identity}", "amount": amount, "currency": "CNY"}
    return Sent("payments", "payment.refunded.v1", identity, f"deal/{deal}", data)


def joined(rep: str, unit: str = "north") -> Sent:
    return Sent(
        "people", "person.joined.v1", f"join-{rep}", f"rep/{rep}", {"rep": rep, "rep_name": "陈晓岚", "unit": unit}
    )


def left(rep: str) -> Sent:
    return Sent("people", "person.left.v1", f"leave-{rep}", f"rep/{rep}", {"rep": rep, "ground": "moved away"})


def lead(customer: str, rep: str = "Li") -> Sent:
    data = {"customer": customer, "by": rep, "customer_name": f"Shop {customer}", "source": "fair"}
    return Sent("leads", "lead.found.v1", f"lead-{customer}", f"customer/{customer}", data)


def visited(customer: str, visit: str, rep: str = "Li") -> Sent:
    proof = {"point": "31.2304,121.4737", "photo": f"{int(visit.encode().hex(), 16):064x}"}
    data = {"customer": customer, "visit": visit, "rep": rep, "purpose": "first talk", **proof}
    return Sent("visits", "visit.made.v1", visit, f"customer/{customer}", data)


def send(kafka: str, prefix: str, *messages: Sent) -> None:
    """Send messages to the topics of their channels, in order."""
    producer = Producer({"bootstrap.servers": kafka, "message.max.bytes": 16 * 1024 * 1024, "linger.ms": 2})
    for each in messages:
        headers: Any = each.headers()
        producer.produce(f"{prefix}.in.{each.channel}", each.sent_value(), each.sent_key(), headers=headers)
    assert producer.flush(120) == 0


def changed(sent: Sent, **attributes: str) -> Sent:
    """The same message with other attributes."""
    return replace(sent, attributes=attributes)
