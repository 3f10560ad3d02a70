"""Telling the ledger something from the command line: by fields, as JSON, and as a stream that is answered line by line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.ledger.application import Ledger
from tests.samples import opening, register
from tests.services.cli.conftest import Salesledger

CLAIM = {"name": "claim-customer", "customer": "C-1", "rep": "li", "at": "2024-01-02T09:00:00+08:00"}


@pytest.fixture(autouse=True)
def organisation(ledger: Ledger) -> None:
    """A policy, a unit, reps li and zhou, and customer C-1 whom nobody holds."""
    given = ledger.record_many([*opening("li", "zhou"), ("register", register("C-1", "li"))])
    assert all(answer.accepted for answer in given)


def test_a_command_is_told_by_its_fields(salesledger: Salesledger) -> None:
    told = salesledger("record", "claim-customer", "--customer", "C-1", "--rep=li", "--id", "claim-1", "--json")

    assert (told.code, told.json["refusal"], told.json["repeated"]) == (0, None, False)
    assert told.json["true_up_to"] == told.json["positions"][1]


def test_a_repeated_id_gets_the_first_answer(salesledger: Salesledger) -> None:
    asked = ("record", json.dumps({**CLAIM, "id": "claim-1"}), "--json")
    first, again = salesledger(*asked).json, salesledger(*asked).json

    assert first["positions"] == again["positions"]
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert "Found recorded before" in salesledger(*asked[:2]).out


def test_another_body_under_the_same_id_is_refused(salesledger: Salesledger) -> None:
    salesledger("record", json.dumps({**CLAIM, "id": "claim-1"}))
    told = salesledger("record", json.dumps({**CLAIM, "id": "claim-1", "rep": "zhou"}), "--json")

    assert (told.code, told.json["refusal"]["code"]) == (3, "command-id-reused")


def test_a_refusal_names_the_rival_and_the_clause(salesledger: Salesledger) -> None:
    salesledger("record", json.dumps({**CLAIM, "id": "claim-1"}))
    told = salesledger("record", json.dumps({**CLAIM, "rep": "zhou", "at": "2024-01-03T09:00:00+08:00"}))

    assert told.code == 3
    assert told.err.startswith("refused: customer-held:")
    assert "In the way: li" in told.err
    assert told.err.rstrip().endswith("[TEST-1/one-owner]")


def test_fields_that_are_no_text_are_read_as_json(salesledger: Salesledger) -> None:
    told = salesledger(
        *("record", "register-customer", "--customer", "C-2", "--by", "li", "--customer-name", "二店"),
        *("--expected-amount", "5000000", "--currency", "CNY", "--json"),
    )
    wrong = salesledger("record", "register-customer", "--expected-amount", "50k", "--json")

    assert told.code == 0
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "malformed")
    assert "--expected-amount" in wrong.json["error"]["message"]


def test_a_stream_is_answered_line_by_line_and_a_bad_line_costs_only_itself(
    salesledger: Salesledger, tmp_path: Path
) -> None:
    file = tmp_path / "commands.ndjson"
    lines: list[Any] = [
        {**CLAIM, "id": "claim-1"},
        {**CLAIM, "id": "claim-2", "rep": "zhou", "at": "2024-01-03T09:00:00+08:00"},
        {**CLAIM, "rep": "zhou"},
        {"id": "x", "name": "no-such-command", "at": CLAIM["at"]},
        {
            "id": "y",
            "name": "register-customer",
            "customer": "C-9",
            "by": "li",
            "customer_name": "a\ud800",
            "at": CLAIM["at"],
        },
        {
            "id": "release-1",
            "name": "release-customer",
            "customer": "C-1",
            "rep": "li",
            "at": "2024-01-04T09:00:00+08:00",
        },
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    file.write_text(f"{text}\n\nnot json\n", encoding="utf-8")

    said = salesledger("record", "--file", file)
    answers = [json.loads(line) for line in said.out.splitlines()]

    assert said.code == 2
    assert [each["line"] for each in answers] == [1, 2, 3, 4, 5, 6, 8]
    assert [each["refusal"] and each["refusal"]["code"] for each in answers] == [
        None, "customer-held", "malformed", "unknown-command", "text-not-storable", None, "malformed",
    ]  # fmt: skip
    again = salesledger("record", "--file", file)
    assert [json.loads(line)["positions"] for line in again.out.splitlines()] == [each["positions"] for each in answers]


def test_a_stream_with_refusals_alone_exits_with_three(salesledger: Salesledger, tmp_path: Path) -> None:
    file = tmp_path / "commands.ndjson"
    file.write_text(json.dumps({**CLAIM, "id": "claim-1", "customer": "nobody"}), encoding="utf-8")

    assert salesledger("record", "--file", file).code == 3


def test_who_waits_for_an_answer_before_the_next_line_gets_it(salesledger: Salesledger) -> None:
    del salesledger
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "record", "--file", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ},
    )
    assert process.stdin
    assert process.stdout
    for number, name in enumerate(("claim-customer", "release-customer"), 1):
        line = {**CLAIM, "name": name, "id": name, "at": f"2024-01-0{number + 1}T09:00:00+08:00"}
        process.stdin.write(json.dumps(line).encode() + b"\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        assert (told["line"], told["refusal"]) == (number, None)
    process.stdin.close()

    assert process.wait(timeout=30) == 0
