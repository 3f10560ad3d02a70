"""The service as processes: killed under load it loses nothing it acknowledged, two of them stay right, a stop answers all."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from domain.refusals import Code
from services.cli.state import read_models
from services.wiring import Books
from tests.services.api.conftest import PATIENCE_S, Served, at, await_until, company, opened_books, told_at_last
from tests.services.cli.conftest import settings

SERVE = [sys.executable, "-m", "services.cli", "serve", "--json", "--port", "0"]
CUSTOMERS = 150
CALLERS = 16


class Process:
    """A service in a process of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str) -> None:
        self.process = process
        self.url = url

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def books(dsn: str, tmp_path: Path) -> Iterator[Books]:
    """A company with many customers whom nobody holds."""
    with opened_books(dsn, tmp_path) as found:
        told = [(f"company-{number}", each) for number, each in enumerate(company())]
        assert all(answer.accepted for answer in found.ledger.record_many(told))
        yield found


@contextmanager
def process(books: Books, *options: str) -> Iterator[Process]:
    given = settings(books.ledger.dsn, books.ledger.schema, books.settings.data_dir)
    with subprocess.Popen(
        [*SERVE, *options], env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as started:
        try:
            assert started.stdout
            url = json.loads(started.stdout.readline())["serving"]
            await_until(lambda: httpx.get(f"{url}/healthz").status_code == 200, "the service answers")
            yield Process(started, url)
        finally:
            started.kill()


def registration(number: int) -> tuple[str, dict[str, Any]]:
    told = {"at": at(days=5), "customer": f"K-{number}", "by": "li", "customer_name": f"Customer number {number}"}
    return f"register/K-{number}", told


async def register(client: httpx.AsyncClient, number: int) -> httpx.Response:
    key, told = registration(number)
    return await client.post("/v1/commands/register-customer", json=told, headers={"Idempotency-Key": key})


def client(url: str, token: str, keep: int = CALLERS) -> httpx.AsyncClient:
    """A caller under this token, who keeps so many connections open."""
    limits = httpx.Limits(max_connections=CALLERS, max_keepalive_connections=keep)
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S, limits=limits
    )


def token(books: Books, name: str) -> str:
    return Served("", books, None).token(name)  # type: ignore[arg-type]


def test_a_service_killed_under_load_has_every_acknowledged_command_once(books: Books) -> None:
    acknowledged: dict[int, dict[str, Any]] = {}

    async def load(url: str, killed: Process | None) -> None:
        numbers = iter(range(CUSTOMERS))

        async def caller(http: httpx.AsyncClient) -> None:
            for number in numbers:
                try:
                    answer = await register(http, number)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                acknowledged.setdefault(number, answer.json())
                if killed and len(acknowledged) == CUSTOMERS // 2:
                    killed.process.kill()

        async with client(url, token(books, "li")) as http:
            await asyncio.gather(*(caller(http) for _ in range(CALLERS)))

    with process(books) as first:
        asyncio.run(load(first.url, first))
    before = dict(acknowledged)
    with process(books) as second:
        asyncio.run(load(second.url, None))

    assert CUSTOMERS // 2 <= len(before) < CUSTOMERS
    for number, told in acknowledged.items():
        stream = books.ledger.read(f"customer/K-{number}")
        registered = [each for each in stream if each.fact.kind == "customer-registered.v1"]
        assert [each.position for each in registered] == [told["positions"][0]], "once, where it was said to be"
    assert len(acknowledged) == CUSTOMERS
    assert books.ledger.refold().difference is None


def test_two_services_on_one_ledger_let_each_customer_be_claimed_once(books: Books) -> None:
    async def load(first: str, second: str) -> list[tuple[httpx.Response, httpx.Response]]:
        async with client(first, token(books, "li")) as li, client(second, token(books, "zhou")) as zhou:
            for number in range(40):
                assert (await register(li, number)).status_code == 200

            async def claims(http: httpx.AsyncClient, rep: str) -> list[httpx.Response]:
                bodies = ({"at": at(days=6), "customer": f"K-{number}", "rep": rep} for number in range(40))
                return [await http.post("/v1/commands/claim-customer", json=body) for body in bodies]

            return list(zip(*await asyncio.gather(claims(li, "li"), claims(zhou, "zhou")), strict=True))

    with process(books, "--api-only") as first, process(books) as second:
        pairs = asyncio.run(load(first.url, second.url))
        head = books.ledger.head().position
        boards = [
            told_at_last(
                lambda url=url: httpx.get(  # type: ignore[misc]
                    f"{url}/v1/reps/li/holdings",
                    params={"min_position": head, "limit": 1000},
                    headers={"Authorization": f"Bearer {token(books, 'boss')}"},
                    timeout=PATIENCE_S,
                )
            ).json()
            for url in (first.url, second.url)
        ]

    assert [sorted(each.status_code for each in pair) for pair in pairs] == [[200, 404]] * 40
    assert boards[0]["rows"] == boards[1]["rows"]
    assert books.ledger.refold().difference is None


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def balanced(*urls: str) -> AsyncIterator[str]:
    """One address in front of several services: connections go to each in turn."""
    turns = cycle(urls)

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        where = urlsplit(next(turns))
        back, forth = await asyncio.open_connection(where.hostname, where.port)
        await asyncio.gather(pipe(reader, forth), pipe(back, writer))

    async with await asyncio.start_server(join, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


def test_two_services_behind_one_address_answer_as_one(books: Books) -> None:
    reps = ("li", "zhou")

    async def claim(http: httpx.AsyncClient, rep: str, number: int) -> httpx.Response:
        body = {"at": at(days=6), "customer": f"K-{number}", "rep": rep}
        key = f"claim/{rep}/{number}"
        return await http.post("/v1/commands/claim-customer", json=body, headers={"Idempotency-Key": key})

    async def load(*urls: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[set[str]]]:
        async with AsyncExitStack() as opened:
            url = await opened.enter_async_context(balanced(*urls))
            by = {rep: await opened.enter_async_context(client(url, token(books, rep), keep=0)) for rep in reps}
            await asyncio.gather(*(register(by["li"], number) for number in range(40)))
            asked = [(by[rep], rep, number) for number in range(40) for rep in reps]
            first = [each.json() for each in await asyncio.gather(*(claim(*each) for each in asked))]
            again = [each.json() for each in await asyncio.gather(*(claim(*each) for each in asked))]
            query = {"min_position": books.ledger.head().position, "limit": 1000}
            held = []
            for rep in reps:
                rows = await by[rep].get(f"/v1/reps/{rep}/holdings", params=query)
                held.append({row["customer"] for row in rows.json()["rows"] if row["customer"].startswith("K-")})
            return first, again, held

    with process(books, "--api-only") as one, process(books) as other:
        first, again, (of_li, of_zhou) = asyncio.run(load(one.url, other.url))

    for li, zhou in zip(first[::2], first[1::2], strict=True):
        assert sorted(each.get("code", "accepted") for each in (li, zhou)) == ["accepted", "not-in-sight"]
    assert [{**each, "repeated": True} for each in first] == again
    assert of_li | of_zhou == {f"K-{number}" for number in range(40)}
    assert not of_li & of_zhou
    assert books.ledger.refold().difference is None


def test_a_service_told_to_stop_answers_what_is_in_work_and_ends_well(books: Books) -> None:
    async def load(here: Process) -> list[httpx.Response]:
        async with client(here.url, token(books, "li")) as http:
            asked = [asyncio.create_task(register(http, number)) for number in range(CALLERS)]
            await asked[0]
            here.process.send_signal(signal.SIGTERM)
            found = await asyncio.gather(*asked, return_exceptions=True)
            return [each for each in found if isinstance(each, httpx.Response)]

    with process(books) as here:
        answers = asyncio.run(load(here))
        code = here.process.wait(PATIENCE_S)

    assert code == 0
    assert answers
    assert {each.status_code for each in answers} == {200}


def test_the_database_gone_is_told_as_such_and_come_back_is_served_again(books: Books) -> None:
    with ExitStack() as opened:
        here = opened.enter_context(process(books))
        headers = {"Authorization": f"Bearer {token(books, 'li')}"}
        with books.connection() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND pid <> pg_backend_pid()",
                [f"sales-ledger {books.ledger.schema}"],
            )
        body = {"at": at(days=5), "customer": "K-1", "by": "li", "customer_name": "After the loss"}
        command = httpx.post(
            f"{here.url}/v1/commands/register-customer", json=body, headers=headers, timeout=PATIENCE_S
        )
        read = told_at_last(
            lambda: httpx.get(
                f"{here.url}/v1/pool",
                headers=headers,
                params={"min_position": command.json()["true_up_to"]},
                timeout=PATIENCE_S,
            )
        )

    assert (command.status_code, read.status_code) == (200, 200)
    with books.connection() as connection:
        assert all(model["stopped"] is None for model in read_models(connection).values())


def test_a_code_of_a_refusal_is_a_code_of_the_document(books: Books) -> None:
    with process(books, "--api-only") as here:
        document = httpx.get(f"{here.url}/openapi.json", timeout=PATIENCE_S).json()

    told = {
        code
        for path, methods in document["paths"].items()
        if path.startswith("/v1/commands/")
        for response in methods["post"]["responses"].values()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    assert {str(code) for code in Code} - told == {"unknown-command"}
