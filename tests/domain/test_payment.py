"""Money in and money back: the contract's currency, each receipt once, never more back than came in."""

from typing import Any

import pytest

from domain.effects import Wake, effects
from domain.payment.facts import PaymentReceived
from domain.refusals import Code
from tests.domain.story import Story, kinds, on, only, signed


def paid(
    story: Story, amount: int = 100, payment: str = "P-1", at: str = "03-01 09:00", **fields: Any
) -> PaymentReceived:
    told: dict[str, Any] = {"payment": payment, "external_id": f"bank-{payment}", "amount": amount} | fields
    return only(PaymentReceived, story.tells("receive-payment", at, **told))


def test_a_payment_is_in_the_contracts_currency() -> None:
    story = signed(currency="JPY")

    refusal = story.refuses(
        "receive-payment", "03-01 09:00", payment="P-1", external_id="b-1", amount=1, currency="CNY"
    )

    assert (refusal.code, refusal.rival) == (Code.OTHER_CURRENCY, "JPY")
    assert refusal.rival_position == story.position("contract-signed.v1")


def test_an_external_id_is_recorded_once_in_the_whole_ledger_and_its_first_place_named() -> None:
    story = signed().registers("other").given("open-deal", "02-01 09:00", deal="D-2", customer="other", rep="Li")
    story.given("sign-contract", "02-20 09:00", deal="D-2", rep="Li", contract="C-2", amount=100, actor="Ma")
    paid(story)

    told: dict[str, Any] = {"payment": "P-7", "external_id": "bank-P-1", "amount": 100}
    refusal = story.refuses("receive-payment", "03-02 09:00", deal="D-2", **told)

    assert (refusal.code, refusal.rival) == (Code.PAYMENT_REPEATED, "deal/deal")
    assert refusal.rival_position == story.position("payment-received.v1")


def test_refunds_never_exceed_what_was_received_of_that_payment() -> None:
    story = signed()
    paid(story, 100)
    paid(story, 1_000, "P-2")
    story.given("refund-payment", "03-02 09:00", payment="P-1", refund="R-1", amount=60)

    refusal = story.refuses("refund-payment", "03-03 09:00", payment="P-1", refund="R-2", amount=41)

    assert (refusal.code, refusal.detail) == (Code.REFUND_EXCEEDS, "Received 100, refunded already 60.")
    assert kinds(story.tells("refund-payment", "03-03 09:00", payment="P-1", refund="R-2", amount=40)) == [
        "payment-refunded"
    ]
    assert story.world.deal("deal").payments.received["P-1"].net == 0


def test_money_may_come_before_the_signing_is_told_but_not_without_a_contract() -> None:
    story = signed(at="02-20 09:00")

    assert paid(story, at="02-19 09:00").at == on("02-19 09:00")


@pytest.mark.parametrize(
    ("amounts", "settled"), [([49], [False]), ([50], [True]), ([51], [True]), ([20, 30], [False, True])]
)
def test_a_payment_says_whether_it_settles_its_milestone(amounts: list[int], settled: list[bool]) -> None:
    story = signed(amount=100, milestones=[{"milestone": name, "amount": 50} for name in ("first", "second")])

    told = [paid(story, amount, f"P-{i}", milestone="first").settles for i, amount in enumerate(amounts)]

    assert told == settled


@pytest.mark.parametrize(
    ("refunded", "told"),
    [
        ("03-02 09:00", [("milestone-due.v1", "05-01 00:00"), ("milestone-overdue.v1", "05-31 00:00")]),
        ("05-10 09:00", [("milestone-due.v1", "05-10 09:00"), ("milestone-overdue.v1", "05-31 00:00")]),
        ("07-01 09:00", [("milestone-due.v1", "07-01 09:00"), ("milestone-overdue.v1", "07-01 09:00")]),
    ],
)
def test_a_milestone_is_neither_due_nor_overdue_while_it_was_paid(refunded: str, told: list[tuple[str, str]]) -> None:
    story = signed(amount=50, milestones=[{"milestone": "all", "amount": 50, "due": on("05-01 00:00")}])
    paid(story, 50, milestone="all")
    (back,) = story.tells("refund-payment", refunded, payment="P-1", refund="R-1", amount=1)

    facts = story.tells("bring-deal-clock", "08-01 00:00")

    assert [(fact.kind, fact.at) for fact in facts] == [(kind, on(at)) for kind, at in told]
    assert effects(back) == (Wake("milestone/all", on("05-01 00:00")),)


def test_a_milestone_whose_payment_went_back_is_due_after_all() -> None:
    story = signed(amount=50, milestones=[{"milestone": "all", "amount": 50, "due": on("05-01 00:00")}])
    paid(story, 50, milestone="all")
    story.given("refund-payment", "03-02 09:00", payment="P-1", refund="R-1", amount=50)

    assert kinds(story.tells("bring-deal-clock", "05-02 00:00")) == ["milestone-due"]
