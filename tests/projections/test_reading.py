"""Every answer is read by an index, within bounds, and is of one instant."""

from collections.abc import Callable
from typing import Any

import pytest
from psycopg import Connection

from projections import deals, history, lines, organisation, ownership, pool, quotas, receipts, sales
from projections.as_of import deal_as_of
from projections.catalogue import READ_MODELS
from projections.log import Log
from projections.pool import PoolBoard
from projections.reading import instant
from projections.runner import Runner
from services.ledger.application import Ledger
from tests.projections.conftest import MakeRunner, Play
from tests.projections.generated import Chance
from tests.projections.stories import on

READ_WHOLE = {"org_policy", "deal_funnel", "read_model", "ledger_head"}
"""What has as many rows as there are policies, stages, read models."""

AFTER = (on("01-05 09:00"), "C1")

QUESTIONS: dict[str, Callable[[Connection[Any]], object]] = {
    "the public pool": lambda c: pool.public(c, after=AFTER),
    "a rep's customers": lambda c: pool.private(c, "Li", after=AFTER),
    "one customer": lambda c: pool.one(c, "C1"),
    "who drops soon": lambda c: pool.due_soon(c, on("03-01 09:00"), after=AFTER),
    "who waits": lambda c: quotas.cooling_down(c, "C1", on("01-20 09:00")),
    "what quotas leave": lambda c: quotas.quota_left(c, "Li", on("01-20 09:00")),
    "a customer's history": lambda c: history.history(c, "C1", after=(3,)),
    "a customer's history as true": lambda c: history.history(
        c, "C1", true_at=on("02-01 09:00"), after=(on("01-01 09:00"), 1)
    ),
    "a customer's owners": lambda c: ownership.of_customer(c, "C1"),
    "an owner's customers": lambda c: ownership.of_owner(c, "Li", after=(5,)),
    "the owner at a time": lambda c: ownership.owner_at(c, "C1", on("01-20 09:00")),
    "one deal": lambda c: deals.one(c, "D30"),
    "a stage's deals": lambda c: deals.in_stage(c, "lead", after=AFTER),
    "a customer's deals": lambda c: deals.deals(c, customer="C1"),
    "a rep's deals": lambda c: deals.deals(c, rep="Li"),
    "all deals": lambda c: deals.deals(c, after=("D30",)),
    "all lines": lambda c: lines.lines(c, after=(100, 1)),
    "a deal's lines": lambda c: lines.lines(c, deal="D30"),
    "a payment's lines": lambda c: lines.lines(c, payment="R30"),
    "a payee's lines": lambda c: lines.lines(c, payee="Li"),
    "a month's lines": lambda c: lines.lines(c, period="2024-02"),
    "one line": lambda c: lines.line(c, "100.1"),
    "all receipts": lambda c: receipts.receipts(c, after=(100,)),
    "a deal's receipts": lambda c: receipts.receipts(c, deal="D30"),
    "the bank's receipt": lambda c: receipts.receipts(c, external_id="bank-30"),
    "a payment's refunds": lambda c: receipts.refunds(c, "D30", "R30"),
    "where someone worked": lambda c: organisation.posts(c, "Li"),
    "what a unit hung under": lambda c: organisation.parents(c, "north"),
    "who trained someone": lambda c: organisation.mentors(c, "Li"),
    "a unit's members": lambda c: organisation.members(c, "north", on("02-01 09:00")),
    "a sale": lambda c: sales.sale(c, "D30"),
    "the roll-up": lambda c: sales.roll_up(c, on("01-05 09:00"), on("02-05 09:00")),
}


def scanned(reading: Connection[Any]) -> dict[str, int]:
    """How often this connection has read each table from end to end, in the transaction that it is in."""
    rows = reading.execute("SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()")
    return {name: int(n) for name, n in rows if name.rpartition("_")[0] not in READ_WHOLE and name not in READ_WHOLE}


def test_every_question_is_answered_by_an_index(play: Play, runner: Runner, reading: Connection[Any], log: Log) -> None:
    play(Chance(51).commands(600))
    runner.catch_up()
    reading.execute("SET enable_seqscan = off")

    with instant(reading, *READ_MODELS):
        before = scanned(reading)
        deal_as_of(reading, log, "D30")
        for question, ask in QUESTIONS.items():
            ask(reading)
            assert scanned(reading) == before, question
        reading.execute("SELECT 1 FROM deal_state WHERE product = 'none'")
        assert scanned(reading)["deal_state_1"] == before["deal_state_1"] + 1


def test_every_answer_says_up_to_which_position_it_is_true(
    play: Play, runner: Runner, reading: Connection[Any]
) -> None:
    head = play(Chance(52).commands(300))
    runner.catch_up()

    answers = {question: ask(reading) for question, ask in QUESTIONS.items()}

    assert {question: answer.position for question, answer in answers.items()} == dict.fromkeys(QUESTIONS, head)  # type: ignore[attr-defined]


def test_an_answer_is_of_one_instant_whatever_is_folded_meanwhile(
    play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    drawn = list(Chance(53).commands(600))
    before = play(drawn[:300])
    make_runner().catch_up()

    with instant(reading, PoolBoard) as position:
        first = pool.public(reading)
        play(drawn[300:])
        make_runner().catch_up()
        again = pool.public(reading)

    assert position == first.position == before
    assert again == first
    assert pool.public(reading).position > before


def test_asking_for_a_page_without_bounds_is_refused(runner: Runner, reading: Connection[Any]) -> None:
    runner.catch_up()

    for limit in (0, 1001):
        with pytest.raises(ValueError, match="a page has 1 to 1000 rows"):
            lines.lines(reading, limit=limit)


def test_a_ledger_without_facts_has_empty_boards(ledger: Ledger, runner: Runner, reading: Connection[Any]) -> None:
    assert runner.catch_up() == ledger.head().position == 0

    for model in READ_MODELS:
        for table in model.tables:
            assert reading.execute(f"SELECT count(*) FROM {table.name}").fetchone() == (0,)
