"""A return file held against a closed month: what matches is confirmed once, however often and however rudely it is told."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from projections.payouts import payouts
from services.payroll.explaining import explain_statement
from services.payroll.payouts import Paid, standing
from services.payroll.returned.mapping import ReturnMapping, ReturnUnusable
from services.payroll.returned.run import PeriodNotClosed, Reconciled, reconcile
from services.payroll.statement import NoSuchPeriod
from tests.conftest import OpenLedger
from tests.domain.story import on
from tests.services.payroll.company import Company, company

HEADER = "external_id,payee,amount,date,status"
ALL_PAID = ("B-1,Li,3000.00,2024-07-15,paid", "B-2,Zhou,6000.00,2024-07-15,paid", "B-3,Feng,9000.00,2024-07-15,paid")


@pytest.fixture
def firm(open_here: OpenLedger) -> Iterator[Company]:
    with company(open_here, "Li", "Zhou", "Feng", "Wang") as made:
        made.opens("2024-06", "06-01 09:00")
        for rep, amount in (("Li", 10_000_000), ("Zhou", 20_000_000), ("Feng", 30_000_000)):
            made.received(made.signed(rep, "06-01 09:00"), amount, "06-10 09:00")
        yield made


def returned(folder: Path, *lines: str) -> Path:
    path = folder / "return.csv"
    path.write_text("\n".join([HEADER, *lines, ""]), "utf-8")
    return path


def reconciled(firm: Company, path: Path, at: str = "07-16 09:00", actor: str = "Fan") -> Reconciled:
    firm.clock.move_to(on(at))
    firm.run.wait_for(firm.ledger.head().position)
    with closing(firm.run.connect()) as connection:
        zone = firm.policy.zone
        found = reconcile(firm.ledger, connection, "2024-06", path, ReturnMapping(), zone, actor=actor)
    firm.run.wait_for(firm.ledger.head().position)
    return found


def confirmed(firm: Company) -> dict[str, tuple[str, int]]:
    with closing(firm.run.connect()) as connection:
        found = payouts(connection, "2024-06").values()
        return {each.payee: (each.external_id, each.amount) for each in found if each.outcome == "paid"}


def test_what_matches_is_confirmed_and_what_does_not_is_told(firm: Company, tmp_path: Path) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")

    found = reconciled(
        firm, returned(tmp_path, ALL_PAID[0], "B-2,Zhou,1.00,2024-07-15,paid", "B-4,Wang,5,2024-07-15,paid")
    )

    assert found.confirmed == 1
    assert confirmed(firm) == {"Li": ("B-1", 300_000)}
    findings = found.findings
    assert [each.payment.payee for each in findings.different] == ["Zhou"]
    assert [each.payee for each in findings.extra] == ["Wang"]
    assert [(each.payee, each.payable) for each in findings.missing] == [("Feng", 900_000)]


def test_telling_it_again_confirms_nothing_twice(firm: Company, tmp_path: Path) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")
    path = returned(tmp_path, *ALL_PAID)

    first, head = reconciled(firm, path), firm.ledger.head().position
    again = reconciled(firm, path, "07-17 09:00")

    assert (first.confirmed, again.confirmed, len(again.findings.before)) == (3, 0, 3)
    assert again.findings.clean
    assert firm.ledger.head().position == head


def test_a_file_with_one_line_that_cannot_be_used_records_nothing(firm: Company, tmp_path: Path) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")
    head = firm.ledger.head().position

    for line, told in (
        ("B-9,Wnag,5,2024-07-15,paid", "return.csv:4: there is no payee Wnag"),
        ("B-9,Wang,5,2024-07-18,paid", "return.csv:4: 2024-07-18 has not come yet"),
        ('B-9,Wang,"5,000",2024-07-15,paid', "return.csv:4: 5,000 has thousands separated"),
    ):
        with pytest.raises(ReturnUnusable, match=told):
            reconciled(firm, returned(tmp_path, *ALL_PAID[:2], line))

    assert firm.ledger.head().position == head


def test_only_a_closed_month_is_reconciled(firm: Company, tmp_path: Path) -> None:
    with pytest.raises(PeriodNotClosed):
        reconciled(firm, returned(tmp_path, *ALL_PAID))
    path = returned(tmp_path, *ALL_PAID)
    with closing(firm.run.connect()) as connection, pytest.raises(NoSuchPeriod):
        reconcile(firm.ledger, connection, "2024-05", path, ReturnMapping(), firm.policy.zone, actor="Fan")


def test_who_is_not_of_finance_confirms_nothing(firm: Company, tmp_path: Path) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")

    found = reconciled(firm, returned(tmp_path, *ALL_PAID), actor="Li")

    assert {str(refusal.code) for _, refusal in found.refused} == {"not-allowed"}
    assert confirmed(firm) == {}
    assert reconciled(firm, returned(tmp_path, *ALL_PAID)).confirmed == 3


def test_a_payout_is_confirmed_by_hand_once_too(firm: Company) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")
    told: dict[str, Any] = {"payee": "Li", "period": "2024-06", "currency": "CNY", "amount": 300_000, "actor": "Fan"}
    firm.tells("confirm-payout", "07-15 09:00", external_id="B-1", **told)

    repeated = firm.asks("confirm-payout", "07-15 09:00", external_id="B-1", **{**told, "payee": "Zhou"})
    again = firm.asks("confirm-payout", "07-15 09:00", external_id="B-2", **told)
    unknown = firm.asks("confirm-payout", "07-15 09:00", external_id="B-3", **{**told, "period": "2024-05"})
    firm.opens("2024-07", "07-15 10:00")
    early = firm.asks("confirm-payout", "07-15 11:00", external_id="B-3", **{**told, "period": "2024-07"})

    refusals = [each.refusal and str(each.refusal.code) for each in (repeated, again, unknown, early)]
    assert refusals == ["payout-repeated", "payout-confirmed", "unknown-period", "period-not-closed"]


def test_what_the_bank_rejected_is_to_be_paid_again_under_another_id(firm: Company, tmp_path: Path) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")
    first = reconciled(firm, returned(tmp_path, ALL_PAID[0], "B-2,Zhou,6000.00,2024-07-15,failed", ALL_PAID[2]))
    assert (first.confirmed, first.sent_back) == (2, 1)
    assert confirmed(firm) == {"Li": ("B-1", 300_000), "Feng": ("B-3", 900_000)}

    later = reconciled(
        firm,
        returned(tmp_path, "B-7,Zhou,6000.00,2024-07-16,paid", "B-1,Li,3000.00,2024-07-16,returned"),
        "07-17 09:00",
    )

    assert (later.confirmed, later.sent_back) == (1, 1)
    assert confirmed(firm) == {"Zhou": ("B-7", 600_000), "Feng": ("B-3", 900_000)}
    with closing(firm.run.connect()) as connection:
        stood, parted = standing(connection)
    assert (stood["2024-06"], parted) == (Paid(statements=3, paid=2, rejected=1), [])
    assert stood["2024-06"].unpaid == 1
    assert firm.ledger.refold().difference is None


def test_a_file_told_before_and_another_since_change_nothing_when_told_again(firm: Company, tmp_path: Path) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")
    reconciled(firm, returned(tmp_path, *ALL_PAID))
    reconciled(firm, returned(tmp_path, "B-1,Li,3000.00,2024-07-16,returned"), "07-17 09:00")
    before = confirmed(firm)

    again = reconciled(firm, returned(tmp_path, *ALL_PAID), "07-18 09:00")

    assert (again.confirmed, [each.external_id for each in again.findings.twice]) == (0, ["B-1"])
    assert confirmed(firm) == before


def test_a_statement_says_in_its_explanation_how_its_payout_stands(firm: Company, tmp_path: Path) -> None:
    firm.month("2024-06", "06-01 09:00", "07-02 09:00")
    assert firm.policy.payroll
    reconciled(firm, returned(tmp_path, ALL_PAID[0], "B-2,Zhou,6000.00,2024-07-15,failed"))

    said = {}
    with firm.run.statements("2024-06") as found:
        for payee in ("Li", "Zhou", "Feng"):
            [told] = explain_statement(found, payee, firm.policy.payroll.clawback)
            said[payee] = list(told.reasons)[-1].text

    assert said["Li"].startswith("It was paid on 2024-07-15 under B-1")
    assert said["Zhou"].startswith("The bank rejected B-2 on 2024-07-15")
    assert said["Feng"] == "It is not confirmed as paid yet."
