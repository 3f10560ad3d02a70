"""What the documents say is true: commands give the output shown, examples in docstrings hold, settings are those that are read."""

import base64
import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from services.settings import SETTINGS
from tests import console, style
from tests.console import Typed, typed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BIN = Path(sys.executable).parent
SHELL = ["bash", "-o", "pipefail", "-c"]


def run(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run as a person would in a terminal at the root of the project; what goes to standard error comes with the rest."""
    return subprocess.run(
        [*SHELL, command],
        cwd=ROOT,
        env=environment,
        text=True,
        check=False,
        timeout=120,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.fixture
def terminal(dsn: str, schema: str, tmp_path: Path) -> dict[str, str]:
    """The environment of someone who has just installed the product and has a ledger of their own."""
    return {
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
        "LANG": "C.UTF-8",
        "COLUMNS": "140",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "HOME": str(tmp_path),
        "LEDGER_DATABASE_URL": dsn,
        "LEDGER_SCHEMA": schema,
        "LEDGER_DATA_DIR": str(tmp_path),
        "LEDGER_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_give_what_the_page_shows(page: Path, request: pytest.FixtureRequest) -> None:
    steps = [step for step in typed(page.read_text("utf-8")) if not step.command.startswith("make ")]
    environment = request.getfixturevalue("terminal") if steps else {}

    for step in steps:
        answer = run(step.command, environment)

        shown = f"{page.name}:{step.line}: $ {step.command}\n--- shown\n{step.prints}\n--- given\n{answer.stdout}"
        assert (answer.returncode, step.is_met_by(answer.stdout)) == (step.exits, True), shown


def test_the_readme_begins_with_the_two_commands_and_make_knows_them() -> None:
    first = [step.command for step in typed(README)][:2]

    assert first == ["make run", "make test"]
    for page in PAGES:
        for step in typed(page.read_text("utf-8")):
            if step.command.startswith("make "):
                assert run(f"{step.command} --dry-run", {**os.environ}).returncode == 0, step.command


def test_the_readme_lists_every_setting_as_the_code_has_it() -> None:
    table = README.partition("| Variable |")[2].partition("\n\n")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:]]

    assert rows == [(f"`{setting.name}`", setting.default, setting.meaning) for setting in SETTINGS]


def test_every_link_of_a_page_leads_somewhere() -> None:
    links = [
        (page, link) for page in PAGES for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    ]

    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []
    assert links


@pytest.mark.parametrize("room", ["domain", "projections", "consumers", "services", "ledger_subscriber"])
def test_examples_in_docstrings_hold(room: str) -> None:
    package = importlib.import_module(room)
    names = [
        found.name
        for found in pkgutil.walk_packages(package.__path__, f"{room}.")
        if not found.name.endswith("__main__")
    ]

    assert [broken for name in names for broken in untrue(importlib.import_module(name))] == []


@pytest.mark.parametrize("module", [console, style], ids=lambda module: module.__name__)
def test_examples_of_what_checks_the_documents_hold(module: ModuleType) -> None:
    assert untrue(module) == []


def untrue(module: ModuleType) -> list[str]:
    """The examples of a module that do not give what they show."""
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(test, out=said.append)
    return said


def test_an_untrue_example_is_found() -> None:
    module = ModuleType("example")
    module.__doc__ = ">>> 1 + 1\n3\n"

    assert "Got:\n    2" in "".join(untrue(module))


def test_the_domain_explains_itself_by_examples() -> None:
    found = [path for path in (ROOT / "domain").rglob("*.py") if ">>> " in path.read_text("utf-8")]

    assert len(found) >= 5


def step(prints: str) -> Typed:
    return Typed(1, "salesledger pool", 0, prints)


def test_three_dots_stand_for_any_lines_or_for_anything_on_a_line() -> None:
    assert step("a\n...\nd").is_met_by("a\nb\nc\nd\n")
    assert step("a\n...\nd").is_met_by("a\nd")
    assert step("a\n...").is_met_by("a\nb\n")
    assert step("...\nd").is_met_by("b\nd\n")
    assert step("took ... ms").is_met_by("took 12 ms   \n")
    assert step("").is_met_by("")


def test_output_that_is_not_as_shown_is_noticed() -> None:
    assert not step("a\n...\nd").is_met_by("a\nb\nc")
    assert not step("a\nb").is_met_by("a\nb\nc")
    assert not step("took ... ms").is_met_by("took 1\n2 ms")
    assert not step("a").is_met_by("")
    assert not step("").is_met_by("a")


def test_a_command_may_go_on_in_the_next_line_and_say_how_it_exits() -> None:
    text = (
        "```console\n$ salesledger lines \\\n    --json  # exits 3\nno\n$ salesledger pool\n```\n```sh\n$ other\n```\n"
    )

    assert list(typed(text)) == [
        Typed(2, "salesledger lines \\\n    --json", 3, "no"),
        Typed(4, "salesledger pool", 0, ""),
    ]
