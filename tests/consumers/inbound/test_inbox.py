"""The inbox on real Kafka: recorded once and in order, answered, and what is bad set aside while the rest goes on."""

import json
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaAdminClient
from structlog.testing import capture_logs

from consumers.cluster import Cluster
from consumers.inbound.letters import Letters, NoSuchLetter
from consumers.inbound.topics import InboundTopics
from services.ledger.application import Ledger
from tests.consumers.conftest import new_topic
from tests.consumers.inbound.conftest import RunInbox, held
from tests.consumers.inbound.senders import changed, joined, lead, left, payment, refund, send, visited
from tests.waiting import wait_until


def received(ledger: Ledger, deal: str = "D-1") -> list[str]:
    """The payments and refunds of a deal, in the order of recording."""
    kinds = {"payment-received.v1": "payment", "payment-refunded.v1": "refund"}
    return [str(getattr(e.fact, kinds[e.fact.kind])) for e in ledger.read(f"deal/{deal}") if e.fact.kind in kinds]


def answers(kafka: str, prefix: str, at_least: int) -> dict[str, tuple[str, Any]]:
    """Type and body of each answer, by the id of the message."""
    found = {}
    for record in held(kafka, f"{prefix}.in.answers", at_least):
        body = json.loads(record.value)
        found[body["id"]] = (dict(record.headers)["ce_type"].decode(), body)
    return found


def test_messages_are_recorded_in_order_by_key_and_answered(
    kafka: str, prefix: str, ledger: Ledger, make_inbox: RunInbox
) -> None:
    sent = [
        payment("1"),
        refund("2", of="1"),
        payment("3"),
        joined("Wu"),
        lead("C-9"),
        visited("C-1", "V-1"),
        left("Wu"),
    ]

    with make_inbox():
        send(kafka, prefix, *sent)
        found = answers(kafka, prefix, len(sent))

    assert received(ledger) == ["P-1", "F-2", "P-3"]
    assert {kind for kind, _ in found.values()} == {"command-accepted.v1"}
    assert set(found) == {each.id for each in sent}
    first = found["1"][1]["first"]
    assert ledger.read_all(after=first - 1, limit=1)[0].command_id == "/payments#1"


def test_a_message_that_comes_again_is_the_same_command(
    kafka: str, prefix: str, ledger: Ledger, make_inbox: RunInbox
) -> None:
    with make_inbox():
        send(kafka, prefix, payment("1"), payment("1"), payment("2"))
        wait_until(lambda: len(received(ledger)) == 2)
    with make_inbox():
        send(kafka, prefix, payment("1"))
        found = [json.loads(each.value) for each in held(kafka, f"{prefix}.in.answers", 4)]

    assert received(ledger) == ["P-1", "P-2"]
    assert sorted(each["repeated"] for each in found) == [False, False, True, True]
    assert len({each["last"] for each in found if each["id"] == "1"}) == 1


def test_another_body_under_the_same_id_is_an_alarm(
    kafka: str, prefix: str, ledger: Ledger, make_inbox: RunInbox
) -> None:
    with capture_logs() as logs, make_inbox():
        send(kafka, prefix, payment("1"), payment("1", amount=999))
        [letter] = held(kafka, f"{prefix}.in.dead-letters", 1)

    assert dict(letter.headers)["dead_reason"] == b"command-id-reused"
    assert [each["reason"] for each in logs if each["event"] == "dead letter"] == ["command-id-reused"]
    assert received(ledger) == ["P-1"]


def test_a_refusal_is_answered_with_its_code_and_rule(kafka: str, prefix: str, make_inbox: RunInbox) -> None:
    with make_inbox():
        send(kafka, prefix, refund("2", of="none"))
        kind, body = answers(kafka, prefix, 1)["2"]

    assert (kind, body["refusal"]["code"]) == ("command-refused.v1", "unknown-payment")
    assert body["refusal"]["rule"] == "No payment of this id is recorded with the deal."


def test_bad_messages_are_set_aside_with_reason_offset_and_bytes_and_the_next_goes_on(
    kafka: str, prefix: str, ledger: Ledger, make_inbox: RunInbox
) -> None:
    large = b"x" * 5_000_000
    bad = [
        replace(payment("1"), value=b"{not json"),
        replace(payment("2"), value=None),
        replace(payment("3"), value=large),
    ]

    with make_inbox():
        send(kafka, prefix, *bad, payment("4"))
        letters = held(kafka, f"{prefix}.in.dead-letters", 3)
        wait_until(lambda: received(ledger) == ["P-4"])

    told = [dict(each.headers) for each in letters]
    assert [each["dead_reason"] for each in told] == [b"not-json", b"no-value", b"too-large"]
    assert {each["dead_topic"].decode() for each in told} == {f"{prefix}.in.payments"}
    assert [int(each["dead_offset"]) for each in told] == [0, 1, 2]
    assert [each.value for each in letters] == [b"{not json", None, large]
    assert [each["ce_id"] for each in told] == [b"1", b"2", b"3"]


def test_a_dead_letter_can_be_mended_and_sent_again(
    kafka: str, prefix: str, ledger: Ledger, make_inbox: RunInbox
) -> None:
    letters = Letters(Cluster(kafka), InboundTopics(prefix, replication=1))
    with make_inbox():
        send(kafka, prefix, changed(payment("1"), type="payment.received.v9"), replace(payment("2"), value=b"?"))
        held(kafka, f"{prefix}.in.dead-letters", 2)
        letters.replay(0, headers={"ce_type": "payment.received.v1"})
        letters.replay(1, value=payment("2").sent_value())
        wait_until(lambda: received(ledger) == ["P-1", "P-2"])

    assert [(each.number, each.reason, each.offset) for each in letters.all()] == [
        (0, "unknown-version", 0),
        (1, "not-json", 1),
    ]
    with pytest.raises(NoSuchLetter):
        letters.replay(99)


def test_a_missing_topic_is_named_with_its_setting_and_waited_for(
    kafka: str, prefix: str, make_inbox: RunInbox, ledger: Ledger
) -> None:
    drop_topic(kafka, f"{prefix}.in.visits")

    with capture_logs() as logs, make_inbox():
        wait_until(lambda: any(each["event"] == "trying again" for each in logs))
        new_topic(kafka, f"{prefix}.in.visits")
        send(kafka, prefix, payment("1"))
        wait_until(lambda: received(ledger) == ["P-1"])

    [said, *_] = [each for each in logs if each["event"] == "trying again"]
    assert said["error"] == "TopicMissing"
    assert f"{prefix}.in.visits" in said["detail"]
    assert "LEDGER_KAFKA_PREFIX" in said["detail"]


def drop_topic(kafka: str, name: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        admin.delete_topics([name])
        wait_until(lambda: name not in admin.list_topics())
    finally:
        admin.close()
