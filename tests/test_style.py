"""The style of the house, as a test. What is found is named with its place; nothing is waived."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.refusals import Code
from tests import style

ROOT = Path(__file__).parent.parent
ROOMS = ("domain", "projections", "consumers", "services")
OURS = (*ROOMS, "tests", "bench")
STORY_EXTRAS = {
    "case": {
        "agenda.py", "commands.py", "conflict.py", "course.py", "ending.py", "execution.py", "hearing.py", "matter.py", "panel.py",
        "prediction.py", "procedure.py", "ruling.py",
    },
    "policy": {"difference.py", "disputes.py", "lint.py", "succession.py", "terms.py"},
}  # fmt: skip
JUDGING = ("commission", "credit", "lapse", "parts", "quota", "retention", "standing")


def modules(*rooms: str) -> dict[Path, str]:
    """The text of every module of the rooms, by its path from the root."""
    found = (path for room in rooms for path in sorted((ROOT / room).rglob("*.py")))
    return {path.relative_to(ROOT): path.read_text("utf-8") for path in found}


def texts() -> Iterator[tuple[Path, str]]:
    """Every text that is ours to commit."""
    kept = {".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".lock", ".json", ".csv", ".sh", ""}
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in kept]
    below = [p for room in (*OURS, "docs", ".ci") for p in (ROOT / room).rglob("*") if p.is_file() and p.suffix in kept]
    for path in sorted({*top, *below}):
        if path.parent != ROOT / "bench" / "results" and path.name != ".git":
            yield path.relative_to(ROOT), path.read_text("utf-8")


def found(check: Callable[[Path, str], Iterator[str]], *rooms: str) -> list[str]:
    return [sentence for path, text in modules(*rooms).items() for sentence in check(path, text)]


def test_modules_and_functions_fit_a_reader() -> None:
    assert found(style.too_long, *OURS) == []


def test_every_name_says_something() -> None:
    assert found(style.empty_names, *OURS) == []


def test_nothing_is_left_for_later() -> None:
    assert found(style.unfinished, *OURS) == []


def test_every_module_says_what_it_is_for_and_every_decision_what_it_refuses() -> None:
    assert found(style.undocumented, *OURS) == []


def test_no_exception_is_swallowed() -> None:
    assert found(style.swallowed, *OURS) == []


def test_tests_neither_sleep_nor_skip_nor_mock() -> None:
    assert found(style.idle_or_pretended, "tests") == []


def test_tests_are_sentences_that_state_something() -> None:
    assert found(style.wordless_tests, "tests") == []


def test_the_domain_reads_no_clock_no_environment_and_no_chance() -> None:
    assert found(style.impure, "domain") == []


def test_no_class_is_abstract_for_the_sake_of_one() -> None:
    assert list(style.lonely_abstractions(modules(*OURS))) == []


def test_numbers_of_the_business_stand_in_policies() -> None:
    judging = {
        path: text
        for path, text in modules("domain").items()
        if path.name == "decisions.py" or (len(path.parts) == 2 and path.stem in JUDGING)
    }

    assert [sentence for path, text in judging.items() for sentence in style.numbers_in_rules(path, text)] == []


def test_no_file_names_a_machine_a_registry_or_a_secret() -> None:
    assert [sentence for path, text in texts() for sentence in style.not_for_others(path, text)] == []


def test_every_story_of_the_domain_has_the_same_two_files() -> None:
    for story in (path for path in (ROOT / "domain").iterdir() if path.is_dir() and path.name != "__pycache__"):
        files = {path.name for path in story.iterdir() if path.name != "__pycache__"}

        assert files == {"__init__.py", "facts.py", "decisions.py"} | STORY_EXTRAS.get(story.name, set()), story.name


def test_every_refusal_is_used_and_told_in_its_own_sentence() -> None:
    used = set()
    for path, text in modules("domain", "services").items():
        if path != Path("domain/refusals.py"):
            tree = ast.parse(text)
            used |= set(style.codes_of(tree)) | {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}

    assert [code for code in Code if code.value not in used] == []
    assert len({code.rule for code in Code}) == len(Code)
    assert all(code.rule.endswith(".") and len(code.rule.split()) > 3 for code in Code)
    assert all(code.name == code.value.upper().replace("-", "_") for code in Code)


# `~` stands for nothing: it keeps this file itself from being found
BAD: list[tuple[Callable[[Path, str], Iterator[str]], str, str]] = [
    (style.too_long, "domain/long.py", "x = 1\n" * 301),
    (style.too_long, "tests/test_long.py", "x = 1\n" * 401),
    (style.too_long, "domain/long.py", "def f() -> None:\n" + "    x = 1\n" * 60),
    (style.empty_names, "domain/pool_utils.py", ""),
    (style.empty_names, "services/helpers/pool.py", ""),
    (style.empty_names, "services/pool.py", "class PoolManager: x = 1"),
    (style.empty_names, "services/pool.py", "class BaseStore: x = 1"),
    (style.unfinished, "domain/a.py", "x = 1  # TO~DO later"),
    (style.unfinished, "domain/a.py", '"""FIX~ME: this."""'),
    (style.unfinished, "domain/a.py", "def f() -> None:\n    raise NotImplementedError"),
    (style.unfinished, "domain/a.py", "def f() -> None: ..."),
    (style.unfinished, "domain/a.py", "class A:\n    def f(self) -> None:\n        pass"),
    (style.undocumented, "domain/a.py", "x = 1"),
    (style.undocumented, "domain/pool/decisions.py", '"""Pool."""\nclass Claim: x = 1'),
    (style.undocumented, "domain/pool/decisions.py", '"""Pool."""\ndef f(command, world):\n    return Code.POOL_FULL'),
    (style.swallowed, "services/a.py", "try:\n    f()\nexcept OSError:\n    pass"),
    (style.swallowed, "services/a.py", "with contextlib.suppress(Exception):\n    f()"),
    (style.idle_or_pretended, "tests/test_a.py", "import time\ntime.sleep(1)"),
    (style.idle_or_pretended, "tests/test_a.py", "from time import sleep"),
    (style.idle_or_pretended, "tests/test_a.py", "from unittest import mock"),
    (style.idle_or_pretended, "tests/test_a.py", "import unittest.mock"),
    (style.idle_or_pretended, "tests/test_a.py", "@pytest.mark.skip\ndef f(): x = 1"),
    (style.idle_or_pretended, "tests/test_a.py", "@pytest.mark.skipif(True, reason='')\ndef f(): x = 1"),
    (style.wordless_tests, "tests/test_a.py", "def test_pool(): assert x"),
    (style.wordless_tests, "tests/test_a.py", "def test_a_pool_is_full(): pool()"),
    (style.numbers_in_rules, "domain/pool/decisions.py", "if held >= 100: x = 1"),
    (style.numbers_in_rules, "domain/pool/decisions.py", "later = timedelta(days=7)"),
    (style.impure, "domain/a.py", "datetime.now(UTC)"),
    (style.impure, "domain/a.py", "x = os.environ['A']"),
    (style.impure, "domain/a.py", "uuid4()"),
    (style.not_for_others, "README.md", "see /ro~ot/notes.md"),
    (style.not_for_others, "requirements.lock", "--index-~url https://example.org/simple"),
    (style.not_for_others, "README.md", "https://py~pi.org/project/x"),
    (style.not_for_others, "README.md", "postgresql:~//ledger:sesame@db/ledger"),
]


@pytest.mark.parametrize(("check", "path", "text"), BAD)
def test_every_check_finds_what_it_is_there_for(
    check: Callable[[Path, str], Iterator[str]], path: str, text: str
) -> None:
    assert list(check(Path(path), text.replace("~", ""))) != []


GOOD: list[tuple[Callable[[Path, str], Iterator[str]], str, str]] = [
    (style.too_long, "domain/short.py", "x = 1\n" * 300),
    (style.too_long, "domain/table.py", "def f(x: int) -> int:\n  match x:\n" + "    case 1:\n      return 1\n" * 40),
    (style.empty_names, "domain/authority.py", "class Manages: x = 1"),
    (style.unfinished, "domain/a.py", 'def nothing() -> None:\n    """Nobody is told."""'),
    (style.unfinished, "domain/a.py", 'currency = "XXX"  # none, by ISO 4217'),
    (style.unfinished, "domain/a.py", "class Clock(Protocol):\n    def now(self) -> int: ..."),
    (
        style.undocumented,
        "domain/pool/decisions.py",
        '"""P."""\ndef f(command, world):\n    """`full`"""\n    Code.FULL',
    ),
    (style.swallowed, "services/a.py", "with contextlib.suppress(BrokenPipeError):\n    f()"),
    (style.idle_or_pretended, "tests/test_a.py", "import time\ntime.monotonic()"),
    (style.wordless_tests, "tests/test_a.py", "def test_a_pool_is_full(): assert pool()"),
    (
        style.wordless_tests,
        "tests/test_a.py",
        "class TestOurs(Theirs):\n  def test_insert(self): super().test_insert()",
    ),
    (style.numbers_in_rules, "domain/pool/decisions.py", "x = parts[2] + 1"),
    (style.impure, "domain/a.py", "datetime.fromisoformat(x)"),
    (
        style.not_for_others,
        "docker-compose.yml",
        "- /tmp\n- ledger:/var/lib/postgresql\n- postgresql://u:${PASSWORD}@db/x",
    ),
]


@pytest.mark.parametrize(("check", "path", "text"), GOOD)
def test_no_check_cries_at_what_is_well(check: Callable[[Path, str], Iterator[str]], path: str, text: str) -> None:
    assert list(check(Path(path), text)) == []


def test_an_abstract_class_may_stand_with_two_implementations_but_not_with_one() -> None:
    abstract, one, two = "class Shape(ABC): x = 1", "class Square(Shape): x = 1", "class Circle(Shape): x = 1"

    assert list(style.lonely_abstractions({Path("a.py"): f"{abstract}\n{one}"})) != []
    assert list(style.lonely_abstractions({Path("a.py"): f"{abstract}\n{one}\n{two}"})) == []
