"""Looking back in a short log and in a long one: replay and what-if are to cost the same; and how fast all is decided again."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from random import Random
from typing import Any, Final, LiteralString
from uuid import uuid4

import psycopg
from psycopg import Connection, sql

from bench.claims import Claims, open_bench_ledger
from bench.measures import Measure, at_most
from domain.organisation.decisions import JoinRep
from projections.deals import Deals
from projections.runner import Runner, log_of
from services.database import connect
from services.ledger.application import Ledger, open_ledger
from services.replay.concerned import deals_of
from services.replay.reexecution import reexecute
from services.replay.replaying import Moment, replay
from services.replay.whatif import Question, what_if
from services.scenarios.reading import read_scenario
from services.scenarios.running import Telling
from services.scenarios.stage import StoryClock
from services.vault import Vault

STORY: Final = "d1-the-ruling"
IDS: Final = ("house-X", "client-of-Ding", "client-of-Wang", "D1")
"""What the story's deal, its customers and its case are called."""
LENGTHS: Final = (100_000, 1_000_000)
PEOPLE: Final = 500
REPLAYS: Final = 300
FORKS: Final = 100
AGAIN: Final = 12_800
REPLAY_MS: Final = 50

CLONE: Final = """
insert into event (position, stream, version, kind, event_id, occurred_at, recorded_at, record, chain)
select %(head)s + (n - 1) * %(many)s + row_number() over (partition by n order by e.position),
    e.stream || ':' || n, e.version, e.kind, gen_random_uuid(), e.occurred_at, e.recorded_at,
    regexp_replace(e.record::text, %(named)s, '\\1\\2:' || n || '"', 'g')::json, e.chain
from generate_series(1, %(times)s) n, event e where e.stream = any(%(streams)s) order by n, e.position
"""
DEALS: Final = """
insert into deal_state select (jsonb_populate_record(d, jsonb_build_object('deal', d.deal || ':' || n,
    'customer', d.customer || ':' || n))).* from generate_series(1, %s) n, deal_state d
"""


def measure(dsn: str) -> Iterator[Measure]:
    """Replay at most 50 ms, whatever the length of the log."""
    for length in LENGTHS:
        with long_log(dsn, length) as (ledger, times):
            random = Random(length)
            log = f"in a log of {length:,} events"
            with closing(connect(ledger.dsn, ledger.schema)) as connection:
                (ruled,) = one(connection, "select min(position)::text from event where kind = 'panel-seated.v1'")
                named = [f":{random.randint(1, times)}" for _ in range(REPLAYS)]
                replayed = timed(lambda clone: replay_one(connection, clone), named)
                yield Measure(f"replay of one case {log}, p50", replayed[len(replayed) // 2], "ms")
                yield at_most(f"replay of one case {log}, p99", percentile(replayed, 99), "ms", REPLAY_MS)
                forked = timed(lambda executed: fork_one(ledger, connection, executed), [ruled] * FORKS)
                yield Measure(f"what-if on one case {log}, p50", forked[len(forked) // 2], "ms")
                yield Measure(f"what-if on one case {log}, p99", percentile(forked, 99), "ms")
    yield decided_again(dsn)


def replay_one(connection: Connection[Any], clone: str) -> None:
    (found,) = replay(connection, [f"case/D1{clone}"], deals_of(connection), [Moment()])
    assert len(found.steps) > 20, "a whole history was replayed"


def fork_one(ledger: Ledger, connection: Connection[Any], executed: str) -> None:
    found = what_if(ledger, connection, ["case/D1"], deals_of(connection), Question(omit=(executed,)))
    assert found.lines, "the ruling made a difference"


def decided_again(dsn: str) -> Measure:
    with open_bench_ledger(dsn) as ledger:
        claims = Claims(ledger)
        claims.stock_up(AGAIN)
        began = time.perf_counter()
        found = reexecute(ledger)
        seconds = time.perf_counter() - began
        assert found.divergence is None, str(found.divergence)
        return Measure("every command decided again", found.equal / seconds, "commands/s")


@contextmanager
def long_log(dsn: str, length: int) -> Iterator[tuple[Ledger, int]]:
    """A story and its like until the log is so long. Gives the ledger and how many there are beside the first."""
    schema = f"bench_{uuid4().hex[:12]}"
    scenario = read_scenario(STORY).scenario
    assert scenario is not None, "the story is shipped"
    clock = StoryClock()
    try:
        with open_ledger(dsn, schema, Vault(bytes(32)), clock) as ledger:
            telling = Telling(scenario, ledger, clock, "on-time")
            for act in scenario.acts:
                telling.tell(act)
            joined = ((f"join/{n}", JoinRep(at=clock.now, rep=f"R{n}", unit="west-store")) for n in range(PEOPLE))
            assert all(answer.accepted for answer in ledger.record_many(joined))
            log = log_of(ledger.notification_log, ledger.mapper)
            Runner(lambda: connect(dsn, schema), log, channel="bench", models=(Deals,)).catch_up()
            yield ledger, lengthened(ledger, length)
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def lengthened(ledger: Ledger, length: int) -> int:
    """Put so many like the story's deal behind it that the log has about that length; gives how many."""
    head = ledger.head().position
    with closing(connect(ledger.dsn, ledger.schema, timeouts=False)) as connection:
        streams = [f"{story}/{each}" for each in IDS for story in ("deal", "customer", "case")]
        many = len(connection.execute("select from event where stream = any(%s)", (streams,)).fetchall())
        times = (length - head) // many
        named = f'(["/])({"|".join(IDS)})"'
        connection.execute(
            CLONE.encode(), {"head": head, "many": many, "times": times, "named": named, "streams": streams}
        )
        connection.execute(DEALS.encode(), (times,))
        connection.execute("update ledger_head set position = (select max(position) from event)")
        connection.execute("vacuum analyze")
    return times


def one(connection: Connection[Any], query: LiteralString) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    assert row is not None, "there is a row"
    return row


def timed(task: Callable[[str], None], named: Iterable[str]) -> list[float]:
    """How long each took, in milliseconds, the shortest first. One is done before, uncounted."""
    found: list[float] = []
    for name in named:
        if not found:
            task(name)
        began = time.perf_counter()
        task(name)
        found.append((time.perf_counter() - began) * 1_000)
    return sorted(found)


def percentile(sorted_ms: Sequence[float], percent: int) -> float:
    return sorted_ms[min(len(sorted_ms) - 1, len(sorted_ms) * percent // 100)]
