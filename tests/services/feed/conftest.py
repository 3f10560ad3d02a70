"""A ledger with a few customers, and its feed."""

from collections.abc import Iterator

import httpx
import pytest

from services.feed.http import feed_app
from services.feed.reading import Feed
from services.ledger.application import Ledger
from tests.samples import claim, opening, register
from tests.served import served

CUSTOMERS = 20


@pytest.fixture
def feed(ledger: Ledger) -> Iterator[Feed]:
    """The feed of a ledger with 4 events of the opening, and then 20 customers registered and 20 claimed."""
    commands = [
        *opening("Li"),
        *((f"r{n}", register(f"C-{n}")) for n in range(CUSTOMERS)),
        *((f"c{n}", claim(f"C-{n}")) for n in range(CUSTOMERS)),
    ]
    assert all(answer.accepted for answer in ledger.record_many(commands))
    with Feed(ledger.log_recorder, heartbeat_s=0.2) as opened:
        yield opened


@pytest.fixture
def client(feed: Feed) -> Iterator[httpx.Client]:
    with served(feed_app(feed)) as address, httpx.Client(base_url=address, timeout=20) as opened:
        yield opened
        feed.close()
