"""No answer outside the API's document: requests made from it, good and bad, each answer held against it.

`make soak` does it with one seed after another until ten thousand requests were made, and fails if `LEDGER_SOAK_S` seconds
are over before.
"""

import os
import re
import subprocess
import sys
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
import structlog

from tests.services.api.conftest import Served

ROOT = Path(__file__).parents[3]
SOAK_S = int(os.environ.get("LEDGER_SOAK_S", "0"))
SEED = int(os.environ.get("LEDGER_SOAK_SEED", "1"))
SHORT_S = {"system": 14, "li": 8}
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,ignored_auth"
)
REQUESTS = 5_000 if SOAK_S else 60
"""How many requests are made at least, for each who asks."""

ROUND_S = 200
"""Seconds in which a soak goes through every phase once, before it begins again with another seed."""

PUT_TOGETHER_WITHIN_S = 120
"""Seconds in which the document is put together, at most, however busy the machine is."""

log = structlog.get_logger()


@pytest.mark.timeout(2 * SOAK_S + 300)
@pytest.mark.parametrize("who", list(SHORT_S))
def test_the_service_answers_everything_as_its_document_says(who: str, house: Served, tmp_path: Path) -> None:
    house.by(who).get("/openapi.json", timeout=PUT_TOGETHER_WITHIN_S).raise_for_status()
    before, end = answers_given(house), monotonic() + (SOAK_S or SHORT_S[who])
    made = 0.0
    for seed in count(SEED):
        left = int(end - monotonic())
        if made >= REQUESTS or left < 1:
            break
        run = fuzz(house, who, seed, min(left, ROUND_S) if SOAK_S else left, tmp_path)
        made = answers_given(house) - before
        log.info("asked", who=who, requests=int(made), seed=seed)
        assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]

    assert made >= REQUESTS, f"{made:.0f} requests in the time given"


def fuzz(house: Served, who: str, seed: int, seconds: int, folder: Path) -> "subprocess.CompletedProcess[str]":
    phases = "examples,coverage,fuzzing,stateful" if SOAK_S else "coverage,fuzzing,stateful"
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", f"{house.url}/openapi.json",
        "--phases", phases, "--checks", CHECKS, "--max-time", str(seconds), "--continue-on-failure",
        "--header", f"Authorization:Bearer {house.token(who)}", "--suppress-health-check", "all", "--no-color",
        "--warnings", "off", "--generation-database", "none", "--seed", str(seed), "--request-timeout", "60",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "tests.services.api.ndjson", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, **hooks})


def answers_given(house: Served) -> float:
    """How many requests the service has answered."""
    found = re.findall(
        r"^ledger_http_answers_total\{.*\} ([\d.e+]+)$", house.by("li").get("/metrics").text, re.MULTILINE
    )
    return sum(map(float, found))
