"""Long work waits its turn, a few pieces at a time, while everything else goes on; files are sent as they are taken."""

import asyncio
import hashlib
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest

from services.api import lengthy
from services.api.call import Call
from services.api.lengthy import CHUNK, MOST_FILES, MOST_WAITING, WORKERS, Lengthy, is_held, kept_open, measured, send
from services.api.problems import Problem
from tests.services.api.conftest import Served

Message = MutableMapping[str, Any]


async def nothing() -> Message:
    return {"type": "http.request"}


def call_with(send_it: Any, **headers: str) -> Call:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Call({"type": "http", "method": "GET", "path": "/v1/file", "headers": told}, nothing, send_it)


def test_more_work_than_can_wait_is_sent_away_at_once(house: Served) -> None:
    long = Lengthy(house.books)
    go_on = Event()

    async def one() -> str | Problem:
        try:
            return await long.run(lambda _connection: "done" if go_on.wait(30) else "late")
        except Problem as refused:
            go_on.set()
            return refused

    async def all_at_once() -> list[str | Problem]:
        return await asyncio.gather(*(one() for _ in range(WORKERS + MOST_WAITING + 1)))

    *done, refused = asyncio.run(all_at_once())
    long.close()

    assert done == ["done"] * (WORKERS + MOST_WAITING)
    assert isinstance(refused, Problem)
    assert (refused.code, refused.status, refused.headers()) == ("overloaded", 503, ((b"retry-after", b"5"),))


def test_only_so_many_files_are_sent_at_one_time(house: Served) -> None:
    long = Lengthy(house.books)
    open_ones = [long.sending() for _ in range(MOST_FILES)]
    for each in open_ones:
        each.__enter__()

    with pytest.raises(Problem, match="overloaded"), long.sending():
        pass
    open_ones[0].__exit__(None, None, None)
    with long.sending():
        long.close()


def test_reads_go_on_while_long_work_is_done(house: Served) -> None:
    long = house.server.service.reading.lengthy
    begun, go_on = Barrier(WORKERS + 1), Event()

    def work(_connection: Any) -> bool:
        begun.wait(30)
        return go_on.wait(30)

    async def occupy() -> list[bool]:
        return await asyncio.gather(*(long.run(work) for _ in range(WORKERS)))

    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(asyncio.run, occupy())
        begun.wait(30)
        try:
            assert house.ask("li", "/pool").status_code == 200
        finally:
            go_on.set()
        assert done.result() == [True] * WORKERS


def test_a_file_is_sent_in_pieces_with_its_digest_and_its_name() -> None:
    data = bytes(range(256)) * (CHUNK // 100)
    sent: list[Message] = []

    async def take(message: Message) -> None:
        sent.append(message)

    made = measured(kept_open(data), "证据.zip", b"application/zip", 7)
    asyncio.run(send(call_with(take), made))

    headers = dict(sent[0]["headers"])
    assert b"".join(each["body"] for each in sent[1:]) == data
    assert max(len(each["body"]) for each in sent[1:]) == CHUNK
    assert headers[b"etag"] == f'"{hashlib.sha256(data).hexdigest()}"'.encode()
    assert (
        headers[b"content-disposition"] == b"attachment; filename=\"__.zip\"; filename*=UTF-8''%E8%AF%81%E6%8D%AE.zip"
    )
    assert int(headers[b"content-length"]) == len(data)


def test_who_takes_no_more_of_a_file_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengthy, "STALLED_AFTER_S", 0.05)

    async def take_no_more(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    made = measured(kept_open(b"x"), "x", b"text/plain", 1)
    with pytest.raises(TimeoutError):
        asyncio.run(send(call_with(take_no_more), made))


@pytest.mark.parametrize(
    ("given", "held"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_what_is_held_already_is_told_by_any_of_the_tags_given(given: str, held: bool) -> None:
    assert is_held(call_with(nothing, if_none_match=given), b'"a"') is held
