"""Inbox and subscriber with a wrong password: said with what to look at, and tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

from structlog.testing import capture_logs

from consumers.cluster import Cluster
from consumers.inbound.inbox import Inbox
from consumers.inbound.topics import InboundTopics
from ledger_subscriber import SqliteInbox, Subscriber
from services.ledger.application import Ledger
from tests.consumers.inbound.conftest import doors_of
from tests.consumers.test_getting_in import guarded
from tests.waiting import wait_until

__all__ = ["guarded"]


def test_an_inbox_and_a_subscriber_with_a_wrong_password_say_what_to_look_at_and_try_again(
    ledger: Ledger, guarded: Cluster, tmp_path: Path
) -> None:
    wrong = replace(guarded, password="wrong")
    inbox = Inbox(wrong, InboundTopics("t", replication=1), doors_of(ledger), "g")
    subscriber = Subscriber(
        SqliteInbox(tmp_path / "s.db"), topic="t.events", group="g", kafka=wrong.kafka_python(), unknown="pass"
    )
    stop = Event()

    with capture_logs() as logs:
        threads = [Thread(target=each.run, args=(stop,)) for each in (inbox, subscriber)]
        for each in threads:
            each.start()
        wait_until(lambda: len(hints(logs)) == 2 and len(logs) > 2)
        stop.set()
        for each in threads:
            each.join(120)

    assert any("LEDGER_KAFKA_SASL_*" in hint for hint in hints(logs))
    assert any("sasl_*" in hint for hint in hints(logs))
    assert "wrong" not in str(logs)


def hints(logs: Sequence[Mapping[str, Any]]) -> set[str]:
    """What is to be looked at, from each that tries again."""
    return {line["hint"] for line in logs if line["event"] == "trying again"}
