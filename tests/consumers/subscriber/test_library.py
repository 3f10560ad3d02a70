"""The library as others get it: the lines of its README run, its commands work, and nothing of the service comes with it."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest

from tests.consumers.subscriber.letters import Ledger, publish
from tests.waiting import wait_until

PLACE = Path(__file__).parents[3] / "consumers" / "subscriber"
LINES = re.findall(r"^```python\n(.*?)^```$", (PLACE / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
COMMAND = Path(sys.executable).parent / "ledger-subscriber"


@pytest.fixture
def shop(tmp_path: Path, kafka: str, topic: str) -> dict[str, Any]:
    """A directory with the README's lines in `income.py`, as arguments of a process there."""
    (tmp_path / "income.py").write_text(LINES[0], "utf-8")
    return {"cwd": tmp_path, "env": {**os.environ, "KAFKA": kafka, "TOPIC": topic}, "text": True}


def income(shop: dict[str, Any]) -> dict[str, int]:
    file = shop["cwd"] / "income.db"
    if not file.exists():
        return {}
    with sqlite3.connect(file) as connection:
        if not connection.execute("select 1 from sqlite_master where name = 'income'").fetchone():
            return {}
        return dict(connection.execute("select deal, amount from income"))


def test_twenty_lines_make_a_subscriber(shop: dict[str, Any], kafka: str, topic: str) -> None:
    assert len([line for line in LINES[0].splitlines() if line]) <= 20
    publish(kafka, topic, Ledger().payments("ABA"))

    with subprocess.Popen([sys.executable, "income.py"], **shop) as process:
        wait_until(lambda: income(shop) == {"A": 200, "B": 100})
        process.send_signal(signal.SIGTERM)
        code = process.wait(120)

    assert code == 0


def test_what_is_parked_is_shown_discarded_and_replayed_by_commands(
    shop: dict[str, Any], kafka: str, topic: str
) -> None:
    events = Ledger().payments("AAB")
    publish(kafka, topic, [replace(events[0], value=b"not json"), *events[1:]])

    def said(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([COMMAND, *arguments], capture_output=True, check=False, timeout=120, **shop)
        return done.returncode, done.stdout

    with subprocess.Popen([COMMAND, "run", "income:subscriber"], **shop) as process:
        wait_until(lambda: income(shop) == {"B": 100})
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    parked = [json.loads(line) for line in said("parked", "income:subscriber")[1].splitlines()]

    assert [(each["key"], each["reason"]) for each in parked] == [("deal/A", "not-json"), ("deal/A", "behind")]
    assert said("replay", "income:subscriber") == (1, "0 handled, 2 parked still\n")
    assert said("discard", "income:subscriber", str(parked[1]["number"]))[0] == 2
    assert said("discard", "income:subscriber", str(parked[0]["number"]))[0] == 0
    assert said("replay", "income:subscriber", "--key", "deal/A", "--accept-gap") == (0, "1 handled, 0 parked still\n")
    assert income(shop) == {"A": 100, "B": 100}
    assert said("parked", "income:nobody")[0] == 2


def test_it_is_a_distribution_of_its_own_that_needs_nothing_of_the_service(tmp_path: Path) -> None:
    project = tomllib.loads((PLACE / "pyproject.toml").read_text("utf-8"))["project"]
    copytree(PLACE, tmp_path / "it", ignore=ignore_patterns("__pycache__", "*.egg-info", "build"))
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "out"]
    subprocess.run([*build, "./it"], cwd=tmp_path, check=True)

    [wheel] = (tmp_path / "out").glob("*.whl")

    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in names} == {"ledger_subscriber"}
    assert {"ledger_subscriber/py.typed", "ledger_subscriber/kinds/payment.py"} <= names
    needed = {re.split(r"[>=\[]", each)[0] for each in project["dependencies"]}
    assert needed == {"crc32c", "kafka-python", "pydantic", "structlog"}
    assert [*project["optional-dependencies"]] == ["postgresql"]
