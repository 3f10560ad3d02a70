"""`salesledger policy`: lint, publish, diff and list, with their exit codes, for people and for scripts."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cli import run
from services.policy_files import shipped, shipped_file
from tests.conftest import MASTER_KEY

B2B = shipped_file("B2B-1").read_text(encoding="utf-8")
HASH = shipped("B2B-1").content_hash

Told = tuple[int, str]
Salesledger = Callable[..., Told]


@pytest.fixture
def salesledger(
    dsn: str, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Salesledger:
    """Runs a command on a ledger of the test's own: the exit code, and what it said."""
    monkeypatch.setenv("LEDGER_DATABASE_URL", dsn)
    monkeypatch.setenv("LEDGER_SCHEMA", schema)
    monkeypatch.setenv("LEDGER_MASTER_KEY", base64.b64encode(MASTER_KEY).decode())
    monkeypatch.setenv("LEDGER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "140")

    def command(*arguments: str | Path) -> Told:
        code = run(["policy", *map(str, arguments)])
        return code, "".join(capsys.readouterr())

    return command


def spoken(told: Told) -> tuple[int, Any]:
    code, said = told
    return code, json.loads(said)


def file_with(tmp_path: Path, **changes: str) -> Path:
    """A file of B2B-1 with other values at the top."""
    lines = B2B.splitlines()
    for name, value in changes.items():
        at = next((i for i, line in enumerate(lines) if line.startswith(f"{name}:")), len(lines))
        lines[at : at + 1] = [f"{name}: {value}"]
    file = tmp_path / f"{changes.get('policy', 'policy')}.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_lint_finds_nothing_in_the_shipped_policies_without_opening_a_ledger(
    salesledger: Salesledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", "host=nowhere.invalid")

    assert salesledger("lint", "B2B-1", "re-1", "RC-1") == (0, "Nothing is wrong with B2B-1, RE-1, RC-1.\n")


def test_lint_names_the_place_of_what_it_finds_and_exits_1(salesledger: Salesledger, tmp_path: Path) -> None:
    file = file_with(tmp_path, signed_stage="won")
    line = B2B[: B2B.index("signed_stage")].count("\n") + 1

    code, said = salesledger("lint", file)
    assert code == 1
    assert said.startswith(f"{file}:{line}:1: error: signed_stage: won is no stage")

    code, document = spoken(salesledger("lint", file, "--json"))
    assert code == 1
    assert [(each["code"], each["line"], each["column"]) for each in document["findings"]] == [
        ("signed-stage-unknown", line, 1)
    ]


def test_lint_of_a_file_that_cannot_be_read_exits_2(salesledger: Salesledger, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [", encoding="utf-8")

    assert salesledger("lint", tmp_path / "none.yaml")[0] == 2
    assert salesledger("lint", broken)[0] == 2
    assert salesledger("lint")[0] == 2


def test_lint_beside_what_is_published_finds_the_overlap(salesledger: Salesledger, tmp_path: Path) -> None:
    file = file_with(tmp_path, policy="B2B-2")
    salesledger("publish", "B2B-1")

    assert salesledger("lint", file)[0] == 0
    code, said = salesledger("lint", "--published", file)
    assert (code, "B2B-1 has the same scope" in said) == (1, True)


def test_publishing_records_once_however_often_it_is_repeated(salesledger: Salesledger) -> None:
    first = spoken(salesledger("publish", "B2B-1", "RE-1", "--json"))
    again = spoken(salesledger("publish", "B2B-1", "RE-1", "--json"))

    assert [(each["policy"], each["position"], each["repeated"]) for each in first[1]["published"]] == [
        ("B2B-1", 1, False),
        ("RE-1", 2, False),
    ]
    assert [(each["policy"], each["position"], each["repeated"]) for each in again[1]["published"]] == [
        ("B2B-1", None, True),
        ("RE-1", None, True),
    ]
    assert (first[0], again[0], again[1]["true_up_to"]) == (0, 0, 2)


def test_publishing_the_same_at_the_same_time_is_the_same_command(salesledger: Salesledger) -> None:
    at = ("--at", "2024-01-01T00:00:00+08:00", "--json")

    assert spoken(salesledger("publish", "B2B-1", *at))[1]["published"][0]["position"] == 1
    assert spoken(salesledger("publish", "B2B-1", *at))[1]["published"][0]["position"] == 1


def test_what_lint_finds_wrong_is_not_published_and_neither_is_what_stands_beside_it(
    salesledger: Salesledger, tmp_path: Path
) -> None:
    code, said = salesledger("publish", "RE-1", file_with(tmp_path, signed_stage="won"))

    assert (code, "Nothing was published." in said) == (1, True)
    assert spoken(salesledger("list", "--json"))[1]["policies"] == []


def test_a_published_id_cannot_be_published_with_other_rules(salesledger: Salesledger, tmp_path: Path) -> None:
    salesledger("publish", "B2B-1")

    code, said = salesledger("publish", file_with(tmp_path, title="Other"))

    assert code == 1
    assert "a published version never changes" in said


def test_who_is_no_manager_is_refused_by_the_rule_and_exits_3(salesledger: Salesledger) -> None:
    code, said = salesledger("publish", "B2B-1", "--actor", "nobody")
    assert (code, "not-allowed" in said) == (3, True)

    code, document = spoken(salesledger("publish", "B2B-1", "--actor", "nobody", "--json"))
    assert (code, document["refusal"]["code"]) == (3, "not-allowed")

    assert salesledger("publish", "B2B-1")[0] == 0


def test_a_version_that_supersedes_ends_the_one_before(salesledger: Salesledger, tmp_path: Path) -> None:
    new = file_with(
        tmp_path, policy="B2B-2", effective_from="2020-01-01T00:00:00+08:00", supersedes="B2B-1", title="Next"
    )
    salesledger("publish", "B2B-1", new)

    _, document = spoken(salesledger("list", "--json"))

    assert [(each["policy"], each["effective_until"], each["in_force"]) for each in document["policies"]] == [
        ("B2B-1", "2020-01-01T00:00:00+08:00", False),
        ("B2B-2", None, True),
    ]
    _, document = spoken(salesledger("list", "--at", "2019-12-31T23:59:59+08:00", "--json"))
    assert [each["in_force"] for each in document["policies"]] == [True, False]


def test_the_list_says_where_and_since_when_each_applies(salesledger: Salesledger) -> None:
    salesledger("publish", "RE-1")

    code, said = salesledger("list")

    assert code == 0
    assert all(word in said for word in ("RE-1", "brand RE", "2010-01-01 00:00", "yes", "房产经纪政策"))
    assert "Shipped, not published: B2B-1, RC-1" in said


def test_a_time_without_offset_is_bad_usage(salesledger: Salesledger) -> None:
    assert salesledger("list", "--at", "2024-01-01")[0] == 2
    assert salesledger("list", "--at", "yesterday")[0] == 2


def test_a_file_is_compared_with_what_is_published(salesledger: Salesledger, tmp_path: Path) -> None:
    file = file_with(tmp_path, policy="B2B-2", clock_tolerance_minutes="9")
    salesledger("publish", "B2B-1")

    code, document = spoken(salesledger("diff", "B2B-1", file, "--json"))

    assert code == 0
    assert document["old"]["hash"] == HASH
    assert document["changes"] == [
        {"term": "policy", "old": "B2B-1", "new": "B2B-2"},
        {"term": "clock_tolerance_minutes", "old": 5, "new": 9},
    ]


def test_differences_read_old_beside_new(salesledger: Salesledger) -> None:
    code, said = salesledger("diff", "B2B-1", "RC-1")

    renewal = next(line for line in said.splitlines() if "pool.retention.renewal" in line)
    assert (code, renewal.split()) == (0, ["pool.retention.renewal", "in-full", "3"])
    assert salesledger("diff", shipped_file("B2B-1"), "B2B-1") == (0, "B2B-1 and B2B-1 say the same.\n")


def test_comparing_with_what_there_is_not_tells_what_there_is(salesledger: Salesledger) -> None:
    code, said = salesledger("diff", "B2B-1", "B2B-9")

    assert code == 2
    assert "there are B2B-1, RC-1, RE-1" in " ".join(said.split())
