"""Lines, receipts, deals and sales: what is due is booked as differences, and every sum can be checked."""

from collections import defaultdict
from typing import Any

import pytest
from psycopg import Connection

from domain.commission import attribute
from domain.fact import OfDeal
from projections import as_of, deals, lines, organisation, receipts, sales
from projections.booking import BookedLine
from projections.log import Log
from projections.reps import rep_of
from projections.runner import Runner
from services.ledger.application import Ledger
from tests.projections.conftest import Clock, Play
from tests.projections.generated import Chance
from tests.projections.stories import Story, on


@pytest.fixture
def story(ledger: Ledger, clock: Clock) -> Story:
    told = Story(ledger, clock)
    told.opening("Li", "Zhou")
    told.customer("02-01 09:00", "shop", "Li")
    return told


@pytest.mark.parametrize("seed", [31, 32])
def test_after_every_event_the_lines_booked_so_far_sum_to_what_is_due(
    ledger: Ledger, play: Play, runner: Runner, reading: Connection[Any], log: Log, seed: int
) -> None:
    head = play(Chance(seed, customers=40).commands(2500))
    runner.catch_up()
    booked: dict[int, list[BookedLine]] = defaultdict(list)
    after = None
    while True:
        page = lines.lines(reading, limit=500, after=after)
        for line in page.rows:
            booked[line.position].append(line)
        after = page.after
        if after is None:
            break

    sums: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    checked = 0
    histories: dict[str, list[Any]] = defaultdict(list)
    for recorded in (each for start in range(0, head, 2000) for each in ledger.read_all(start, 2000)):
        for line in booked[recorded.position]:
            sums[line.deal][line.payment, line.role, line.of, line.payee] += line.amount
        if not isinstance(recorded.fact, OfDeal):
            continue
        histories[recorded.stream].append(recorded)
        stream = as_of.folded(histories[recorded.stream])
        if stream.contract.signing and stream.payments.received:
            plan = as_of.published(reading, log, stream.contract.signing.policy)
            assert plan
            due = {line.key: line.amount for line in attribute(stream, plan) if line.amount}
            assert {key: n for key, n in sums[recorded.fact.deal].items() if n} == due
            checked += len(due)
    assert checked > 100


def test_a_payment_is_booked_by_role_with_the_steps_that_lead_there(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 5_000_003)
    paid = story.paid("03-31 23:30", "D1", "P1", 5_000_003)
    runner.catch_up()

    found = lines.lines(reading, deal="D1")

    assert found.position == paid
    assert sum(line.amount for line in found.rows) == (5_000_003 - 25_000) * 300 // 10_000 == 149_250
    assert {(line.period, line.cause, line.payee, line.policy) for line in found.rows} == {
        ("2024-03", "payment", "Li", "TEST-1")
    }
    assert [line.role for line in found.rows] == ["ENTRY", "FIRST_VISIT", "SOLUTION", "COLLECTOR", "CLOSER"]
    assert found.rows[1].derivation["held_by"] == "CLOSER"
    assert found.rows[0].derivation["pool"] == {"net": 5_000_003, "fee": 25_000, "rate": 300, "amount": 149_250}
    assert found.rows[0].line == f"{paid}.1"
    assert lines.line(reading, f"{paid}.1").row == found.rows[0]
    assert lines.line(reading, f"{paid}.9").row is None


def test_a_refund_in_full_nets_zero_for_every_payee_under_its_own_cause(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 5_000_003)
    story.paid("02-03 09:00", "D1", "P1", 5_000_003)
    money = {"payment": "P1", "refund": "F1", "amount": 5_000_003, "currency": "CNY"}
    refunded = story.tell("04-01 09:00", "refund-payment", deal="D1", **money)
    runner.catch_up()

    found = lines.lines(reading, payment="P1").rows

    back = [line for line in found if line.position == refunded]
    assert {(line.cause, line.period) for line in back} == {("refund", "2024-04")}
    assert [-line.amount for line in back] == [line.amount for line in found if line.position < refunded]
    received = receipts.receipt_of(reading, "D1", "P1").row
    assert received
    assert (received.refunded, received.net) == (5_000_003, 0)
    assert [refund.refund for refund in receipts.refunds(reading, "D1", "P1").rows] == ["F1"]


def test_a_ruling_books_what_it_moves_and_nothing_else(story: Story, runner: Runner, reading: Connection[Any]) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 5_000_003)
    story.paid("02-03 09:00", "D1", "P1", 5_000_003)
    moved = {
        "role": "CLOSER",
        "parts": [{"rep": "Zhou", "bps": 10_000}],
        "effective_from": on("02-03 09:00").isoformat(),
    }
    ruled = story.tell("03-01 09:00", "transfer-role", deal="D1", ground="ruling", actor="Panel", **moved)
    runner.catch_up()

    moved_lines = [line for line in lines.lines(reading, deal="D1").rows if line.position == ruled]

    assert {line.cause for line in moved_lines} == {"transfer"}
    assert sum(line.amount for line in moved_lines) == 0
    assert {line.payee for line in moved_lines if line.amount > 0} == {"Zhou"}
    assert {line.role for line in moved_lines} == {"FIRST_VISIT", "SOLUTION", "COLLECTOR", "CLOSER"}
    assert [line.payee for line in lines.lines(reading, payee="Zhou", period="2024-03").rows] == ["Zhou"] * 4


def test_receipts_are_found_by_deal_payment_and_the_banks_id(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 1_000)
    story.paid("02-03 09:00", "D1", "P1", 400)
    story.paid("02-04 09:00", "D1", "P2", 600)
    runner.catch_up()

    by_bank = receipts.receipts(reading, external_id="bank-P2").rows

    assert [row.receipt.payment for row in by_bank] == ["P2"]
    first = receipts.receipts(reading, deal="D1", limit=1)
    assert [row.net for row in [*first.rows, *receipts.receipts(reading, deal="D1", after=first.after).rows]] == [
        400,
        600,
    ]


def test_the_funnel_counts_deals_where_they_stand_and_where_they_were_lost(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.tell("02-02 09:00", "open-deal", deal="D1", customer="shop", rep="Li", expected_amount=700, currency="CNY")
    story.tell("02-03 09:00", "open-deal", deal="D2", customer="shop", rep="Zhou")
    story.tell("02-04 09:00", "lose-deal", deal="D2", rep="Zhou", ground="no budget")
    story.signed("02-05 09:00", "D3", "shop", "Li", 1_000)
    story.paid("02-06 09:00", "D3", "P1", 250)
    runner.catch_up()

    funnel = {(row.measure, row.stage, row.currency): (row.deals, row.amount) for row in deals.funnel(reading).rows}

    assert {key: counted for key, counted in funnel.items() if counted[0]} == {
        ("opened", "lead", "CNY"): (1, 700),
        ("opened", "lead", ""): (2, 0),
        ("entered", "lead", "CNY"): (1, 700),
        ("entered", "lead", ""): (2, 0),
        ("entered", "signed", "CNY"): (1, 1_000),
        ("signed", "lead", "CNY"): (1, 1_000),
        ("lost", "lead", ""): (1, 0),
        ("standing", "lead", "CNY"): (1, 700),
        ("standing", "signed", "CNY"): (1, 1_000),
    }
    assert [row.deal for row in deals.in_stage(reading, "lead").rows] == ["D1"]
    assert [row.deal for row in deals.deals(reading, customer="shop").rows] == ["D1", "D2", "D3"]
    assert [row.deal for row in deals.deals(reading, rep="Li").rows] == ["D1", "D3"]
    signed = deals.one(reading, "D3").row
    assert signed
    assert (signed.amount, signed.received, [step["stage"] for step in signed.course]) == (
        1_000,
        250,
        ["lead", "signed"],
    )


def test_a_roll_up_counts_a_sale_once_and_by_the_tree_of_then(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 1_000)
    parts = [{"rep": "Li", "bps": 5_000}, {"rep": "Zhou", "bps": 5_000}]
    split = {"role": "CLOSER", "parts": parts, "effective_from": on("02-02 09:00").isoformat()}
    story.tell("02-03 09:00", "transfer-role", deal="D1", ground="ruling", actor="Panel", **split)
    story.tell("02-10 09:00", "transfer-rep", rep="Li", unit="south", actor="Boss")
    story.signed("02-11 09:00", "D2", "shop", "Li", 30)
    story.tell("02-12 09:00", "move-unit", unit="south", parent="north", actor="Boss")
    runner.catch_up()

    rows = sales.roll_up(reading, on("02-01 00:00"), on("03-01 00:00")).rows

    assert [(row.unit, row.sales, row.amount) for row in rows] == [
        ("company", 2, 1_030),
        ("north", 1, 1_000),
        ("south", 1, 30),
    ]
    assert sales.roll_up(reading, on("02-03 00:00"), on("02-11 09:00")).rows == []
    sold = sales.sale(reading, "D2").row
    assert sold
    assert (sold.rep, sold.contract) == ("Li", "K-D2")


def test_people_and_units_are_told_by_intervals(story: Story, runner: Runner, reading: Connection[Any]) -> None:
    story.tell("02-10 09:00", "transfer-rep", rep="Li", unit="south", actor="Boss")
    story.tell("02-20 09:00", "leave-rep", rep="Li", ground="moved away", actor="Boss")
    story.tell_late("02-12 09:00", "02-21 09:00", "move-unit", unit="south", parent="north", actor="Boss")
    runner.catch_up()

    posts = organisation.posts(reading, "Li").rows
    parents = organisation.parents(reading, "south").rows
    then = rep_of(reading, "Li", on("02-15 09:00"))

    assert [(post.what, post.since, post.until) for post in posts] == [
        ("north", on("01-01 09:00"), on("02-10 09:00")),
        ("south", on("02-10 09:00"), on("02-20 09:00")),
    ]
    assert [(parent.what, parent.until) for parent in parents] == [("company", on("02-12 09:00")), ("north", None)]
    assert then
    assert then.line == ("south", "north", "company")
    assert rep_of(reading, "Li", on("02-20 09:00")) is None
    assert [member.rep for member in organisation.members(reading, "north", on("02-15 09:00")).rows] == ["Zhou"]
    assert [policy.policy for policy in organisation.policies(reading).rows] == ["TEST-1"]
