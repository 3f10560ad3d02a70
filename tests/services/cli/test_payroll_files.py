"""`payroll export` and `payroll reconcile`: exit codes that scripts can use, and nothing half done."""

from pathlib import Path

import pytest

from tests.services.cli.conftest import Salesledger


@pytest.fixture(autouse=True)
def month(salesledger: Salesledger) -> None:
    """The shipped dispute, in a month that is open."""
    assert salesledger("demo", "--json").code == 0
    assert salesledger("payroll", "open", "2024-03", "--policy", "RE-1").code == 0


def test_an_open_month_gives_previews_and_a_closed_one_the_file(salesledger: Salesledger, tmp_path: Path) -> None:
    export = ("payroll", "export", "2024-03", "-f", "json", "-o", str(tmp_path), "--json")
    preview = salesledger(*export).json
    assert salesledger("payroll", "close", "2024-03").code == 0
    closed = salesledger(*export).json

    assert (preview["state"], Path(preview["file"]).name) == ("preview", "payroll-2024-03.preview.json")
    assert (closed["state"], Path(closed["file"]).name) == ("closed", "payroll-2024-03.json")
    assert closed["digest"] == preview["digest"]
    assert closed["bytes"] == (tmp_path / "payroll-2024-03.json").stat().st_size


def test_what_cannot_be_exported_is_told_with_a_code(salesledger: Salesledger, tmp_path: Path) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text("name: ours\ncolumns:\n  - {header: a, field: payeee}\n")
    asked = {
        "unknown-period": ("2024-05", "-f", "csv"),
        "bad-period": ("March", "-f", "csv"),
        "bad-usage": ("2024-03", "-f", "pdf"),
        "layout-wrong": ("2024-03", "-f", "csv", "-l", str(layout)),
        "unknown-layout": ("2024-03", "-f", "csv", "-l", "sap"),
        "file-unusable": ("2024-03", "-f", "csv", "-o", str(tmp_path / "nowhere" / "a.csv")),
    }

    said = {code: salesledger("payroll", "export", *words, "--json") for code, words in asked.items()}

    assert {code: (each.code, each.json["error"]["code"]) for code, each in said.items()} == {
        code: (2, code) for code in asked
    }
    assert "layout.yaml:3:17: there is no field payeee" in said["layout-wrong"].json["error"]["message"]


def test_a_return_file_is_for_a_closed_month_and_must_be_understood(salesledger: Salesledger, tmp_path: Path) -> None:
    back = tmp_path / "back.csv"
    back.write_text("external_id,payee,amount,date,status\nB-1,An,4500.01,2024-04-15,paid\nB-2,An,1,2024-04-15,eh\n")
    reconcile = ("payroll", "reconcile", "2024-03", str(back), "--json")

    early = salesledger(*reconcile)
    assert salesledger("payroll", "close", "2024-03").code == 0
    wrong = salesledger(*reconcile)
    back.write_text("external_id,payee,amount,date,status\nB-1,An,4500.01,2024-04-15,paid\n")
    some = salesledger(*reconcile)

    assert (early.code, early.json["error"]["code"]) == (2, "period-not-closed")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "return-file-unusable")
    assert (some.code, some.json["confirmed"], len(some.json["missing"])) == (1, 1, 4)
