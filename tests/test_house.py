"""The house that the rooms stand in: what is locked, what is installed, who may know whom, and what runs in containers."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from services.kafka_settings import KafkaSettings
from services.settings import SETTINGS
from tests import kafka

ROOT = Path(__file__).parent.parent
ROOMS = ("domain", "projections", "consumers", "services")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-run.lock")


def locked(text: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of every package in a lock file, by its normalised name."""
    found = {}
    for entry in re.split(r"\n(?=\S)", text.strip()):
        name, version = re.match(r"([\w.-]+)==(\S+)", entry).groups()  # type: ignore[union-attr]
        found[normalised(name)] = (version, entry.count("--hash=sha256:"))
    return found


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lock(name: str) -> dict[str, tuple[str, int]]:
    return locked((ROOT / name).read_text("utf-8"))


def wanted(*extras: str) -> list[Requirement]:
    groups = [
        PROJECT["project"]["dependencies"],
        *(PROJECT["project"]["optional-dependencies"][each] for each in extras),
    ]
    return [Requirement(line) for group in groups for line in group]


@pytest.mark.parametrize(("name", "extras"), [("requirements.lock", ["dev"]), ("requirements-run.lock", ["build"])])
def test_the_lock_holds_what_the_project_asks_for_each_with_its_hashes(name: str, extras: list[str]) -> None:
    found = lock(name)

    for requirement in wanted(*extras):
        assert requirement.specifier.contains(found[normalised(requirement.name)][0]), f"make lock: {requirement}"
    assert [package for package, (_, hashes) in found.items() if hashes == 0] == []


def test_the_image_runs_the_very_versions_that_are_tested() -> None:
    tested = lock("requirements.lock")

    assert {name: pin for name, pin in lock("requirements-run.lock").items() if tested.get(name) != pin} == {}


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_says_where_packages_come_from(name: str) -> None:
    assert re.findall(r"https?://|--\w*index|--find", (ROOT / name).read_text("utf-8")) == []


def test_what_is_installed_here_is_what_is_locked() -> None:
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--all"], capture_output=True, text=True, check=True
    )
    installed = dict(line.split("==") for line in listing.stdout.splitlines() if "==" in line)
    pins = lock("requirements.lock")

    found = {name: version for name, version in installed.items() if normalised(name) in pins}
    assert {n: v for n, v in found.items() if pins[normalised(n)][0] != v} == {}
    assert len(found) > 30


def test_the_installed_package_holds_every_file_of_the_rooms(tmp_path: Path) -> None:
    for room in ROOMS:
        copytree(ROOT / room, tmp_path / room, ignore=ignore_patterns("__pycache__", "subscriber"))
    for name in ("pyproject.toml", "README.md"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    files = {
        str(path.relative_to(tmp_path)) for room in ROOMS for path in (tmp_path / room).rglob("*") if path.is_file()
    }

    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        "out",
        ".",
    ]
    subprocess.run(build, cwd=tmp_path, check=True)

    [wheel] = (tmp_path / "out").glob("*.whl")
    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()


def linted(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("domain/pool.py", "import psycopg"),
        ("domain/pool.py", "import random"),
        ("domain/pool.py", "import projections"),
        ("projections/pool.py", "import services"),
        ("projections/pool.py", "import consumers"),
        ("projections/pool.py", "import eventsourcing"),
        ("consumers/relay.py", "import projections"),
        ("services/payroll.py", "import eventsourcing"),
        ("services/payroll.py", "import kafka"),
        ("consumers/inbox.py", "import services"),
    ],
)
def test_an_import_against_the_arrows_is_found(tmp_path: Path, module: str, line: str) -> None:
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    assert linted(tmp_path).returncode == 0, linted(tmp_path).stdout

    (tmp_path / module).write_text(line, "utf-8")

    assert linted(tmp_path).returncode == 1
    assert "BROKEN" in linted(tmp_path).stdout


def test_the_two_commands_are_what_they_are_said_to_be() -> None:
    ci = (ROOT / ".ci" / "run").read_text("utf-8")

    assert ci.splitlines()[-1] == "exec make --no-print-directory test"
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111 == 0o111
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split()[1] for line in listed.splitlines()] == [
        "help",
        "run",
        "test",
        "soak",
        "contract",
        "bench",
        "lock",
        "clean",
    ]


def test_the_composition_has_the_three_parts_each_healthy_before_it_is_used() -> None:
    services = COMPOSE["services"]

    assert set(services) == {"postgres", "kafka", "migrate", "service"}
    assert services["postgres"]["image"].startswith("postgres:18.")
    assert services["kafka"]["image"].startswith("apache/kafka:4.3.")
    for name, service in (each for each in services.items() if each[0] != "migrate"):
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert {"interval", "timeout", "retries", "start_period"} < set(service["healthcheck"]), name
        assert service["restart"] == "unless-stopped", name
        assert "ports" not in service, f"{name} is for the composition alone"
    conditions = {name: needed["condition"] for name, needed in services["service"]["depends_on"].items()}
    assert conditions == {
        "postgres": "service_healthy",
        "kafka": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_only_the_migration_is_given_the_owner_of_the_tables() -> None:
    given = {name: set(service.get("environment", {})) for name, service in COMPOSE["services"].items()}

    assert [name for name, variables in given.items() if "LEDGER_OWNER_URL" in variables] == ["migrate"]
    assert "superuser" not in COMPOSE["configs"]["roles"]["content"]
    assert COMPOSE["services"]["postgres"]["configs"][0]["target"].startswith("/docker-entrypoint-initdb.d/")


def test_what_must_last_is_on_a_volume_where_the_image_keeps_it() -> None:
    mounted = {name: service["volumes"] for name, service in COMPOSE["services"].items() if "volumes" in service}

    assert mounted == {
        "postgres": ["postgres:/var/lib/postgresql"],
        "kafka": ["kafka:/var/lib/kafka/data"],
        "service": ["ledger:/var/lib/sales-ledger"],
    }
    assert set(COMPOSE["volumes"]) == set(mounted) - {"service"} | {"ledger"}


def test_the_service_is_given_only_settings_that_the_code_reads() -> None:
    given = set(COMPOSE["services"]["service"]["environment"])

    assert given - {setting.name for setting in SETTINGS} == set()
    assert "LEDGER_DATABASE_URL" in given


def test_the_service_finds_the_kafka_beside_it_and_asks_for_no_more_brokers_than_there_are() -> None:
    broker, service = (COMPOSE["services"][name]["environment"] for name in ("kafka", "service"))
    listening = dict(each.split("://") for each in broker["KAFKA_ADVERTISED_LISTENERS"].split(","))
    found = KafkaSettings.from_environment({name: str(value) for name, value in service.items()}, "ledger")

    assert found is not None
    assert found.cluster.bootstrap == listening[found.cluster.security]
    assert found.topics.replication == 1 == len(broker["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(","))
    assert {
        str(broker[f"KAFKA_{topic}_REPLICATION_FACTOR"]) for topic in ("OFFSETS_TOPIC", "TRANSACTION_STATE_LOG")
    } == {"1"}
    assert COMPOSE["services"]["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"


def open_secrets(compose: dict[str, Any]) -> list[str]:
    """Variables that hold a secret, by their name or by the settings, and do not insist on getting it from outside."""
    secret = {setting.name for setting in SETTINGS if setting.secret}
    return [
        f"{name}: {variable}"
        for name, service in compose["services"].items()
        for variable, value in service.get("environment", {}).items()
        if (variable in secret or re.search("PASSWORD|SECRET|TOKEN", variable))
        and not re.search(r"\$\{\w+:\?[^}]+\}", str(value))
    ]


def test_no_secret_has_a_default() -> None:
    assert open_secrets(COMPOSE) == []
    for value in ("sesame", "${LEDGER_DB_PASSWORD}", "${LEDGER_DB_PASSWORD:-sesame}"):
        assert open_secrets({"services": {"postgres": {"environment": {"POSTGRES_PASSWORD": value}}}}) != []


def test_the_image_runs_as_nobody_special_from_the_lock() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    last = dockerfile.rpartition("\nFROM ")[2]

    assert last.startswith("python:3.12-slim\n")
    assert "\nUSER ledger\n" in last
    assert 'ENTRYPOINT ["salesledger"]' in last
    assert "--require-hashes --only-binary :all: --requirement requirements-run.lock" in dockerfile
    assert set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE)) == set(ROOMS)
