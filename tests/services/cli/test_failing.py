"""What goes wrong is told in one message that says what to do, with an exit code, for people and for scripts."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from services.cli import run
from tests.services.cli.conftest import Salesledger

WRONG = [
    (["nope"], 2, "bad-usage"),
    (["pool", "--nope"], 2, "bad-usage"),
    (["pool", "--limit", "0"], 2, "bad-usage"),
    (["pool", "--public", "--owner", "Ding"], 2, "bad-usage"),
    (["pool", "--owner", "nobody"], 2, "unknown-rep"),
    (["pool", "--after", "nonsense"], 2, "bad-mark"),
    (["history", "nobody"], 2, "unknown-customer"),
    (["history", "client-of-Ding", "--known-at", "yesterday"], 2, "bad-time"),
    (["deal", "nothing"], 2, "unknown-deal"),
    (["deal", "house-X", "--known-at", "2024-03-01"], 2, "unknown-deal"),
    (["deals", "--by-stage", "--stage", "signed"], 2, "bad-usage"),
    (["lines", "--period", "March"], 2, "bad-period"),
    (["explain", "nothing"], 2, "unknown-subject"),
    (["explain", "99.9"], 2, "unknown-line"),
    (["explain", "36.1", "--known-at", "2024-03-30"], 2, "bad-usage"),
    (["rebuild"], 2, "bad-usage"),
    (["rebuild", "nothing"], 2, "unknown-read-model"),
    (["record"], 2, "nothing-told"),
    (["record", "clame-customer"], 2, "unknown-command"),
    (["record", "claim-customer", "--customr", "C-1"], 2, "unknown-field"),
    (["record", "claim-customer", "--customer"], 2, "bad-usage"),
    (["record", "claim-customer", "--customer", "C-1"], 2, "malformed"),
    (["record", "{}"], 2, "unknown-command"),
    (["record", "{"], 2, "malformed"),
    (["record", "claim-customer", "--customer", "nobody", "--rep", "Ding"], 3, "unknown-customer"),
    (["record", "--file", "there-is-no-such-file"], 2, "file-unusable"),
]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"), WRONG, ids=lambda each: " ".join(each) if isinstance(each, list) else ""
)
def test_what_goes_wrong_has_an_exit_code_and_one_message(
    arguments: list[str], exit_code: int, code: str, ask: Salesledger
) -> None:
    told, shown = ask(*arguments, "--json"), ask(*arguments)

    assert (told.code, shown.code) == (exit_code, exit_code)
    found = told.json.get("error") or told.json["refusal"]
    assert found["code"] == code
    assert told.out.count("\n") == 1
    assert shown.out == ""
    assert shown.err.startswith("refused: " if exit_code == 3 else "error: ")
    assert "Traceback" not in shown.err + told.err


def test_a_mistyped_word_is_met_with_the_nearest(ask: Salesledger) -> None:
    assert "Did you mean claim-customer?" in ask("record", "clame-customer").err
    assert "Did you mean --customer?" in ask("record", "claim-customer", "--customr", "C-1").err


def test_a_database_that_is_away_is_told_without_its_password(
    salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", "postgresql://clerk:hunter2@127.0.0.1:9/books")
    told, shown = salesledger("pool", "--json"), salesledger("pool")

    assert (told.code, told.json["error"]["code"]) == (2, "database-unreachable")
    assert "127.0.0.1:9/books" in shown.err
    assert "LEDGER_DATABASE_URL" in shown.err
    assert "hunter2" not in shown.err + shown.out + told.out


def test_a_bad_setting_is_named(salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_SCHEMA", "No Schema!")
    said = salesledger("status")

    assert said.code == 2
    assert "LEDGER_SCHEMA" in said.err


def test_a_master_key_that_others_may_read_is_refused(
    salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("A" * 43 + "=", encoding="ascii")
    key.chmod(0o644)
    monkeypatch.delenv("LEDGER_MASTER_KEY")
    monkeypatch.setenv("LEDGER_MASTER_KEY_FILE", str(key))
    said = salesledger("status")

    assert said.code == 2
    assert "chmod 600" in said.err


def test_a_schema_newer_than_the_program_is_refused(salesledger: Salesledger, dsn: str, schema: str) -> None:
    assert salesledger("status").code == 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"insert into {schema}.migration values (9999, '9999_later.sql', 'x', now())".encode())
    said = salesledger("status", "--json")

    assert (said.code, said.json["error"]["code"]) == (2, "schema-unusable")
    assert "newer version" in said.json["error"]["message"]


def test_the_bare_command_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    shown = capsys.readouterr().out
    assert run(["--help"]) == 0

    assert "Exit codes" in shown
    assert capsys.readouterr().out.strip() == shown.strip()


@pytest.mark.parametrize(
    "verb",
    "demo pool history deal deals lines explain record import status verify rebuild run policy scenario".split(),
)
def test_every_verb_is_listed_and_tells_its_options(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    assert f" {verb} " in capsys.readouterr().out
    assert run([verb, "--help"]) == 0
    assert "--help" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error(told_schema: str, ask: Salesledger) -> None:
    del told_schema, ask
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "lines", "--format", "csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ},
    )
    assert process.stdout
    process.stdout.close()
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0
    assert b"Traceback" not in errors
