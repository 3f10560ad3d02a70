"""A month of 100,000 payees and 1,000,000 lines: closed, and written in every format, beside a bare query with a CSV writer.

The lines stand in the read model as a fold would have put them there: an earlier month that is closed, then the month that is
measured, a fiftieth of it refunds of the earlier one. Each format stands beside a run of its own of the peer. Everything that is measured runs in a process of its own, which tells
its seconds (from the first row asked for to the file on disk) and its peak of memory.
"""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

import psycopg
from openpyxl import load_workbook
from psycopg import sql
from pyarrow import compute, parquet

from bench.measures import Measure, at_most, within
from bench.payroll_process import PERIOD, open_run
from domain.commands import AnyCommand
from domain.organisation.decisions import CreateUnit, JoinRep
from domain.policy.decisions import PublishPolicy
from services.payroll.exports.formats import SUFFIXES, Format
from services.policy_files import shipped

PAYEES: Final = 100_000
LINES: Final = 1_000_000
EARLIER: Final = 100_000
POSITIONS: Final = 500
"""Events over which the lines of a month are spread."""

PEER: Final = "bare query, CSV writer"
TIMES_THE_PEER: Final = 2
MEGABYTES: Final = 300
BEFORE: Final = "2024-05"

FILL: Final = """
INSERT INTO commission_line (position, number, period, recorded_at, occurred_at, deal, customer, payment, role, of, payee,
    amount, currency, cause, policy, plan_hash, derivation)
SELECT %(since)s + 1 + i %% %(positions)s, 1 + i / %(positions)s, %(period)s, %(at)s::timestamptz + i * interval '1 second',
    %(at)s::timestamptz + i * interval '1 second', 'deal-' || lpad((i / 6)::text, 7, '0') || %(mark)s,
    'customer-' || lpad((i / 6)::text, 7, '0'), 'payment-' || lpad((i / 6)::text, 7, '0') || %(mark)s,
    (array['ENTRY', 'FIRST_VISIT', 'MAINTAINER', 'SOLUTION', 'CLOSER', 'COLLECTOR'])[1 + i %% 6], NULL,
    'rep-' || lpad((i %% %(payees)s)::text, 6, '0'), 10000 + (i::bigint * 7919) %% 1000003, 'CNY', 'payment', 'B2B-1',
    repeat('9f', 32), jsonb_build_object('before', 0, 'now', 10000, 'receipt_position', i, 'held_by', 'rep', 'ground_position', i,
      'pool', jsonb_build_object('net', 1000000, 'fee', 0, 'rate', 300, 'amount', 30000),
      'share', jsonb_build_object('whole', 30000, 'bps', 1000, 'floor', 3000, 'amount', 3000, 'leftover', 0),
      'part', jsonb_build_object('whole', 3000, 'bps', 10000, 'floor', 3000, 'amount', 3000, 'leftover', 0))
FROM generate_series(0, %(lines)s - 1) i"""

REFUNDED: Final = """
UPDATE commission_line l SET cause = 'refund', amount = -e.amount / 2, deal = e.deal, customer = e.customer,
    payment = e.payment, role = e.role, payee = e.payee
FROM (SELECT row_number() OVER (ORDER BY position, number) AS nth, * FROM commission_line WHERE position <= %(until)s) e,
    (SELECT row_number() OVER (ORDER BY position, number) AS nth, position, number FROM commission_line
     WHERE position > %(until)s AND number %% 50 = 7) m
WHERE m.nth = e.nth AND l.position = m.position AND l.number = m.number"""


def measure(dsn: str) -> Iterator[Measure]:
    """Close the month, and write it in every format."""
    with a_month(dsn) as schema, TemporaryDirectory() as folder:
        close, bare = told(dsn, schema, "close", folder), told(dsn, schema, "bare", folder)
        whole = f"{bare['rows']:,} rows"
        yield from compared(f"closing of {PAYEES:,} payees, {LINES:,} lines", close, bare)
        paid = of_csv(Path(folder) / "bare.csv", bare["section"], bare["amount_minor"]) / 100
        for form in Format:
            found, bare = told(dsn, schema, str(form), folder), told(dsn, schema, "bare", folder)
            path = Path(folder) / f"payroll-{PERIOD}{SUFFIXES[form]}"
            yield from compared(f"{form} of {whole}, {path.stat().st_size / 1e6:,.0f} MB", found, bare)
            check(form, path, paid)


def compared(what: str, found: dict[str, Any], bare: dict[str, Any]) -> Iterator[Measure]:
    yield within(f"payroll: {what}", found["seconds"], "s", PEER, bare["seconds"], TIMES_THE_PEER)
    yield at_most(f"payroll: {what}, peak of memory", found["megabytes"], "MB", MEGABYTES)


def told(dsn: str, schema: str, what: str, folder: str) -> dict[str, Any]:
    """Do one thing in a process of its own, and give what it tells of itself."""
    command = [sys.executable, "-m", "bench.payroll_process", what, schema, folder]
    done = subprocess.run(command, input=dsn, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{what} failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def check(form: Format, path: Path, paid: Decimal) -> None:
    """Open the file with what others open it with, and compare what is paid. Raises `AssertionError`."""
    match form:
        case Format.CSV:
            found = of_csv(path, 3, 4)
        case Format.PARQUET:
            table = parquet.read_table(path, columns=["section", "amount"])
            found = compute.sum(table.filter(compute.equal(table["section"], "payable"))["amount"]).as_py()
        case Format.XLSX:
            found = of_totals(path)
        case _:
            return
    assert found == paid, f"{form}: {found} is paid, not {paid}"


def of_csv(path: Path, section: int, amount: int) -> Decimal:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum((Decimal(row[amount]) for row in csv.reader(file) if row[section] == "payable"), Decimal())


def of_totals(path: Path) -> Decimal:
    """What the sheet of totals says; openpyxl would take ten minutes over the lines, of which the tests read a small file."""
    header, *rows = load_workbook(path, read_only=True)["Totals"].iter_rows(values_only=True)
    return sum((Decimal(str(row[header.index("payable")])) for row in rows), Decimal())


@contextmanager
def a_month(dsn: str) -> Iterator[str]:
    """A ledger with an earlier month closed and the one that is measured open, all its lines booked; dropped at the end."""
    schema = f"bench_{uuid4().hex[:12]}"
    try:
        with open_run(dsn, schema) as run, psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))
            first = tuple(run.ledger.record_many(opening()))
            assert not any(each.refusal for each in first), first
            for period, lines, mark in ((BEFORE, EARLIER, "-e"), (PERIOD, LINES, "")):
                assert run.open(period, policy="B2B-1").refusal is None
                since = run.ledger.head().position
                assert not any(each.refusal for each in run.ledger.record_many(joining(period)))
                run.wait_for(run.ledger.head().position)
                fill(connection, period, lines, mark, since)
                if period == BEFORE:
                    assert run.close(period, reason="measured").refusal is None
                else:
                    connection.execute(REFUNDED, {"until": since})
            connection.execute("ANALYZE")
            yield schema
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def fill(connection: psycopg.Connection[Any], period: str, lines: int, mark: str, since: int) -> None:
    told_of = {"since": since, "positions": POSITIONS, "period": period, "at": f"{period}-03T00:00:00Z"}
    connection.execute(FILL, {**told_of, "mark": mark, "payees": PAYEES, "lines": lines})


def opening() -> Iterator[tuple[str, AnyCommand]]:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    yield "publish", PublishPolicy(at=at, version=shipped("b2b-1"))
    yield "unit", CreateUnit(at=at, unit="team", title="Team")


def joining(period: str) -> Iterator[tuple[str, AnyCommand]]:
    """Events over which the month's lines are spread."""
    at = datetime(2024, 1, 2, tzinfo=UTC)
    for n in range(POSITIONS):
        yield f"join/{period}/{n}", JoinRep(at=at, rep=f"someone-{period}-{n}", unit="team", duty="rep")
