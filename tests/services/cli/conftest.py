"""A person at a terminal, with a ledger of one's own or one in which the shipped dispute is recorded."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from services.cli import run
from tests.conftest import MASTER_KEY


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Salesledger = Callable[..., Said]


def settings(dsn: str, schema: str, data_dir: Path) -> dict[str, str]:
    """The environment of a ledger."""
    return {
        "LEDGER_DATABASE_URL": dsn,
        "LEDGER_SCHEMA": schema,
        "LEDGER_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
        "LEDGER_DATA_DIR": str(data_dir),
        "COLUMNS": "160",
    }


@pytest.fixture
def salesledger(
    dsn: str, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Salesledger:
    """Calls a command on a ledger of the test's own."""
    for name, value in settings(dsn, schema, tmp_path).items():
        monkeypatch.setenv(name, value)
    return caller(capsys)


@pytest.fixture(scope="module")
def told_schema(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ledger in which the shipped dispute is recorded; for tests that only read."""
    name = f"test_{uuid4().hex[:16]}"
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in settings(dsn, name, tmp_path_factory.mktemp("told")).items():
            environment.setenv(variable, value)
        assert run(["demo", "--json"]) == 0
    yield name
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name)))


@pytest.fixture
def ask(
    dsn: str,
    told_schema: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Salesledger:
    """Calls a command on the ledger that has the shipped dispute."""
    for name, value in settings(dsn, told_schema, tmp_path).items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    return caller(capsys)


def caller(capsys: pytest.CaptureFixture[str]) -> Salesledger:
    def call(*arguments: object) -> Said:
        code = run([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call
