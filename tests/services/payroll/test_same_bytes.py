"""A closed period's files are the same bytes for ever: later, elsewhere, after more has happened, and after a rebuild."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from projections.lines import Lines
from services.ledger.application import Ledger, open_ledger
from services.ledger.writer import Clock
from services.payroll.exports.formats import Format
from services.payroll.exports.run import export
from services.payroll.statements import select_statements
from services.vault import Vault
from tests.conftest import OpenLedger
from tests.services.cli.conftest import settings
from tests.services.payroll.company import Company, company

Files = dict[str, bytes]


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    with company(open_here, "Li", "王伟") as made:
        yield made


@pytest.fixture
def elsewhere(dsn: str, schema: str) -> Iterator[str]:
    """The schema of a second ledger."""
    name = f"{schema}_too"
    yield name
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name)))


def june(firm: Company) -> None:
    for rep in ("Li", "王伟"):
        firm.signed(rep)
    firm.opens("2024-06", "06-01 09:00")
    firm.received("D-Li", 10_000_007, "06-10 09:00")
    firm.received("D-王伟", 333_333, "06-11 09:00")
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")


def files(firm: Company, folder: Path, period: str = "2024-06") -> Files:
    folder.mkdir()
    with closing(firm.run.connect()) as connection:
        for form in Format:
            export(connection, select_statements, period, form, folder)
    return read(folder)


def read(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_further_events_and_a_rebuild_change_no_byte(firm: Company, tmp_path: Path) -> None:
    june(firm)
    before = files(firm, tmp_path / "before")
    firm.opens("2024-07", "07-02 10:00")
    firm.refunded("D-Li", 4_000_000, "07-05 09:00")
    firm.received("D-Li", 10_000_000, "07-10 09:00", payment="P-2")
    firm.month("2024-07", "07-02 10:00", "08-02 09:00")

    assert files(firm, tmp_path / "after") == before
    firm.run.runner.rebuild(Lines.name)
    assert files(firm, tmp_path / "rebuilt") == before
    assert files(firm, tmp_path / "july", "2024-07").keys() != before.keys()
    assert len(before) == len(Format)


def test_another_ledger_that_was_told_the_same_writes_the_same(
    firm: Company, dsn: str, elsewhere: str, tmp_path: Path
) -> None:
    june(firm)

    def open_elsewhere(clock: Clock | None = None) -> Ledger:
        return open_ledger(dsn, elsewhere, Vault(bytes(32)), clock)

    with company(open_elsewhere, "Li", "王伟") as other, other.ledger:
        june(other)
        assert files(other, tmp_path / "there") == files(firm, tmp_path / "here")


def test_time_zone_and_locale_of_the_machine_change_no_byte(
    firm: Company, dsn: str, schema: str, tmp_path: Path
) -> None:
    june(firm)
    here = files(firm, tmp_path / "here")
    (tmp_path / "there").mkdir()
    script = (
        "import sys; from services.cli import run\n"
        "for form in sys.argv[2:]:\n"
        "    assert run(['payroll', 'export', '2024-06', '-f', form, '-o', sys.argv[1]]) == 0\n"
    )

    env = {
        **os.environ,
        **settings(dsn, schema, tmp_path),
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONHASHSEED": "7",
    }
    command = [sys.executable, "-c", script, str(tmp_path / "there"), *Format]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert read(tmp_path / "there") == here


def test_a_closing_pins_the_digest_of_every_export(firm: Company, tmp_path: Path) -> None:
    june(firm)

    assert firm.closings()[-1].exports.keys() == {str(form) for form in Format}
