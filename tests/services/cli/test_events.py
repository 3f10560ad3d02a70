"""`events`: a page for people and for scripts, and what comes, one line each."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from services.ledger.application import Ledger
from tests.samples import opening, register
from tests.services.cli.conftest import Salesledger, settings


def test_a_page_shows_events_in_order_and_says_where_it_goes_on(ask: Salesledger) -> None:
    said = ask("events", "--limit", 3, "--after", 10)

    assert next(line.split()[0] for line in said.out.splitlines() if "customer" in line) == "11"
    assert "There is more: --after 13" in said.out


def test_scripts_get_cloudevents_of_the_kind_and_stream_asked_for(ask: Salesledger) -> None:
    asked = ("--kind", "customer-claimed.v1", "--stream", "customer/client-of-Wang")

    document = ask("events", "--json", *asked).json

    assert {event["type"] for event in document["events"]} == {"customer-claimed.v1"}
    assert {event["subject"] for event in document["events"]} == {"customer/client-of-Wang"}
    assert document["after"] == document["true_up_to"] == 36


def test_an_unknown_kind_is_bad_usage(ask: Salesledger) -> None:
    said = ask("events", "--kind", "nothing.v1", "--json")

    assert (said.code, said.json["error"]["code"]) == (2, "bad-request")


def test_followed_events_come_as_they_are_recorded_until_interrupted(
    ledger: Ledger, dsn: str, schema: str, tmp_path: Path
) -> None:
    assert all(answer.accepted for answer in ledger.record_many(opening("Li")))
    command = [sys.executable, "-m", "services.cli", "events", "--follow", "--json", "--after", "3"]
    environment = {**os.environ, **settings(dsn, schema, tmp_path)}

    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        assert ledger.record(register("C-1"), command_id="r1").accepted
        second = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)

    assert (first["type"], second["type"], code) == ("rep-joined.v1", "customer-registered.v1", 0)
