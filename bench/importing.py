"""How many rows a second an import brings in, through PostgreSQL, from the first byte to the last commit."""

import csv
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql

from bench.measures import Measure, at_least
from services.cli.importing import mapping_file
from services.importing.books import LedgerBooks
from services.importing.mapping import read_mapping
from services.importing.run import Account, run_import
from services.ledger.application import open_ledger
from services.vault import Vault

MAVEN: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "maven-crm"
ROWS_A_SECOND: Final = 2_000
LIKE_MAVEN: Final = 8_800


def measure(dsn: str) -> Iterator[Measure]:
    """The Maven CRM set where it lies beside the repository; a made-up set of its shape and size elsewhere."""
    with crm_files() as (name, files):
        account = imported(dsn, files)
    rows = sum(file.rows for file in account.files)
    events = account.head_after - account.head_before
    yield at_least(f"import of {name}, {rows:,} rows", rows / account.seconds, "rows/s", ROWS_A_SECOND)
    yield Measure(f"import of {name}, {events:,} events", events / account.seconds, "events/s")


def imported(dsn: str, files: list[Path]) -> Account:
    schema = f"bench_{uuid4().hex[:12]}"
    try:
        with open_ledger(dsn, schema, Vault(bytes(32))) as ledger:
            books = LedgerBooks(ledger)
            return run_import(files, read_mapping(mapping_file("maven-crm")), books, books.fingerprint)
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


@contextmanager
def crm_files() -> Iterator[tuple[str, list[Path]]]:
    if MAVEN.is_dir():
        yield "the Maven CRM set", sorted(MAVEN.glob("*.csv"))
        return
    with TemporaryDirectory() as folder:
        yield "a made-up CRM set", made_up(Path(folder))


def made_up(folder: Path) -> list[Path]:
    """Files of the Maven set's headers, with as many rows and the same mix of outcomes."""
    chance = random.Random(20170101)
    agents = [f"Agent {chr(65 + n % 26)}{n}" for n in range(35)]
    accounts = [f"Account {n}" for n in range(85)]
    header = ("account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of")
    customers = [(account, "retail", 1990, 100.5, 120, "Kenya", "") for account in accounts]
    team = [(agent, f"Manager {n % 6}", ("Central", "East", "West")[n % 3]) for n, agent in enumerate(agents)]
    pipeline = [opportunity(number, chance, agents, accounts) for number in range(LIKE_MAVEN)]
    columns = ("opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date")
    tables: dict[str, tuple[tuple[str, ...], Sequence[tuple[object, ...]]]] = {
        "accounts.csv": (header, customers),
        "sales_teams.csv": (("sales_agent", "manager", "regional_office"), team),
        "products.csv": (("product", "series", "sales_price"), [("GTX Basic", "GTX", 550)]),
        "sales_pipeline.csv": ((*columns, "close_value"), pipeline),
    }
    for name, (head, rows) in tables.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
    return [folder / name for name in tables]


def opportunity(number: int, chance: random.Random, agents: list[str], accounts: list[str]) -> tuple[object, ...]:
    stage = chance.choices(("Won", "Lost", "Engaging"), (48, 28, 24))[0]
    closed: tuple[object, object] = ("", "")
    if stage != "Engaging":
        closed = f"2017-0{chance.randint(4, 9)}-15", chance.randint(38, 30_000)
    engaged = f"2017-0{chance.randint(1, 3)}-1{chance.randint(0, 9)}"
    return f"OPP{number:05d}", chance.choice(agents), "GTX Basic", chance.choice(accounts), stage, engaged, *closed
