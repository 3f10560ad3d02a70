"""A return file counts whole or not at all: killed at any of its commits, it is visible as unfinished and ends when told again."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from projections.payouts import Unfinished, payouts, unfinished
from services.payroll.returned.mapping import ReturnMapping
from services.payroll.returned.run import Reconciled, ReturnUnfinished, digest, reconcile
from tests.conftest import MASTER_KEY, OpenLedger
from tests.domain.story import on
from tests.services.payroll.company import Company, company

PAYEES = [f"Rep-{number}" for number in range(9)]

KILLED = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo
from services.database import connect
from services.ledger import application
from services.payroll.returned.mapping import ReturnMapping
from services.payroll.returned.run import reconcile
from services.scenarios.stage import StoryClock
from services.vault import Vault
from tests.domain.story import on

def dies(done, of):
    if done == int(last):
        os.kill(os.getpid(), signal.SIGKILL)

dsn, schema, key, path, at_once, last = sys.argv[1:]
application.LARGEST_BATCH = int(at_once)
clock = StoryClock()
clock.move_to(on("07-16 09:00"))
with application.open_ledger(dsn, schema, Vault(bytes.fromhex(key)), clock) as ledger:
    with closing(connect(dsn, schema, timeouts=False)) as connection:
        zone = ZoneInfo("Asia/Shanghai")
        reconcile(ledger, connection, "2024-06", Path(path), ReturnMapping(), zone, actor="Fan", progress=dies)
"""


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    with company(open_here, *PAYEES) as made:
        for rep in PAYEES:
            made.received(made.signed(rep, "06-01 09:00"), 10_000_000, "06-10 09:00")
        made.month("2024-06", "06-11 09:00", "07-02 09:00")
        yield made


def returned(folder: Path, payees: list[str], name: str = "return.csv") -> Path:
    lines = [f"B-{payee},{payee},3000.00,2024-07-15,paid" for payee in payees]
    path = folder / name
    path.write_text("\n".join(["external_id,payee,amount,date,status", *lines, ""]), "utf-8")
    return path


def reconciled(firm: Company, path: Path) -> Reconciled:
    firm.clock.move_to(on("07-16 09:00"))
    firm.run.wait_for(firm.ledger.head().position)
    with closing(firm.run.connect()) as connection:
        found = reconcile(firm.ledger, connection, "2024-06", path, ReturnMapping(), firm.policy.zone, actor="Fan")
    firm.run.wait_for(firm.ledger.head().position)
    return found


def stands(firm: Company) -> tuple[set[str], list[Unfinished]]:
    """Who counts as paid, and which files were told in part."""
    firm.run.wait_for(firm.ledger.head().position)
    with closing(firm.run.connect()) as connection:
        return {payee for _, payee in payouts(connection, "2024-06")}, unfinished(connection)


def killed(dsn: str, schema: str, path: Path, at_once: int, last: int) -> None:
    words = (dsn, schema, MASTER_KEY.hex(), str(path), str(at_once), str(last))
    ended = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_file_that_fits_into_one_commit_is_told_whole_or_not_at_all(
    firm: Company, dsn: str, schema: str, tmp_path: Path
) -> None:
    killed(dsn, schema, returned(tmp_path, PAYEES), 256, 1)

    assert stands(firm) == (set(PAYEES), [])


@pytest.mark.parametrize("last", [1, 3, 4, 7, 9])
def test_a_file_killed_between_its_commits_does_not_count_until_it_is_told_again(
    last: int, firm: Company, dsn: str, schema: str, tmp_path: Path
) -> None:
    path = returned(tmp_path, PAYEES)
    killed(dsn, schema, path, 3, last)

    paid, parted = stands(firm)
    if parted:
        assert paid == set()
        assert [(each.period, each.file) for each in parted] == [("2024-06", digest(path))]
        other = returned(tmp_path, PAYEES[:2], "other.csv")
        with pytest.raises(ReturnUnfinished, match=f"SHA-256 {digest(path)}"):
            reconciled(firm, other)
    else:
        assert paid == set(PAYEES)

    again = reconciled(firm, path)

    assert again.confirmed + len(again.findings.before) == len(PAYEES)
    assert again.findings.clean
    assert stands(firm) == (set(PAYEES), [])
    assert firm.ledger.refold().difference is None
    head = firm.ledger.head().position
    reconciled(firm, path)
    assert firm.ledger.head().position == head


def test_a_file_that_is_lost_after_it_was_told_in_part_is_ended_by_hand(
    firm: Company, dsn: str, schema: str, tmp_path: Path
) -> None:
    path = returned(tmp_path, PAYEES)
    for payee in PAYEES[:3]:
        told = {"period": "2024-06", "currency": "CNY", "amount": 300_000, "external_id": f"B-{payee}", "actor": "Fan"}
        firm.tells("confirm-payout", "07-15 09:00", payee=payee, file=digest(path), **told)
    assert stands(firm)[0] == set()

    short = firm.asks("reconcile-return", "07-16 09:00", period="2024-06", file=digest(path), payouts=9, actor="Fan")
    firm.tells("reconcile-return", "07-16 09:00", period="2024-06", file=digest(path), payouts=3, actor="Fan")
    twice = firm.asks("reconcile-return", "07-16 09:00", period="2024-06", file=digest(path), payouts=3, actor="Fan")

    assert [str(each.refusal and each.refusal.code) for each in (short, twice)] == [
        "return-unfinished",
        "return-repeated",
    ]
    assert stands(firm) == (set(PAYEES[:3]), [])
    assert reconciled(firm, path).confirmed == 6
