"""No answer outside the API's document: requests made from it, good and bad, each answer held against it.

`make soak` does the same for longer: `LEDGER_SOAK_S` seconds instead of a few, and at least ten thousand requests.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.api.conftest import Served

ROOT = Path(__file__).parents[3]
SOAK_S = int(os.environ.get("LEDGER_SOAK_S", "0"))
SECONDS = {"system": SOAK_S or 14, "li": SOAK_S or 8}
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,ignored_auth"
)
REQUESTS = 5_000
"""How many requests a soak makes at least, for each who asks."""


@pytest.mark.timeout(2 * max(SECONDS.values()) + 200)
@pytest.mark.parametrize("who", list(SECONDS))
def test_the_service_answers_everything_as_its_document_says(who: str, house: Served, tmp_path: Path) -> None:
    before = answers_given(house)
    phases = "examples,coverage,fuzzing,stateful" if SOAK_S else "coverage,fuzzing,stateful"
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", f"{house.url}/openapi.json",
        "--phases", phases, "--checks", CHECKS, "--max-time", str(SECONDS[who]), "--continue-on-failure",
        "--header", f"Authorization:Bearer {house.token(who)}", "--suppress-health-check", "all", "--no-color",
        "--warnings", "off", "--generation-database", "none",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "tests.services.api.ndjson", "PYTHONPATH": str(ROOT)}

    run = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **hooks}
    )

    made = answers_given(house) - before
    assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]
    assert made >= (REQUESTS if SOAK_S else 60), f"{made} requests"


def answers_given(house: Served) -> float:
    """How many requests the service has answered."""
    found = re.findall(
        r"^ledger_http_answers_total\{.*\} ([\d.e+]+)$", house.by("li").get("/metrics").text, re.MULTILINE
    )
    return sum(map(float, found))
