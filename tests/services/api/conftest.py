"""A company served over real HTTP: people of every duty, customers private and public, deals with money."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Thread
from time import monotonic, time
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import sql

from domain.commands import AnyCommand, parse
from domain.policy.decisions import PublishPolicy
from domain.refusals import Refusal
from projections.catalogue import READ_MODELS
from projections.registry import install
from services.access.tokens import issue
from services.api.server import Server, address, listen
from services.api.service import Service
from services.ledger.application import open_ledger
from services.policy_files import shipped
from services.settings import Settings
from services.vault import Vault
from services.wiring import Books
from tests.conftest import MASTER_KEY
from tests.samples import policy

BEGIN = datetime.now(UTC) - timedelta(days=30)
PEOPLE = {
    "boss": ("company", "manager"),
    "lena": ("north", "lead"),
    "li": ("north", "rep"),
    "zhou": ("north", "rep"),
    "sara": ("south", "lead"),
    "sun": ("south", "rep"),
    "olga": ("company", "mid-office"),
    "fay": ("company", "finance"),
    "cai": ("company", "committee"),
    "bot": ("company", "system"),
    "gone": ("north", "rep"),
    "spare-north": ("north", "rep"),
    "spare-south": ("south", "rep"),
}
AS = {
    "rep": "li",
    "lead": "lena",
    "manager": "boss",
    "mid-office": "olga",
    "finance": "fay",
    "committee": "cai",
    "system": "bot",
}
"""Who stands for each duty."""

PATIENCE_S = 30


def at(**later: float) -> str:
    """A time in the month of the tests, RFC 3339, `days=2, hours=1` after its beginning."""
    return (BEGIN + timedelta(**later)).isoformat()


@dataclass
class Served:
    """A ledger that is served, and callers for whoever is named."""

    url: str
    books: Books
    server: Server
    numbers: Iterator[int] = field(default_factory=partial(count, 1))
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def token(self, name: str) -> str:
        return issue(self.books.settings, name, timedelta(hours=1), time())

    def by(self, name: str) -> httpx.Client:
        """A client with this person's token."""
        if name not in self.clients:
            headers = {"Authorization": f"Bearer {self.token(name)}"}
            self.clients[name] = httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_S)
        return self.clients[name]

    def tell(self, who: str, command: str, *, key: str | None = None, **fields: Any) -> httpx.Response:
        """Send a command; `at` is the day after the company's beginning where it is not given."""
        body = {"at": at(days=5), **fields}
        headers = {"Idempotency-Key": key or f"told-{next(self.numbers)}"}
        return self.by(who).post(f"/v1/commands/{command}", json=body, headers=headers)

    def ask(self, who: str, path: str, **query: Any) -> httpx.Response:
        """Read what is true up to now."""
        here = self.books.ledger.head().position
        return self.by(who).get(f"/v1{path}", params={"min_position": here, **query})


def command(name: str, /, **fields: Any) -> AnyCommand:
    found = parse({"name": name, "at": at(), **fields})
    assert not isinstance(found, Refusal), str(found)
    return found


def company() -> Iterator[AnyCommand]:
    """The organisation and the policy, customers of Li and Sun and a free one, and a signed and paid deal of each."""
    yield command("publish-policy", version=policy(days=60).model_dump(mode="json"))
    yield command("create-unit", unit="company", title="The company")
    for unit in ("north", "south"):
        yield command("create-unit", unit=unit, parent="company", title=unit)
    for rep, (unit, duty) in PEOPLE.items():
        yield command("join-rep", rep=rep, rep_name=f"{rep} the person", unit=unit, duty=duty)
    yield command("leave-rep", rep="gone", ground="moved away", at=at(days=1))
    for number, (customer, rep) in enumerate(
        {"C-li": "li", "C-sun": "sun", "C-free": "li", "C-lena": "lena", "C-boss": "boss"}.items()
    ):
        known = {"customer_name": f"Shop {customer}", "phone": f"1380013800{number}", "place": "39.90872,116.39748"}
        yield command(
            "register-customer", customer=customer, by=rep, contact=f"Contact of {customer}", at=at(days=1), **known
        )
    for rep in ("li", "sun"):
        told = {"source": "fair", "customer_name": f"Lead of {rep}", "contact": f"Contact of L-{rep}"}
        yield command("register-lead", customer=f"L-{rep}", by=rep, at=at(days=1), **told)
        yield command("approve-lead", customer=f"L-{rep}", actor="olga", at=at(days=2))
    for rep in ("li", "sun", "lena", "boss"):
        yield command("claim-customer", customer=f"C-{rep}", rep=rep, at=at(days=2))
    for rep in ("li", "sun"):
        customer, deal = f"C-{rep}", f"D-{rep}"
        yield command("open-deal", deal=deal, customer=customer, rep=rep, at=at(days=2))
        signed = {
            "contract": f"K-{rep}",
            "rep": rep,
            "amount": 10_000_000,
            "currency": "CNY",
            "usual_milestones": False,
        }
        yield command("sign-contract", deal=deal, actor="boss", at=at(days=3), **signed)
        paid = {"payment": f"P-{rep}", "external_id": f"bank-{rep}", "amount": 1_000_000, "currency": "CNY"}
        yield command("receive-payment", deal=deal, at=at(days=4), **paid)


@contextmanager
def served(books: Books) -> Iterator[Served]:
    """Serve a ledger on a free port, with its read models kept true, until the test is over."""
    with books.connection() as connection:
        install(connection, READ_MODELS)
    stop = Event()
    with listen("127.0.0.1", 0) as listening:
        server = Server(Service(books), "127.0.0.1", 0)
        threads = [
            Thread(target=server.serve_on, args=(listening,), daemon=True),
            Thread(target=books.new_runner().run_forever, args=(stop,), daemon=True),
        ]
        for thread in threads:
            thread.start()
        here = Served(address(listening), books, server)
        try:
            await_until(lambda: httpx.get(f"{here.url}/readyz").status_code == 200, "the service is ready")
            yield here
        finally:
            stop.set()
            for client in here.clients.values():
                client.close()
            server.should_exit = True
            for thread in threads:
                thread.join(PATIENCE_S)


def await_until(is_so: Any, what: str) -> None:
    """Ask until it is so; fail after half a minute."""
    end = monotonic() + PATIENCE_S
    while monotonic() < end:
        with suppress(httpx.TransportError):
            if is_so():
                return
    raise AssertionError(f"never: {what}")


@contextmanager
def opened_books(dsn: str, folder: Path) -> Iterator[Books]:
    """A ledger in a schema of its own, dropped afterwards."""
    schema = f"test_{uuid4().hex[:16]}"
    settings = Settings(folder, dsn, schema)
    try:
        with open_ledger(settings, safe=Vault(MASTER_KEY)) as ledger:
            yield Books(settings, ledger)
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


@pytest.fixture(scope="module")
def house(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The company, served; one for all tests of a module."""
    with opened_books(dsn, tmp_path_factory.mktemp("house")) as books:
        told = [(f"company-{number}", each) for number, each in enumerate(company())]
        for (key, _), answer in zip(told, books.ledger.record_many(told), strict=True):
            assert answer.refusal is None, f"{key}: {answer.refusal}"
        with served(books) as here:
            yield here


@pytest.fixture
def empty(dsn: str, tmp_path: Path) -> Iterator[Served]:
    """A ledger without a fact, served."""
    with opened_books(dsn, tmp_path) as books, served(books) as here:
        yield here


@pytest.fixture(scope="module")
def court(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The company under a policy that regulates disputes and pay, and Li's dispute about Sun's customer."""
    with opened_books(dsn, tmp_path_factory.mktemp("court")) as books:
        for number, each in enumerate(company()):
            answer = books.ledger.record(regulated(each), command_id=f"company-{number}")
            assert answer.refusal is None, str(answer.refusal)
        with served(books) as here:
            assert here.ask("cai", "/customers/C-sun").status_code == 404, "nothing is disputed yet"
            told: dict[str, Any] = {
                "case": "K-1",
                "by": "li",
                "against": ["sun"],
                "matter": {"act": "holding", "customer": "C-sun", "deal": "D-sun"},
                "claim": "I was there first",
            }
            filed = here.tell("li", "file-dispute", **told, expected=100, actual=0, currency="CNY", at=at(days=6))
            assert filed.status_code == 200, filed.text
            yield here


def regulated(command: AnyCommand) -> AnyCommand:
    """The command; the policy that it publishes regulates disputes and pay as the shipped one does."""
    if not isinstance(command, PublishPolicy):
        return command
    terms = shipped("b2b-1")
    version = command.version.model_copy(update={"disputes": terms.disputes, "payroll": terms.payroll})
    return command.model_copy(update={"version": version})
