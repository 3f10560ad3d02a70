"""A fact that nobody handles does not pass the type checker: shown by running it on examples."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from domain.pool.facts import PoolFact

ROOT = Path(__file__).parent.parent.parent
KINDS = [fact.__name__ for fact in get_args(PoolFact)]


def checked(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What mypy, as this project sets it, says of a module."""
    example = folder / "example.py"
    example.write_text(text, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--follow-imports=silent", str(example)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def fold(handled: list[str]) -> str:
    """A module that tells what it makes of every fact of the pool, or of those that are handled."""
    cases = "\n".join(f"        case {kind}():\n            return '{kind}'" for kind in handled)
    return f'''"""A fold."""
from typing import assert_never
from domain.pool.facts import {", ".join(KINDS)}, PoolFact

def told(fact: PoolFact) -> str:
    match fact:
{cases}
    assert_never(fact)
'''


def test_a_fold_that_handles_every_kind_passes(tmp_path: Path) -> None:
    answer = checked(fold(KINDS), tmp_path)

    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("forgotten", [KINDS[0], KINDS[-1]])
def test_a_fold_that_forgets_a_kind_fails_and_the_kind_is_named(forgotten: str, tmp_path: Path) -> None:
    answer = checked(fold([kind for kind in KINDS if kind != forgotten]), tmp_path)

    assert answer.returncode == 1
    assert f'Argument 1 to "assert_never" has incompatible type "{forgotten}"' in answer.stdout


def test_the_shared_facts_would_not_pass_without_one_of_their_kinds(tmp_path: Path) -> None:
    text = (ROOT / "domain" / "effects.py").read_text("utf-8")
    assert text.count("ProtectionExpired()") == 1

    answer = checked(text.replace("ProtectionExpired()", "ProtectionStarted()"), tmp_path)

    assert answer.returncode == 1
    assert '"assert_never" has incompatible type "ProtectionExpired"' in answer.stdout
