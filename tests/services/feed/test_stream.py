"""Server-sent events: what is there, then what comes; resumed, kept alive, and no faster than the reader reads."""

import asyncio
import json
from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx
import pytest

from services.feed.http import feed_app
from services.feed.reading import Asked, Feed, Page
from services.ledger.application import Ledger
from tests.samples import claim, register

EVENT_STREAM = {"Accept": "text/event-stream"}


def told(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """The blocks of a stream, as mappings of field to value; a comment under an empty name."""
    block: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            block[name] = value.removeprefix(" ")
        elif block:
            yield block
            block = {}


def events(blocks: Iterator[dict[str, str]], number: int) -> list[dict[str, Any]]:
    """So many events of a stream, without what keeps it alive."""
    found: list[dict[str, Any]] = []
    while len(found) < number:
        block = next(blocks)
        if "data" in block:
            event = json.loads(block["data"])
            assert (block["id"], block["event"]) == (event["ledgerposition"], event["type"])
            found.append(event)
    return found


def test_a_stream_gives_what_is_there_and_then_what_comes(client: httpx.Client, ledger: Ledger) -> None:
    head = ledger.head().position

    with client.stream("GET", "/events", headers=EVENT_STREAM) as answer:
        blocks = told(answer)
        there = events(blocks, head)
        assert ledger.record(register("C-99"), command_id="r99").accepted
        [come] = events(blocks, 1)

    assert [int(event["ledgerposition"]) for event in there] == list(range(1, head + 1))
    assert come["subject"] == "customer/C-99"


def test_a_stream_goes_on_after_the_last_event_that_its_reader_saw(client: httpx.Client) -> None:
    with client.stream("GET", "/events", headers={**EVENT_STREAM, "Last-Event-ID": "30"}) as answer:
        [first] = events(told(answer), 1)

    assert first["ledgerposition"] == "31"


def test_a_quiet_stream_beats_and_moves_its_reader_on_past_what_was_not_asked_for(
    client: httpx.Client, ledger: Ledger
) -> None:
    asked = {"kind": "rep-left.v1"}

    with client.stream("GET", "/events", headers=EVENT_STREAM, params=asked) as answer:
        blocks = told(answer)
        assert "retry" in next(blocks)
        beats = [next(blocks), next(blocks)]

    assert beats == [{"": "heartbeat", "id": str(ledger.head().position)}] * 2


def test_a_last_event_id_that_is_no_position_is_a_problem(client: httpx.Client) -> None:
    answer = client.get("/events", headers={**EVENT_STREAM, "Last-Event-ID": "yesterday"})

    assert (answer.status_code, answer.json()["code"]) == (400, "request-malformed")


class Counted(Feed):
    """A feed that counts the pages it has read."""

    read = 0

    def page(self, asked: Asked) -> Page:
        self.read += 1
        return super().page(asked)


async def read_slowly(feed: Feed, takes: int) -> None:
    """A reader who takes so many parts of the answer, and then none for as long as it is left waiting."""
    taken = 0

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal taken
        taken += 1
        if taken > takes:
            await asyncio.Event().wait()

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    headers = [(b"accept", b"text/event-stream")]
    scope = {"type": "http", "method": "GET", "path": "/events", "query_string": b"", "headers": headers}
    await feed_app(feed)(scope, receive, send)


def test_nothing_is_read_ahead_of_a_reader_who_does_not_read(
    ledger: Ledger, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.feed.http.STREAMED_AT_ONCE", 5)

    async def stalled() -> int:
        counted = Counted(ledger.log_recorder)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read_slowly(counted, takes=4), timeout=1)
        await asyncio.to_thread(counted.close)
        return counted.read

    assert asyncio.run(stalled()) == 3  # the start and the retry, two pages taken, the third waits to be


def test_followers_in_one_loop_all_hear_of_what_is_recorded(ledger: Ledger, feed: Feed) -> None:
    async def hear(asked: Asked) -> str:
        async for page in feed.follow(asked):
            if page.events:
                return page.events[0].key
        return ""

    async def all_hear() -> list[str]:
        asked = Asked(after=ledger.head().position)
        tasks = [asyncio.create_task(hear(asked)) for _ in range(20)]
        await ledger.submit(claim("C-1", "Li"), command_id="refused")
        return await asyncio.gather(*tasks)

    assert asyncio.run(all_hear()) == ["customer/C-1"] * 20
