"""Many commands in one stream: answered line by line and in order, while it goes on, whatever the lines hold."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.services.api.conftest import Served, at


def line(number: int, **fields: Any) -> bytes:
    told = {
        "id": f"bulk-{number}",
        "name": "register-customer",
        "at": at(days=5),
        "customer": f"B-{number}",
        "by": "li",
    }
    return json.dumps({**told, "customer_name": f"Bulk customer {number}", **fields}).encode() + b"\n"


def answers(house: Served, who: str, lines: Iterator[bytes] | list[bytes]) -> list[dict[str, Any]]:
    headers = {"content-type": "application/x-ndjson"}
    answer = house.by(who).post("/v1/commands", content=iter(lines), headers=headers)
    assert answer.status_code == 200, answer.text
    return [json.loads(each) for each in answer.text.splitlines()]


def test_every_line_is_answered_in_order_and_a_bad_one_costs_only_itself(house: Served) -> None:
    bad = {
        2: b"{broken\n",
        4: b'{"name": "claim-customer"}\n',
        6: b'{"id": "x", "name": "drop-table"}\n',
        8: line(8, at="yesterday"),
        10: b'"just a text"\n',
        12: b'{"id": "x", "name": "claim-customer", "at": NaN}\n',
        14: b"[" * 500 + b"\n",
        16: line(16, customer_name="x" * 1_000_001),
        18: line(18, by="zhou"),
        20: b"\xff\xfe\n",
    }
    lines = [bad.get(number) or line(number) for number in range(1, 301)]

    found = answers(house, "li", [*lines, b"\n", b"  \n", line(1)])

    assert [each["line"] for each in found] == [*range(1, 301), 303]
    problems = {each["line"]: each["problem"]["code"] for each in found if "problem" in each}
    assert problems == {
        2: "body-not-json",
        4: "request-malformed",
        6: "unknown-command",
        8: "malformed",
        10: "request-malformed",
        12: "body-not-json",
        14: "body-not-json",
        16: "body-too-large",
        18: "not-allowed",
        20: "body-not-json",
    }
    assert found[-1]["repeated"]
    positions = [each["positions"][0] for each in found[:-1] if each.get("positions")]
    assert positions == sorted(positions)
    assert len(house.books.ledger.read("customer/B-1")) == 1


def test_a_line_is_answered_before_the_next_is_sent(house: Served) -> None:
    async def talk() -> list[dict[str, Any]]:
        where = urlsplit(house.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"POST /v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {house.token('li')}\r\n"
        writer.write(f"{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        found: list[dict[str, Any]] = []
        for number in (1001, 1002, 1003):
            body = line(number)
            writer.write(b"%x\r\n%b\r\n" % (len(body), body))
            if not found:
                await reader.readuntil(b"\r\n\r\n")
            size = int(await reader.readuntil(b"\r\n"), 16)
            found.append(json.loads(await reader.readexactly(size + 2)))
        writer.write(b"0\r\n\r\n")
        assert await reader.readuntil(b"\r\n") == b"0\r\n"
        writer.close()
        return found

    found = asyncio.run(asyncio.wait_for(talk(), 30))

    assert [each["id"] for each in found] == ["bulk-1001", "bulk-1002", "bulk-1003"]
    assert all(each["positions"] for each in found)


def test_who_does_not_read_the_answers_is_not_listened_to(house: Served) -> None:
    before = house.books.ledger.head().position

    async def send_and_never_read() -> int:
        where = urlsplit(house.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        head = f"POST /v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {house.token('li')}\r\n"
        writer.write(f"{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        body = (b'{"id": "nobody", "name": "drop-table"}\n') * 2_000
        sent = 0
        try:
            async with asyncio.timeout(20):
                while sent < 400:
                    writer.write(b"%x\r\n%b\r\n" % (len(body), body))
                    async with asyncio.timeout(2):
                        await writer.drain()
                    sent += 1
        except TimeoutError:
            del reader
        writer.transport.abort()
        return sent

    sent = asyncio.run(send_and_never_read())

    assert sent < 400, "the server read 800,000 lines whose answers nobody took"
    assert house.books.ledger.head().position == before
    assert house.by("li").get("/healthz").status_code == 200


def test_a_stream_needs_a_token_and_a_type(house: Served) -> None:
    plain = house.by("li").post("/v1/commands", content=b"", headers={"content-type": "text/plain"})
    nobody = house.by("li").post("/v1/commands", content=b"", headers={"authorization": ""})

    assert (plain.status_code, plain.json()["code"]) == (415, "body-of-another-type")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "token-missing")


def test_a_refusal_is_told_in_a_stream_as_it_is_alone(house: Served) -> None:
    told = {"id": "bulk-lost", "name": "claim-customer", "at": at(days=5), "customer": "C-sun", "rep": "li"}

    lost, repeated = answers(house, "li", [json.dumps(told).encode() + b"\n"] * 2)
    alone = house.tell("li", "claim-customer", key="bulk-lost", customer="C-sun", rep="li").json()

    assert lost["problem"]["code"] == repeated["problem"]["code"] == alone["code"] == "not-in-sight"
    assert (lost.get("positions"), repeated["repeated"], alone["repeated"]) == (None, True, True)


def test_a_line_is_read_alike_wherever_its_id_stands(house: Served) -> None:
    told = json.loads(line(2001))
    identity = told.pop("id")
    last = json.dumps({**told, "id": identity}).encode() + b"\n"
    twice = b'{"id": "bulk-2002", ' + last[1:]

    found = answers(house, "li", [line(2001), last, twice])

    assert [(each["id"], each["repeated"]) for each in found] == [(identity, False), (identity, True), (identity, True)]
    assert len({tuple(each["positions"]) for each in found}) == 1


def test_commands_of_a_stream_are_counted_as_others_are(house: Served) -> None:
    def counted() -> float:
        found = house.by("li").get("/metrics").text.partition('{code="accepted",name="register-customer"} ')[2]
        return float(found.split()[0]) if found else 0.0

    before = counted()
    answers(house, "li", [line(number) for number in range(3001, 3011)])

    assert counted() == before + 10
