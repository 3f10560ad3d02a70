"""Sealing, bundling and verifying as a person does it at a terminal."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from services.database import connect
from tests.services.cli.conftest import Said, Salesledger


@pytest.fixture
def told(salesledger: Salesledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Salesledger:
    """The shipped dispute, with a witness."""
    monkeypatch.setenv("LEDGER_WITNESS_DIRS", str(tmp_path / "witness"))
    assert salesledger("demo", "--json").code == 0
    return salesledger


def heads(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("*/*.heads"))


def verifier(said: Said, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """The bundle's own copy of the verifier, run on it."""
    with zipfile.ZipFile(said.json["file"]) as bundle:
        bundle.extract("verify_bundle.py", tmp_path)
    asked = [said.json["file"], "--key", said.json["key"], "--heads", str(heads(tmp_path)[-1])]
    command = [sys.executable, "-I", str(tmp_path / "verify_bundle.py"), *asked]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_log_is_sealed_for_us_and_the_witness(told: Salesledger, tmp_path: Path) -> None:
    said = told("seal", "--json")
    once = told("run", "sealer", "--once", "--json")

    assert (said.code, once.code) == (0, 0)
    assert once.json == {"sealed_up_to": said.json["true_up_to"]}
    assert sorted(said.json["published"]) == [str(each) for each in heads(tmp_path)]
    assert len({each.read_text() for each in heads(tmp_path)}) == 1
    assert said.json["key"] in told("seal").out


def test_an_empty_log_is_not_sealed(salesledger: Salesledger) -> None:
    said = salesledger("seal", "--json")

    assert (said.code, said.json["true_up_to"], said.json["published"]) == (0, 0, [])


def test_a_bundle_is_written_and_checked_by_the_copy_that_it_holds(told: Salesledger, tmp_path: Path) -> None:
    said = told("bundle", "--stream", "deal/house-X", "-o", tmp_path / "deal.zip", "--json")
    checked = verifier(said, tmp_path)

    assert (said.code, checked.returncode) == (0, 0), checked.stdout
    assert "all holds" in checked.stdout
    assert said.json["key"] in told("bundle", "--stream", "deal/house-X", "-o", tmp_path / "again.zip").out
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "deal.zip").read_bytes()


def test_what_cannot_be_bundled_is_said(told: Salesledger, tmp_path: Path) -> None:
    nothing = told("bundle", "--stream", "deal/none", "-o", tmp_path / "x.zip", "--json")
    nowhere = told("bundle", "--stream", "deal/house-X", "-o", tmp_path / "none" / "x.zip", "--json")
    no_case = told("case", "bundle", "none", "-o", tmp_path / "x.zip", "--json")

    assert [(each.code, each.json["error"]["code"]) for each in (nothing, nowhere, no_case)] == [
        (2, "nothing-to-prove"),
        (2, "not-writable"),
        (2, "nothing-to-prove"),
    ]
    assert not (tmp_path / "x.zip").exists()


def test_personal_values_are_for_somebody_who_may_have_them(told: Salesledger, tmp_path: Path) -> None:
    asked = ("bundle", "--stream", "customer/client-of-Ding", "-o", tmp_path / "x.zip", "--json")
    alone, other = told(*asked, "--with-personal"), told(*asked, "--for", "Ding")
    refused = told(*asked, "--with-personal", "--for", "Ding")

    assert [(each.code, each.json["error"]["code"]) for each in (alone, other, refused)] == [
        (2, "bad-usage"),
        (2, "bad-usage"),
        (3, "not-allowed"),
    ]


def test_verify_holds_the_log_against_the_published_heads(told: Salesledger, tmp_path: Path) -> None:
    assert told("verify", "--log-only", "--json").json["heads"] == 0
    told("seal")
    verified = told("verify", "--log-only", "--json")
    heads(tmp_path)[0].write_bytes(heads(tmp_path)[0].read_bytes().replace(b"\n36\n", b"\n35\n"))
    altered = told("verify", "--log-only", "--json")

    assert (verified.code, verified.json["heads"]) == (0, 1)
    assert altered.code == 1
    assert "signature is not one of" in altered.json["differences"][0]


def test_a_cut_log_is_refused_by_the_sealer_and_found_by_verify(told: Salesledger, dsn: str, schema: str) -> None:
    told("seal")
    with connect(dsn, schema) as connection:
        connection.execute("delete from event where position = 36")
        connection.execute(
            "update ledger_head set position = 35, chain = (select chain from event where position = 35)"
        )
    refused, verified = told("seal", "--json"), told("verify", "--log-only", "--json")

    assert (refused.code, refused.json["error"]["code"]) == (1, "log-rewritten")
    assert verified.code == 1
    assert any("tail was cut off" in each for each in verified.json["differences"])


def test_heads_without_their_key_are_not_taken_on_trust(told: Salesledger, tmp_path: Path) -> None:
    told("seal")
    (tmp_path / "seal.key").unlink()
    verified = told("verify", "--log-only", "--json")

    assert verified.code == 1
    assert "their key is not at" in verified.json["differences"][0]


def test_a_key_that_others_may_read_is_refused(told: Salesledger, tmp_path: Path) -> None:
    told("seal")
    (tmp_path / "seal.key").chmod(0o644)
    said = told("seal", "--json")

    assert (said.code, said.json["error"]["code"]) == (2, "seal-key-unusable")


def test_the_sealer_runs_on_and_ends_loudly_when_the_log_is_rewritten(told: Salesledger, dsn: str, schema: str) -> None:
    told("seal")
    with connect(dsn, schema) as connection:
        connection.execute("update event set chain = %s where position = 36", (bytes(32),))
    process = subprocess.run(
        [sys.executable, "-m", "services.cli", "run", "sealer", "--json"],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert process.returncode == 1
    assert "log-rewritten" in process.stdout + process.stderr
