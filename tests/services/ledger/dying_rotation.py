"""Rotates the master key and is killed before its n-th step, a step being a statement or a file put in its place.

`python -m tests.services.ledger.dying_rotation 5` with the settings in the environment. Killed by SIGKILL, as a process is that
nobody asked; ends with 0 if there were fewer steps than that.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import psycopg

from services.cli import run
from services.ledger import wrapping


def dying_at(step: int) -> int:
    """Rotate in a process of its own, killed before the step. Gives the signal that ended it, 0 for none."""
    child = os.fork()
    if child == 0:
        os._exit(rotate_until(step))
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def rotate_until(step: int) -> int:
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    execute, replace = psycopg.Connection.execute, Path.replace

    def executed(self: psycopg.Connection[Any], *args: Any, **kwargs: Any) -> Any:
        count()
        return execute(self, *args, **kwargs)

    def replaced(self: Path, target: Path) -> Path:
        count()
        return replace(self, target)

    psycopg.Connection.execute = executed  # type: ignore[method-assign]
    Path.replace = replaced  # type: ignore[method-assign,assignment]
    wrapping.PAGE = 2  # type: ignore[misc]
    return run(["keys", "rotate", "--json"])


if __name__ == "__main__":
    sys.stdout.write(f"{dying_at(int(sys.argv[1]))}\n")
