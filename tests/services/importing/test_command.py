"""`salesledger import`, as a person or a script calls it."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.contract.facts import ContractSigned
from services.cli import run
from services.ledger.application import Ledger
from tests.conftest import MASTER_KEY
from tests.services.importing.crm import PIPELINE, rows_of, write, written
from tests.services.importing.test_maven import MADE, made

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    dsn: str, schema: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Calls the command on the test's ledger, and gives its exit code, its answer and its errors."""
    for name, value in settings(dsn, schema).items():
        monkeypatch.setenv(name, value)

    def called(*arguments: object) -> tuple[int, str, str]:
        code = run(["import", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return called


def settings(dsn: str, schema: str) -> dict[str, str]:
    key = base64.b64encode(MASTER_KEY).decode()
    return {"LEDGER_DATABASE_URL": dsn, "LEDGER_SCHEMA": schema, "LEDGER_MASTER_KEY": key}


def test_an_import_tells_what_came_in_and_reports_the_rest(call: Call, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"

    code, out, _ = call(*write(tmp_path), "--mapping", "maven-crm", "--report", report)

    assert code == 1
    assert "11 of 28 rows came in" in out
    assert len(rows_of(report)) == 15


def test_an_import_whose_rows_are_all_in_ends_with_nought(call: Call, tmp_path: Path) -> None:
    files = write(tmp_path, sales_pipeline="\n".join(PIPELINE.splitlines()[:4]))

    first, second = (call(*files, "-m", "maven-crm", "--json") for _ in range(2))

    assert (first[0], second[0]) == (0, 0)
    told = json.loads(second[1])
    assert (told["came_in"], told["repeated"], told["not_in"], told["events"]) == (0, 9, 0, 0)


def test_a_dry_run_says_what_would_come_in(call: Call, ledger: Ledger, tmp_path: Path) -> None:
    code, out, _ = call(*write(tmp_path), "-m", "maven-crm", "--dry-run", "--json")

    assert code == 1
    assert (json.loads(out)["came_in"], json.loads(out)["dry_run"], ledger.head().position) == (11, True, 0)


def test_a_wrong_header_records_nothing_and_ends_with_two(call: Call, ledger: Ledger, tmp_path: Path) -> None:
    files = write(tmp_path, accounts="acount,sectr\nx,y\n")

    code, _, errors = call(*files, "-m", "maven-crm")

    assert (code, ledger.head().position) == (2, 0)
    assert "accounts.csv: the header fits no shape" in errors
    assert "account (there is acount)" in " ".join(errors.split())


def test_a_misspelt_column_is_not_taken_for_a_smaller_shape_that_happens_to_fit(
    call: Call, ledger: Ledger, tmp_path: Path
) -> None:
    pipeline = PIPELINE.replace("engage_date", "engaged")

    code, _, errors = call(*write(tmp_path, sales_pipeline=pipeline), "-m", "maven-crm")

    assert (code, ledger.head().position) == (2, 0)
    assert "engage_date (there is engaged)" in " ".join(errors.split())


@pytest.mark.parametrize("mapping", ["maven-crmx", "none.yaml"])
def test_a_mapping_that_is_not_there_ends_with_two(call: Call, tmp_path: Path, mapping: str) -> None:
    assert call(*write(tmp_path), "-m", mapping)[0] == 2


def test_a_mistake_in_a_mapping_is_told_as_json_too(call: Call, tmp_path: Path) -> None:
    mapping = written(tmp_path / "m.yaml", "source: x\n")

    code, out, _ = call(*write(tmp_path), "-m", mapping, "--json")

    assert code == 2
    assert json.loads(out)["error"]["code"] == "mapping-wrong"
    assert "m.yaml:1:1" in json.loads(out)["error"]["message"]


def test_a_file_that_is_not_there_ends_with_two(call: Call, tmp_path: Path) -> None:
    assert call(tmp_path / "none.csv", "-m", "maven-crm")[0] == 2


def test_an_import_killed_half_way_goes_on_where_it_was(
    call: Call, dsn: str, schema: str, ledger: Ledger, tmp_path: Path
) -> None:
    files = made(tmp_path)
    command = [
        sys.executable,
        "-c",
        "from services.cli import main; main()",
        "import",
        *map(str, files),
        "-m",
        "maven-crm",
    ]
    with subprocess.Popen(
        command, env={**os.environ, **settings(dsn, schema)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        while ledger.head().position < 300 and process.poll() is None:
            continue
        process.send_signal(signal.SIGKILL)
    there = ledger.head().position

    code, out, errors = call(*files, "-m", "maven-crm", "--json")

    told = json.loads(out)
    assert there >= 300, errors
    assert (code, told["not_in"]) == (1, sum(MADE.not_in.values()))
    assert told["repeated"] > 0
    signed = [each.fact for each in ledger.read_all(limit=100_000) if isinstance(each.fact, ContractSigned)]
    assert (len(signed), sum(fact.amount for fact in signed)) == (MADE.won, MADE.worth * 100)
    assert ledger.refold().difference is None
