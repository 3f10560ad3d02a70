"""What a message of another system stands for, and what is said of one that stands for nothing."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.inbound.messages import TYPES, Bad, Told, read
from domain.lead.decisions import RegisterLead
from domain.organisation.decisions import JoinRep
from domain.payment.decisions import ReceivePayment
from domain.visit.decisions import RecordVisit
from tests.consumers.inbound.senders import AT, NOW, Sent, changed, joined, lead, left, payment, refund, visited


def answer(sent: Sent) -> Told | Bad:
    return read(sent.message(), NOW)


def reason(sent: Sent) -> str:
    found = answer(sent)
    assert isinstance(found, Bad), found
    return found.reason


def test_a_message_becomes_the_command_of_its_type_at_the_time_it_happened() -> None:
    told = answer(payment("1"))

    assert isinstance(told, Told)
    assert isinstance(told.command, ReceivePayment)
    assert (told.command_id, told.command.at, told.command.amount) == ("/payments#1", AT, 100)


@pytest.mark.parametrize(
    ("sent", "command"),
    [(joined("Wu"), JoinRep), (lead("C-1"), RegisterLead), (visited("C-1", "V-1"), RecordVisit)],
)
def test_every_channel_has_its_commands(sent: Sent, command: type) -> None:
    told = answer(sent)

    assert isinstance(told, Told)
    assert isinstance(told.command, command)


def test_every_type_is_sent_by_one_of_these_tests() -> None:
    tested = {
        each.type for each in (payment("1"), refund("2", "1"), visited("C", "V"), joined("W"), left("W"), lead("C"))
    }

    assert set(TYPES) - tested == {"person.moved.v1"}


def test_a_structured_message_is_the_same_as_a_binary_one() -> None:
    binary = payment("1").message()
    attributes = {name.removeprefix("ce_"): (value or b"").decode() for name, value in binary.headers}
    body = {**attributes, "data": payment("1").data}
    headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)

    told = read(replace(binary, headers=headers, value=json.dumps(body).encode()), NOW)

    assert isinstance(told, Told)
    assert told.command == getattr(answer(payment("1")), "command", None)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (replace(payment("1"), value=None), "no-value"),
        (replace(payment("1"), value=b"x" * 5_000_000), "too-large"),
        (replace(payment("1"), value=b"{not json"), "not-json"),
        (replace(payment("1"), value=b"[1, 2]"), "malformed"),
        (changed(payment("1"), type="payment.lost.v1"), "unknown-type"),
        (changed(payment("1"), type="payment.received.v9"), "unknown-version"),
        (changed(payment("1"), type="person.left.v1"), "wrong-topic"),
        (changed(payment("1"), id=""), "not-a-cloudevent"),
        (changed(payment("1"), specversion="0.3"), "not-a-cloudevent"),
        (changed(payment("1"), time="yesterday"), "not-a-cloudevent"),
        (changed(payment("1"), time="2024-01-03T09:00:00"), "not-a-cloudevent"),
        (changed(payment("1"), id="1 or 2"), "id-malformed"),
        (changed(payment("1"), time=(NOW + timedelta(hours=1)).isoformat()), "time-ahead"),
        (replace(payment("1"), key=b"deal/D-2"), "key-not-subject"),
        (replace(payment("1"), key=None), "key-not-subject"),
        (replace(payment("1"), subject="deal/D-2"), "key-not-subject"),
        (payment("1", amount=1.5), "amount-not-whole"),
        (payment("1", amount=-5), "amount-not-positive"),
        (payment("1", currency="XYZ"), "unknown-currency"),
        (payment("1", payer_name="Wang"), "malformed"),
        (payment("1", actor="Boss"), "malformed"),
        (replace(left("Wu"), data={"rep": "Wu", "ground": "call 13800138000"}), "personal-in-the-open"),
        (replace(left("Wu"), data={"rep": "Wu", "ground": "wu@example.org wants out"}), "personal-in-the-open"),
        (replace(payment("1"), subject="deal/13800138000", data={**payment("1", "13800138000").data}), "personal-in-the-open"),
    ],
)  # fmt: skip
def test_a_bad_message_is_told_by_a_stable_reason(sent: Sent, why: str) -> None:
    assert reason(sent) == why


def test_what_is_wrong_is_told_without_the_value_that_is_wrong() -> None:
    found = answer(payment("1", payer_name="王小明 13800138000"))

    assert isinstance(found, Bad)
    assert "payer_name" in found.detail
    assert "王小明" not in found.detail


def test_a_header_that_is_no_text_is_no_cloudevent() -> None:
    message = payment("1").message()

    found = read(replace(message, headers=(*message.headers, ("ce_note", b"\xff"))), NOW)

    assert isinstance(found, Bad)
    assert found.reason == "not-a-cloudevent"


def test_the_page_for_senders_names_every_type_with_its_topic_and_command() -> None:
    page = (Path(__file__).parents[3] / "docs" / "inbound.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \| `([\w-]+)` \|", page, re.MULTILINE)

    assert {kind: (channel, name) for kind, channel, name in rows} == TYPES
