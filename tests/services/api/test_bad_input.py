"""What bad input gets: an answer of the 400s with a code, no stack trace, and nothing recorded."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.api import call as calls
from services.api import server as servers
from tests.services.api.conftest import Served, at

CLAIM = "/v1/commands/claim-customer"
GOOD: dict[str, Any] = {"at": at(days=5), "customer": "C-free", "rep": "li"}


def body(**changed: Any) -> bytes:
    return json.dumps({**GOOD, **changed}).encode()


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "body-not-json"),
    "broken": (b'{"at": ', 400, "body-not-json"),
    "two documents": (b"{}{}", 400, "body-not-json"),
    "not UTF-8": (b'{"customer": "\xff"}', 400, "body-not-json"),
    "nested deeply": (b'{"customer": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "body-not-json"),
    "a lone surrogate": (b'{"customer": "\\ud800"}', 400, "body-not-json"),
    "a lone surrogate in bytes": (b'{"customer": "\xed\xa0\x80"}', 400, "body-not-json"),
    "digits without end": (b'{"at": 1' + b"0" * 5_000 + b"}", 400, "body-not-json"),
    "a list": (b"[]", 422, "malformed"),
    "a number": (b"7", 422, "malformed"),
    "null": (b"null", 422, "malformed"),
    "a missing field": (b'{"customer": "C-free"}', 422, "malformed"),
    "an unknown field": (body(deadline="never"), 422, "malformed"),
    "a wrong type": (body(customer=7), 422, "malformed"),
    "a text for a list": (body(customer=["C-free"]), 422, "malformed"),
    "NaN": (b'{"at": NaN, "customer": "C-free", "rep": "li"}', 422, "malformed"),
    "Infinity": (body(customer=float("inf")), 422, "malformed"),
    "a huge integer": (body(at=10**400), 422, "malformed"),
    "a time without zone": (body(at="2024-08-01T09:00:00"), 422, "malformed"),
    "a time as a number": (body(at=1_722_474_000), 422, "malformed"),
    "a day that is none": (body(at="2024-02-30T09:00:00Z"), 422, "malformed"),
    "a path as an id": (body(customer="../../etc/passwd"), 422, "malformed"),
    "SQL as an id": (body(customer="'; drop table event; --"), 422, "malformed"),
    "a NUL": (body(reason="a\x00b"), 422, "text-not-storable"),
    "a very long text": (body(reason="x" * 10_001), 422, "text-too-long"),
    "another command's name": (body(name="release-customer"), 422, "malformed"),
    "far ahead": (body(at="2199-01-01T00:00:00Z"), 422, "in-the-future"),
    "larger than is read": (body(reason="x" * 1_000_001), 413, "body-too-large"),
}


@pytest.mark.parametrize("how", list(BODIES))
def test_a_bad_body_gets_its_code_and_leaves_nothing(how: str, house: Served) -> None:
    before = house.books.ledger.head().position
    content, status, code = BODIES[how]

    answer = house.by("li").post(CLAIM, content=content, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert house.books.ledger.head().position == before


def test_a_body_of_another_type_is_not_read(house: Served) -> None:
    answer = house.by("li").post(CLAIM, content=body(), headers={"content-type": "text/xml"})

    assert (answer.status_code, answer.json()["code"]) == (415, "body-of-another-type")


@pytest.mark.parametrize(
    "path",
    [
        "/customers/%00",
        "/customers/..%2f..%2fetc%2fpasswd",
        "/customers/'%20or%201=1--",
        "/customers/%ff%fe",
        "/customers/" + "x" * 5_000,
        "/lines/0.1",
        "/lines/99999999999999999999999.1",
        "/pool?limit=0",
        "/pool?limit=1001",
        "/pool?limit=1e3",
        "/pool?after=!!",
        "/pool?after=WzEsMl0",
        "/pool?after=" + "A" * 999,
        "/pool?min_position=-1",
        "/pool?min_position=1e400",
        "/customers/C-li/history?true_at=2024-08-01T09:00:00",
        "/customers/C-li/history?known_at=yesterday",
        "/sales?since=2024-08-01T09:00:00Z&until=2024-07-01T09:00:00Z",
        "/lines?period=2024-13",
        "/lines?payee=%00",
        "/events?after=99999999999999999999",
        "/deals?rep=a%20b",
    ],
)
def test_a_bad_question_gets_a_code(path: str, house: Served) -> None:
    answer = house.by("bot").get(f"/v1{path}")

    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["code"] in ("request-malformed", "not-found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", CLAIM), ("DELETE", "/v1/pool"), ("PUT", "/v1/commands"), ("POST", "/docs")]
)
def test_another_method_is_not_taken(method: str, path: str, house: Served) -> None:
    answer = house.by("li").request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


async def sent(house: Served, *parts: bytes) -> bytes:
    """What is answered to raw bytes, until the server hangs up or is silent for long."""
    where = urlsplit(house.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        async with asyncio.timeout(10):
            return await reader.read(100_000)
    finally:
        writer.close()


def raw(house: Served, *parts: bytes) -> tuple[int, dict[str, Any]]:
    answer = asyncio.run(sent(house, *parts))
    head, _, told = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(told)


def claim_head(house: Served, *headers: str) -> bytes:
    told = [f"POST {CLAIM} HTTP/1.1", "host: x", f"authorization: Bearer {house.token('li')}", *headers]
    return "\r\n".join([*told, "content-type: application/json", "", ""]).encode()


def test_headers_that_would_smuggle_a_second_request_are_no_http(house: Served) -> None:
    smuggled = [
        claim_head(house, "content-length: 5", "transfer-encoding: chunked") + b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        claim_head(house, "content-length: 5", "content-length: 50") + b"hello",
        claim_head(house, "content-length: -1"),
        claim_head(house, "transfer-encoding: chunked, identity") + b"0\r\n\r\n",
        claim_head(house, "bad header: x"),
        claim_head(house, "x: a\x00b"),
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1" + b"0" * 400 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ]

    for each in smuggled:
        status, problem = raw(house, each)
        assert (status, problem["code"]) == (400, "request-malformed"), each


def test_what_is_smuggled_behind_a_good_request_is_not_answered_and_the_good_one_is(house: Served) -> None:
    good = claim_head(house, "idempotency-key: before-smuggled", f"content-length: {len(body())}") + body()

    answer = asyncio.run(sent(house, good + b"GET /v1/pool HTTP/1.1\r\nhost: x\r\nbad header: x\r\n\r\n"))

    head, _, told = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(told)["id"] == "before-smuggled"


def test_nothing_is_written_into_a_stream_of_answers_whose_body_is_no_http_any_more(house: Served) -> None:
    async def talk() -> bytes:
        where = urlsplit(house.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"POST /v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {house.token('li')}\r\n"
        writer.write(f"{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        writer.write(b'7\r\n"text"\n\r\n')
        answered = await reader.readuntil(b"}\n\r\n")
        writer.write(b"no chunk at all\r\n")
        try:
            return answered + await reader.read(100_000)
        finally:
            writer.close()

    answer = asyncio.run(asyncio.wait_for(talk(), 30))

    head, _, told = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"request-malformed" in told
    assert b"HTTP/1.1" not in told
    assert not told.endswith(b"0\r\n\r\n"), "a stream that broke off does not end well"


def test_headers_without_end_are_cut_off_and_whoever_goes_on_sending_is_told(house: Served) -> None:
    lines = [b"x-%d: %b\r\n" % (number, b"y" * 1_000) for number in range(500)]

    status, problem = raw(house, b"GET /v1/pool HTTP/1.1\r\nhost: x\r\n", *lines)

    assert (status, problem["code"]) == (400, "request-malformed")


def test_who_sends_slowly_is_not_waited_for(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "HEADERS_WITHIN_S", 0.2)
    monkeypatch.setattr(calls, "BODY_WITHIN_S", 0.2)

    silent = raw(house, b"GET /v1/pool HT")
    halfway = raw(house, claim_head(house, "content-length: 100") + b'{"at": ')

    assert (silent[0], silent[1]["code"]) == (408, "body-too-slow")
    assert (halfway[0], halfway[1]["code"]) == (408, "body-too-slow")


def test_a_hundred_megabytes_are_refused_before_they_are_read(house: Served) -> None:
    status, problem = raw(house, claim_head(house, "content-length: 100000000") + b"x" * 10_000)

    assert (status, problem["code"]) == (413, "body-too-large")


def test_when_the_house_is_full_the_next_is_told_at_once_to_come_again(house: Served) -> None:
    gate = house.server.service.gate
    gate.most_at_once = 0
    try:
        answer = house.tell("li", "claim-customer", customer="C-free", rep="li")
    finally:
        gate.most_at_once = 1_024

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "overloaded", "1")
    assert house.by("li").get("/healthz").status_code == 200
