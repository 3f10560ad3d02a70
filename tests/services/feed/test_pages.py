"""Pages of the feed: every event once and in order, the same page the same for ever, and what cannot be asked for said."""

from typing import Any

import httpx
import pytest
from cloudevents.v1.http import from_dict

from services.feed.reading import Feed
from services.ledger.application import Ledger
from tests.samples import register


def pages(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    """Every page until there is no more."""
    found = [client.get("/events", params=asked).json()]
    while found[-1]["more"]:
        found.append(client.get("/events", params={**asked, "after": found[-1]["after"]}).json())
    return found


def positions(found: list[dict[str, Any]]) -> list[int]:
    return [int(event["ledgerposition"]) for page in found for event in page["events"]]


def test_pages_hold_every_event_once_in_order(client: httpx.Client, ledger: Ledger) -> None:
    assert positions(pages(client, limit=7)) == list(range(1, ledger.head().position + 1))


def test_an_event_is_a_cloudevent_with_the_fact_as_it_is_stored(client: httpx.Client, ledger: Ledger) -> None:
    [told] = client.get("/events", params={"after": 4, "limit": 1}).json()["events"]

    event, [recorded] = from_dict(told), ledger.read_all(after=4, limit=1)

    assert (event["id"], event["source"]) == (str(recorded.event_id), f"/sales-ledger/{ledger.schema}")
    assert (event["type"], event["subject"]) == ("customer-registered.v1", "customer/C-0")
    assert (event["streamversion"], event["time"]) == ("1", "2024-01-01T10:00:00Z")
    assert told["data"]["customer_name"].startswith("sealed.1.")


def test_only_the_kinds_and_streams_asked_for_come_and_still_the_feed_moves_to_its_end(
    client: httpx.Client, ledger: Ledger
) -> None:
    asked = {"kind": "customer-claimed.v1,customer-dropped.v1", "stream": "customer/C-1", "limit": 3}

    found = pages(client, **asked)

    streams = [event["subject"] for page in found for event in page["events"]]
    assert sorted(streams) == sorted(f"customer/C-{n}" for n in (1, *range(10, 20)))
    assert found[-1]["after"] == ledger.head().position


def test_a_full_page_may_be_kept_for_ever_and_is_not_sent_twice(client: httpx.Client) -> None:
    first = client.get("/events", params={"limit": 5})

    again = client.get("/events", params={"limit": 5}, headers={"If-None-Match": first.headers["etag"]})

    assert "immutable" in first.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")


def test_the_last_page_changes_its_tag_when_the_log_grows(client: httpx.Client, ledger: Ledger) -> None:
    last = {"after": ledger.head().position - 1}
    before = client.get("/events", params=last)
    assert ledger.record(register("C-99"), command_id="r99").accepted

    after = client.get("/events", params=last, headers={"If-None-Match": before.headers["etag"]})

    assert before.headers["cache-control"] == "no-cache"
    assert (after.status_code, len(after.json()["events"])) == (200, 2)
    assert after.headers["ledger-position"] == str(ledger.head().position)


def test_pages_are_compressed_for_who_can_read_them_so(client: httpx.Client) -> None:
    plain = client.get("/events", headers={"Accept-Encoding": "identity"})
    small = client.get("/events", headers={"Accept-Encoding": "gzip"})

    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(plain.content) / 2
    assert small.json() == plain.json()


@pytest.mark.parametrize(
    "query",
    [
        "after=-1", "after=x", "after=²", "after=99999999999999999999", "limit=0", "limit=1001", "kind=nothing.v1",
        "stream=%00", "from=3",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_a_problem_that_says_what_can(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/events?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "request-malformed")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_reader_ahead_of_the_log_gets_nothing_and_loses_nothing(client: httpx.Client, feed: Feed) -> None:
    answer = client.get("/events", params={"after": 10_000}).json()

    assert answer == {"after": 10_000, "more": False, "events": []}
