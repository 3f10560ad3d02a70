"""What someone sees who has just installed the product: `make run` ends with serving, and the README's curl lines answer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import httpx
import pytest

from tests.console import Typed, typed
from tests.services.cli.conftest import settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = (ROOT / "README.md", ROOT / "docs" / "http.md")
DOCUMENTED = "http://127.0.0.1:8420"
PATIENCE_S = 90
BIN = Path(sys.executable).parent


def test_make_run_shows_the_sample_serves_it_and_ends_when_told(tmp_path: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LEDGER_", "MAKE"))}
    command = ["make", "--no-print-directory", "run", f"DATA={tmp_path / 'data'}", "PORT=0"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=inherited,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as run:
        limit = Timer(PATIENCE_S, os.killpg, (run.pid, signal.SIGKILL))
        limit.start()
        assert run.stdout
        shown = []
        for line in run.stdout:
            shown.append(line)
            if line.startswith("Serving on "):
                break
        url = shown[-1].split()[2].rstrip(",")
        alive, document = httpx.get(f"{url}/healthz"), httpx.get(f"{url}/docs")
        os.killpg(run.pid, signal.SIGINT)
        run.wait()
        limit.cancel()

    assert "36 facts recorded." in "".join(shown)
    assert (alive.json(), document.status_code) == ({"status": "alive"}, 200)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/healthz")


@pytest.fixture
def environment(dsn: str, schema: str, tmp_path: Path) -> dict[str, str]:
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    return {**os.environ, **settings(dsn, schema, tmp_path), "PATH": path}


@pytest.fixture
def url(environment: dict[str, str]) -> Iterator[str]:
    """The ledger of the tour up to where it goes on over HTTP, served."""
    tour = README.partition("**Over HTTP.**")[0]
    for step in typed(tour):
        if step.command.startswith("salesledger") and ("demo" in step.command or "record" in step.command):
            run(step.command, environment)
    command = [sys.executable, "-m", "services.cli", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as serving:
        assert serving.stdout
        told: dict[str, Any] = json.loads(serving.stdout.readline())
        yield told["serving"]
        serving.terminate()
        serving.wait(PATIENCE_S)


def run(command: str, environment: dict[str, str]) -> str:
    shell = ["bash", "-o", "pipefail", "-c", command]
    return subprocess.run(
        shell, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    ).stdout


def examples() -> list[tuple[str, Typed]]:
    """Every curl line of the pages about HTTP, with its page, in the order in which someone reads them."""
    read = [(page.name, page.read_text("utf-8").replace("```shell", "```console")) for page in PAGES]
    return [(name, step) for name, text in read for step in typed(text) if "curl" in step.command]


def test_the_curl_lines_of_the_pages_give_what_they_show(url: str, environment: dict[str, str]) -> None:
    assert len(examples()) >= 10
    for page, step in examples():
        given = run(step.command.replace(DOCUMENTED, url), environment)

        assert step.is_met_by(given), f"{page}: $ {step.command}\n--- shown\n{step.prints}\n--- given\n{given}"
