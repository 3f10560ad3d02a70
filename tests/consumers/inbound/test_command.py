"""`run inbox` and `inbox`: from the settings, as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.ledger.application import Ledger
from tests.consumers.inbound.conftest import held
from tests.consumers.inbound.senders import payment, send
from tests.consumers.inbound.test_inbox import received
from tests.services.cli.conftest import Salesledger, caller, settings
from tests.waiting import wait_until


@pytest.fixture
def environment(dsn: str, schema: str, tmp_path: Path, kafka: str, prefix: str) -> dict[str, str]:
    """The settings of a ledger with an inbox."""
    of_kafka = {"LEDGER_KAFKA_BOOTSTRAP": kafka, "LEDGER_KAFKA_PREFIX": prefix, "LEDGER_KAFKA_REPLICATION": "1"}
    return {**settings(dsn, schema, tmp_path), **of_kafka}


@pytest.fixture
def salesledger(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Salesledger:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return caller(capsys)


@pytest.fixture
def process(environment: dict[str, str], ledger: Ledger) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "services.cli", "run", "inbox"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE) as running:
        yield running
        running.kill()


def test_the_inbox_runs_from_the_settings_and_its_dead_letters_are_mended_by_commands(
    process: subprocess.Popen[bytes], salesledger: Salesledger, kafka: str, prefix: str, ledger: Ledger, tmp_path: Path
) -> None:
    mended = tmp_path / "mended.json"
    mended.write_bytes(payment("1").sent_value() or b"")
    send(kafka, prefix, replace(payment("1"), value=b"{"), payment("2"))
    wait_until(lambda: received(ledger) == ["P-2"])
    held(kafka, f"{prefix}.in.dead-letters", 1)

    letters = salesledger("inbox", "letters", "--json").json["letters"]
    assert [(each["number"], each["reason"], each["id"]) for each in letters] == [(0, "not-json", "1")]
    assert "not-json" in salesledger("inbox", "letters").out
    assert salesledger("inbox", "replay", 0, "--value", mended, "--json").json["sent"] == letters
    wait_until(lambda: received(ledger) == ["P-2", "P-1"])
    assert salesledger("inbox", "replay", 7).code == 2
    assert salesledger("inbox", "replay", 0, 1, "--value", mended).code == 2
    assert salesledger("inbox", "replay", 0, "--header", "ce_type").code == 2

    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0


def test_an_unknown_channel_is_a_setting_told_by_name(
    salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_INBOX_CHANNELS", "payments,rumours")

    said = salesledger("inbox", "letters", "--json")

    assert (said.code, said.json["error"]["code"]) == (2, "setting-invalid")
    assert "LEDGER_INBOX_CHANNELS names 'rumours'" in said.json["error"]["message"]


def test_kafka_that_is_away_is_told_with_its_settings(
    salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_KAFKA_PREFIX", "nobodys")

    said = salesledger("inbox", "letters", "--json")

    assert (said.code, said.json["error"]["code"]) == (2, "kafka-unreachable")
    assert "LEDGER_KAFKA_PREFIX" in said.json["error"]["message"]
