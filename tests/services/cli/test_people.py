"""What is held of a person at the command line: shown, held for the law, erased."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.evidence import verify_bundle
from tests.services.cli.conftest import Salesledger

VERIFIER = verify_bundle.__file__
SCENARIOS = Path(verify_bundle.__file__).parents[1] / "samples/scenarios"


def test_a_person_is_given_all_that_is_held_and_nothing_of_others(salesledger: Salesledger, tmp_path: Path) -> None:
    assert salesledger("demo").code == 0
    file = tmp_path / "held.ndjson"

    said = salesledger("subject", "export", "customer/client-of-Wang", "-o", str(file))

    assert said.code == 0, said.err
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {line["part"] for line in lines} == {"event", "command"}
    assert f"{len(lines)} lines written" in said.out
    assert all('"client-of-Wang"' in json.dumps(line) for line in lines)
    assert "sealed.1." not in file.read_text("utf-8")
    assert salesledger("subject", "export", "customer/client-of-Wang", "-o", str(file)).code == 2


def test_a_hold_keeps_a_person_until_it_is_lifted_and_erasing_says_so(salesledger: Salesledger) -> None:
    assert salesledger("demo").code == 0
    whose = "customer/client-of-Wang"

    assert salesledger("subject", "hold", whose, "court-12", "--reason", "court order").code == 0
    held = salesledger("erase", whose, "--reason", "asked by the person")
    assert (held.code, "court-12" in held.err) == (3, True)
    assert salesledger("subject", "lift", whose, "court-12", "--reason", "order withdrawn").code == 0
    assert salesledger("erase", whose, "--reason", "asked by the person").code == 0
    assert "‹erased›" in salesledger("subject", "export", whose).out
    assert salesledger("verify").code == 0


def test_what_names_no_subject_is_told_how_to_name_one(salesledger: Salesledger) -> None:
    assert "Nothing is held" in salesledger("subject", "export", "customer/nobody").err
    assert "customer/ID" in salesledger("subject", "export", "C-1").err
    assert salesledger("erase", "deal/D-1", "--reason", "x").code == 2


def test_erasing_leaves_every_proof_file_and_decision_as_it_was(salesledger: Salesledger, tmp_path: Path) -> None:
    assert salesledger("demo").code == 0
    assert salesledger("payroll", "open", "2024-03", "--policy", "RE-1").code == 0
    assert salesledger("payroll", "close", "2024-03", "--reason", "a trial").code == 0
    assert salesledger("seal").code == 0
    files = {when: (tmp_path / f"{when}.zip", tmp_path / f"{when}.csv") for when in ("before", "after")}

    for when, (bundle, paid) in files.items():
        assert salesledger("bundle", "--stream", "customer/client-of-Ding", "-o", bundle).code == 0
        assert salesledger("payroll", "export", "2024-03", "-f", "csv", "-o", paid).code == 0
        if when == "before":
            erased = salesledger("erase", "customer/client-of-Ding", "--reason", "asked by the person")
            assert (erased.code, salesledger("seal").code) == (0, 0)

    assert "陈晓岚" not in salesledger("history", "client-of-Ding").out
    assert files["before"][1].read_bytes() == files["after"][1].read_bytes()
    for bundle, _ in files.values():
        checked = subprocess.run([sys.executable, VERIFIER, bundle], capture_output=True, text=True, check=False)
        assert (checked.returncode, "all holds" in checked.stdout) == (0, True)
    assert salesledger("verify").code == 0
    decided = salesledger("reexecute", "--all", "--json")
    assert (decided.code, decided.json["erased"] > 0) == (0, True)


def test_an_open_case_keeps_a_person_and_says_so(salesledger: Salesledger, tmp_path: Path) -> None:
    story = (SCENARIOS / "d1-the-ruling.yaml").read_text("utf-8")
    heard = story.partition("  - do: submit-evidence")[0]
    (tmp_path / "open.yaml").write_text(heard, "utf-8")
    told = salesledger("scenario", "run", tmp_path / "open.yaml", "--keep", "--json")
    assert told.code == 0, told.out
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEDGER_SCHEMA", told.json["scenarios"][0]["schema"])

        said = salesledger("erase", "customer/client-of-Ding", "--reason", "asked by the person")

    assert (said.code, "case-open" in said.err, "Open cases: 1." in said.err) == (3, True, True)
