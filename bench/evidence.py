"""Proof from a short log and from a long one: sealing, the proof of one event, the bundle of a whole case."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid5

from psycopg import Connection

from bench.measures import Measure, at_most
from services.evidence.bundle import Bundler
from services.evidence.published import Place
from services.evidence.sealer import Sealer
from services.evidence.tiles import StoredTree
from services.evidence.verify_bundle import check, hash_leaf, read_key, root_from_path, unpacked
from services.ledger.chain import link
from services.ledger.mapper import EVENT_IDS
from services.scenarios.reading import read_scenario
from services.scenarios.running import Telling
from services.scenarios.stage import StoryClock, throw_away_ledger

STORY: Final = "d1-the-ruling"
LENGTHS: Final = (100_000, 1_000_000)
PROOFS: Final = 1_000
BUNDLES: Final = 50
HEADS: Final = 100
"""Heads that are signed after the case was filed, and so proven in its bundle."""

PROOF_MS: Final = 5
AT_ONCE: Final = 10_000


def measure(dsn: str) -> Iterator[Measure]:
    """The proof of one event in at most 5 ms, whatever the length of the log."""
    for length in LENGTHS:
        with told_story(dsn) as telling, TemporaryDirectory() as directory:
            key = telling.courtroom.key
            sealer = Sealer(telling.connection, key, [Place(Path(directory), key.public)])
            log = f"in a log of {length:,} events"
            yield from sealing(telling, sealer, length, log)
            with closing(telling.connection()) as connection:
                yield from proving(connection, length, log)
            yield from bundling(telling, sealer, log)


def sealing(telling: Telling, sealer: Sealer, length: int, log: str) -> Iterator[Measure]:
    """Fill the log, most of it sealed at once, the rest head by head."""
    with closing(telling.connection()) as connection:
        fill(connection, length - 10 * HEADS)
        began = time.perf_counter()
        sealer.seal()
        yield Measure(f"sealing {log}, from nothing", length / (time.perf_counter() - began), "events/s")
        took = []
        for n in range(1, HEADS + 1):
            fill(connection, length - 10 * (HEADS - n))
            took.append(timed(sealer.seal))
    yield Measure(f"signing and publishing a head over 10 new events {log}, p50", percentile(took, 50), "ms")
    yield Measure(f"signing and publishing a head over 10 new events {log}, p99", percentile(took, 99), "ms")


def proving(connection: Connection[Any], length: int, log: str) -> Iterator[Measure]:
    random, tree = Random(length), StoredTree(connection)
    root = tree.root(length)
    took, later = [], []
    for position in random.choices(range(1, length), k=PROOFS):
        began = time.perf_counter()
        path = StoredTree(connection).inclusion(position, length)
        ended = time.perf_counter()
        StoredTree(connection).consistency(position, length)
        took.append((ended - began) * 1_000)
        later.append((time.perf_counter() - ended) * 1_000)
        row = connection.execute("select record::text from event where position = %s", (position,)).fetchone()
        assert row, "there is an event at every position"
        assert root_from_path(hash_leaf(row[0].encode()), position - 1, length, path) == root, "the proof holds"
    yield Measure(f"proof of one event {log}, p50", percentile(took, 50), "ms")
    yield at_most(f"proof of one event {log}, p99", percentile(took, 99), "ms", PROOF_MS)
    yield Measure(f"proof that one head continues another {log}, p99", percentile(later, 99), "ms")


def bundling(telling: Telling, sealer: Sealer, log: str) -> Iterator[Measure]:
    """A case with a hundred heads since its filing, each bundle checked by itself before it is given out."""
    bundler, made = Bundler(telling.ledger, sealer), list[bytes]()
    took = [timed(lambda: made.append(bundler.of_case("D1"))) for _ in range(BUNDLES)]
    key = read_key(str(sealer.key.public))
    files = unpacked(io.BytesIO(made[0]))
    assert check(files, key) == [], "the bundle holds"
    yield Measure(f"bundle of one case {log}, p50", percentile(took, 50), "ms")
    yield Measure(f"bundle of one case {log}, p99", percentile(took, 99), "ms")
    yield Measure(f"size of that bundle {log}", len(made[0]) / 1024, "KiB")
    yield Measure(
        f"checking that bundle {log}, p50", percentile([timed(lambda: check(files, key)) for _ in range(20)], 50), "ms"
    )


@contextmanager
def told_story(dsn: str) -> Iterator[Telling]:
    scenario, clock = read_scenario(STORY).scenario, StoryClock()
    assert scenario, "the story is shipped"
    with throw_away_ledger(dsn, clock) as ledger:
        telling = Telling(scenario, ledger, clock, "on-time")
        for act in scenario.acts:
            telling.tell(act)
        yield telling


def fill(connection: Connection[Any], length: int) -> None:
    """Add events to the log until it has that many, in a chain that holds."""
    row = connection.execute(
        "select h.position, h.chain, e.record::text from ledger_head h, event e where e.kind = 'customer-claimed.v1' limit 1"
    ).fetchone()
    assert row, "the story has a claim"
    position, chain, text = row
    while position < length:
        rows = []
        for at in range(position + 1, min(position + AT_ONCE, length) + 1):
            record = text.replace('"stream":"customer/', f'"stream":"customer/{at}:')
            chain = link(chain, record.encode())
            rows.append((at, f"customer/filler:{at}", uuid5(EVENT_IDS, str(at)), record, chain))
        with connection.transaction():
            with connection.cursor().copy(COPY) as copy:
                for each in rows:
                    copy.write_row((each[0], each[1], 1, "customer-claimed.v1", each[2], NOW, NOW, each[3], each[4]))
            position = rows[-1][0]
            connection.execute("update ledger_head set position = %s, chain = %s", (position, chain))


COPY: Final = (
    "copy event (position, stream, version, kind, event_id, occurred_at, recorded_at, record, chain) from stdin"
)
NOW: Final = "2025-01-01T00:00:00Z"


def timed(what: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    what()
    return (time.perf_counter() - began) * 1_000


def percentile(took: Sequence[float], percent: int) -> float:
    return sorted(took)[min(len(took) - 1, len(took) * percent // 100)]
