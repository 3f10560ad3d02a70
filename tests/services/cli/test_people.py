"""What is held of a person at the command line: shown, held for the law, erased."""

import json
from pathlib import Path

from tests.services.cli.conftest import Salesledger


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
