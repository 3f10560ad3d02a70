"""What is paid of a month: confirmed or rejected payment by payment, told by files that count whole, converted by rates."""

from typing import Any

from domain.payee.decisions import confirm, reject
from domain.payee.facts import PayoutRejected
from domain.rate.decisions import publish
from domain.returned.decisions import reconcile
from tests.domain.story import Story, documented, ladder, only
from tests.domain.test_payroll import PINNED, closed, gathering

PAYOUT: dict[str, Any] = {"payee": "Li", "period": "2024-06", "currency": "CNY", "amount": 100, "external_id": "B-1"}


def with_a_settled_month() -> Story:
    """May was settled elsewhere, June is closed, July is open."""
    story = gathering("2024-05", "05-01 09:00")
    settled = {"position": 40, "settled": True, "reason": "paid by the old system", **PINNED}
    story.given("close-period", "06-02 09:00", period="2024-05", actor="Fan", **settled)
    closed(story.given("open-period", "06-02 10:00", period="2024-06", actor="Fan"), position=45)
    return story.given("open-period", "07-02 10:00", period="2024-07", actor="Fan")


def test_a_payout_is_confirmed_of_a_closed_month_that_is_paid_from_here_each_statement_once() -> None:
    story = with_a_settled_month().given("confirm-payout", "07-03 09:00", actor="Fan", **PAYOUT)
    climbing = ladder(story, "confirm-payout", "07-04 09:00", **{**PAYOUT, "actor": "Li", "period": "2024-04"})
    climbing.meets("not-allowed", actor="Fan").meets("unknown-period", period="2024-07")
    climbing.meets("period-not-closed", period="2024-05").meets("settled-elsewhere", period="2024-06")
    climbing.meets("payout-repeated", external_id="B-2").meets("payout-confirmed", payee="Zhou")

    assert climbing.climbed() == documented(confirm)


def test_a_payout_is_rejected_once_and_only_its_own() -> None:
    story = with_a_settled_month().given("confirm-payout", "07-03 09:00", actor="Fan", **PAYOUT)
    story.given("reject-payout", "07-04 09:00", actor="Fan", **{**PAYOUT, "external_id": "B-2"})
    told = {**PAYOUT, "payee": "Zhou", "actor": "Li", "period": "2024-04"}
    climbing = ladder(story, "reject-payout", "07-05 09:00", **told)
    climbing.meets("not-allowed", actor="Fan").meets("unknown-period", period="2024-07")
    climbing.meets("period-not-closed", period="2024-05").meets("settled-elsewhere", period="2024-06")
    climbing.meets("payout-repeated", payee="Li", external_id="B-2").meets("payout-rejected", external_id="B-3")

    assert climbing.climbed() == documented(reject)


def test_a_payout_that_came_back_frees_its_statement_and_its_id_stays_used() -> None:
    story = with_a_settled_month().given("confirm-payout", "07-03 09:00", actor="Fan", **PAYOUT)

    back = only(PayoutRejected, story.tells("reject-payout", "07-04 09:00", actor="Fan", **PAYOUT))
    again = story.refuses("confirm-payout", "07-05 09:00", actor="Fan", **PAYOUT)
    story.given("confirm-payout", "07-05 09:00", actor="Fan", **{**PAYOUT, "external_id": "B-2"})

    assert back.undone
    assert again.code == "payout-repeated"
    assert [each.external_id for each in story.world.payee("Li").paid.payouts] == ["B-2"]


def test_a_return_file_counts_once_and_only_when_all_that_it_tells_is_recorded() -> None:
    file = "5" * 32
    story = with_a_settled_month().given("confirm-payout", "07-03 09:00", actor="Fan", **PAYOUT, file=file)
    told: dict[str, Any] = {"file": file, "payouts": 2, "actor": "Li", "period": "2024-04"}
    climbing = ladder(story, "reconcile-return", "07-04 09:00", **told)
    climbing.meets("not-allowed", actor="Fan").meets("unknown-period", period="2024-07")
    climbing.meets("period-not-closed", period="2024-06").meets("return-unfinished", payouts=1)
    story.given("reconcile-return", "07-04 09:00", period="2024-06", file=file, payouts=1, actor="Fan")
    climbing.meets("return-repeated")

    assert set(climbing.met) == set(documented(reconcile))


def test_a_rate_is_published_by_finance_before_the_closing_and_in_no_circle() -> None:
    told = {"currency": "USD", "into": "USD", "rate": "7.1", "source": "parity", "actor": "Li", "period": "2024-06"}
    climbing = ladder(with_a_settled_month(), "publish-rate", "07-04 09:00", **told)
    climbing.meets("not-allowed", actor="Fan").meets("period-closed", period="2024-07").meets(
        "rate-circular", into="CNY"
    )

    assert climbing.climbed() == documented(publish)
