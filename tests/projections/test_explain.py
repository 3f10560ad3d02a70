"""Why an amount is what it is, and why somebody gets nothing, as sentences."""

from typing import Any

import pytest
from psycopg import Connection

from projections import lines
from projections.as_of import deal_as_of
from projections.explain import explain_deal, explain_line
from projections.log import Log
from projections.runner import Runner
from services.ledger.application import Ledger
from tests.projections.conftest import Clock, Play
from tests.projections.generated import Chance
from tests.projections.stories import Story, on


@pytest.fixture
def story(ledger: Ledger, clock: Clock) -> Story:
    told = Story(ledger, clock)
    told.opening("Li", "Zhou", "Sun")
    told.customer("02-01 09:00", "shop", "Li")
    return told


def test_a_line_is_explained_down_to_events_clauses_and_the_leftover_unit(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 5_000_003)
    paid = story.paid("02-03 09:00", "D1", "P1", 5_000_003)
    runner.catch_up()
    third = next(line for line in lines.lines(reading).rows if line.role == "SOLUTION")

    told = explain_line(reading, third.line)

    assert told
    assert told.amount == third.amount == 25_865
    assert [str(reason) for reason in told.reasons] == [
        (
            "Booked for 2024-02 because of a payment: Li was credited 0.00 CNY for SOLUTION of payment P1 before, and is due"
            f" 258.65 CNY now, so the difference of 258.65 CNY is booked. (event {paid})"
        ),
        (
            "Net 50,000.03 CNY less the fee of 250.00 CNY, times 300 bps, rounded down: the pool is 1,492.50 CNY."
            f" (event {paid}) [TEST-1/commission/rate]"
        ),
        "SOLUTION is 1733 bps of 1,492.50 CNY: 258.65 CNY. [TEST-1/commission/roles/SOLUTION]",
        "SOLUTION is empty and falls to CLOSER. [TEST-1/commission/roles/SOLUTION/fallback]",
        (
            f"Li holds CLOSER, earned by signed-contract K-D1. (event {third.derivation['ground_position']})"
            " [TEST-1/commission/roles/SOLUTION]"
        ),
    ]
    assert explain_line(reading, "1.1") is None


def test_an_unknown_deal_an_unsigned_one_a_lost_one_and_an_unpaid_one_say_why_nothing_is_due(
    story: Story, reading: Connection[Any], log: Log
) -> None:
    story.tell("02-02 09:00", "open-deal", deal="D1", customer="shop", rep="Li")
    story.tell("02-02 10:00", "open-deal", deal="D2", customer="shop", rep="Li")
    lost = story.tell("02-03 09:00", "lose-deal", deal="D2", rep="Li", ground="no budget")
    story.signed("02-04 09:00", "D3", "shop", "Li", 1_000)

    def told(deal: str) -> list[str]:
        return [str(reason) for reason in explain_deal(reading, log, deal).reasons]

    unsigned = "No contract is signed, so no plan is pinned and nothing is due to anybody."
    assert told("D9") == ["No deal D9 is recorded."]
    assert told("D1") == [unsigned]
    assert told("D2") == [f"The deal was lost at stage lead. (event {lost})", unsigned]
    assert told("D3")[0].startswith("Nothing has been received for the contract, and commission follows receipts.")


def test_a_payment_refunded_in_full_says_that_it_nets_zero(story: Story, reading: Connection[Any], log: Log) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 1_000)
    story.paid("02-03 09:00", "D1", "P1", 1_000)
    story.paid("02-04 09:00", "D1", "P2", 1)
    story.tell("02-05 09:00", "refund-payment", deal="D1", payment="P1", refund="F1", amount=1_000, currency="CNY")

    told = explain_deal(reading, log, "D1", payment="P1")
    tiny = explain_deal(reading, log, "D1", payment="P2")

    assert told.amount == 0
    assert any(reason.text == "All of it was refunded, so it nets zero for every payee." for reason in told.reasons)
    assert any(reason.text == "The pool rounds down to nothing." for reason in tiny.reasons)
    assert [reason.text for reason in explain_deal(reading, log, "D1", payment="P7").reasons] == [
        "No payment P7 is recorded with the deal."
    ]


def test_who_lost_a_role_who_never_had_one_and_whose_protection_ran_out_are_told_so(
    story: Story, reading: Connection[Any], log: Log
) -> None:
    visit = {"visit": "V1", "rep": "Zhou", "purpose": "talk", "point": "31.2304,121.4737", "photo": "1" * 64}
    story.tell("02-02 09:00", "record-visit", customer="shop", **visit)
    story.signed("03-02 09:00", "D1", "shop", "Li", 1_000_000)
    expired = next(r.position for r in story.ledger.read("deal/D1") if r.fact.kind == "role-expired.v1")
    moved = {
        "role": "CLOSER",
        "parts": [{"rep": "Sun", "bps": 10_000}],
        "effective_from": on("03-02 09:00").isoformat(),
    }
    ruled = story.tell("03-05 09:00", "transfer-role", deal="D1", ground="ruling 7", actor="Panel", **moved)
    entry = {"role": "ENTRY", "effective_from": on("03-02 09:00").isoformat(), "ground": "squatting"}
    story.tell("03-05 10:00", "revoke-role", deal="D1", actor="Panel", **entry)
    story.paid("03-10 09:00", "D1", "P1", 1_000_000)

    def told(payee: str) -> list[str]:
        return [str(reason) for reason in explain_deal(reading, log, "D1", payee=payee).reasons]

    assert any(f"its protection ran out before the signing. (event {expired})" in sentence for sentence in told("Zhou"))
    assert told("Boss")[-1] == "Boss never held a role of this deal, nor shares in what another earns in it."
    assert any("Sun holds CLOSER, ruling 7." in sentence and f"(event {ruled})" in sentence for sentence in told("Sun"))
    whole = [str(reason) for reason in explain_deal(reading, log, "D1").reasons]
    assert any("Nobody earned SOLUTION: no artefact of kind solution was presented" in sentence for sentence in whole)
    assert any("ENTRY belongs to nobody from" in sentence and "squatting" in sentence for sentence in whole)


def test_shares_are_told_with_their_agreement(story: Story, reading: Connection[Any], log: Log) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 1_000_000)
    parts = [{"rep": "Li", "bps": 9_000}, {"rep": "Sun", "bps": 1_000}]
    agreed = {"of": "Li", "parts": parts, "effective_from": on("02-01 09:00").isoformat(), "ground": "mentor"}
    position = story.tell("02-03 09:00", "agree-sharing", deal="D1", actor="Boss", **agreed)
    story.paid("02-10 09:00", "D1", "P1", 1_000_000)

    told = explain_deal(reading, log, "D1", payee="Sun")

    assert told.amount == sum(line.amount for line in deal_as_of(reading, log, "D1").lines if line.payee == "Sun") > 0
    assert any("Li shares it (mentor): 1000 bps to Sun" in str(r) and r.position == position for r in told.reasons)


def test_a_deal_is_told_as_known_and_as_true_at_a_time(story: Story, reading: Connection[Any], log: Log) -> None:
    story.signed("02-02 09:00", "D1", "shop", "Li", 1_000_000)
    money = {"payment": "P1", "external_id": "bank-1", "amount": 1_000_000, "currency": "CNY"}
    story.tell_late("02-10 09:00", "02-20 09:00", "receive-payment", deal="D1", **money)

    def received(known: str | None = None, true: str | None = None) -> int:
        times = {"known_at": on(known) if known else None, "true_at": on(true) if true else None}
        return len(deal_as_of(reading, log, "D1", **times).stream.payments.received)

    assert received() == 1
    assert received(known="02-19 09:00") == 0
    assert received(true="02-10 09:00") == 1
    assert received(true="02-10 08:59") == 0
    assert explain_deal(reading, log, "D1", known_at=on("02-19 09:00")).amount == 0


def test_any_deal_at_any_time_can_be_explained(ledger: Ledger, play: Play, reading: Connection[Any], log: Log) -> None:
    head = play(Chance(41, customers=40).commands(2000))
    every = [each for after in range(0, head, 2000) for each in ledger.read_all(after, 2000)]

    for deal in sorted({each.stream.removeprefix("deal/") for each in every if each.stream.startswith("deal/")}):
        for each in ledger.read(f"deal/{deal}"):
            told = explain_deal(reading, log, deal, payee="Li", true_at=each.occurred_at)
            assert told.reasons
            assert explain_deal(reading, log, deal, known_at=each.recorded_at).reasons
