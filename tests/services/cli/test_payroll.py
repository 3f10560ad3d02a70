"""Months at a terminal: opened, looked at, closed, read, explained; and what bad input gets."""

import pytest

from tests.services.cli.conftest import Salesledger


@pytest.fixture
def closed(salesledger: Salesledger) -> Salesledger:
    """The shipped dispute's ledger with one month closed, and the next open."""
    assert salesledger("demo").code == 0
    assert salesledger("payroll", "open", "2026-01").code == 0
    assert salesledger("payroll", "close", "2026-01", "--reason", "paid late").code == 0
    assert salesledger("payroll", "open", "2026-02").code == 0
    return salesledger


def test_a_month_is_opened_closed_and_read(closed: Salesledger) -> None:
    periods = closed("payroll", "status", "--json").json
    statements = closed("payroll", "statement", "2026-01", "--json").json
    one = closed("payroll", "statement", "2026-01", "--payee", "An", "--json").json

    assert [(each["period"], each["state"]) for each in periods["periods"]] == [
        ("2026-01", "closed"),
        ("2026-02", "open"),
    ]
    assert periods["open"]["totals"] == []
    assert sum(each["payable"] for each in statements["statements"]) == 4_500_003
    assert [(row["section"], row["amount"]) for row in one["rows"]] == [("accrual", 450_001), ("payable", 450_001)]
    assert statements["digest"] == periods["periods"][0]["closing"]["digest"]


def test_an_open_month_is_shown_as_a_preview(closed: Salesledger) -> None:
    refund = ("--deal", "house-X", "--payment", "P-1", "--refund", "R-1", "--amount", "5000003", "--currency", "CNY")
    assert closed("record", "refund-payment", *refund).code == 0

    shown = closed("payroll", "statement", "2026-02", "--payee", "An")
    status = closed("payroll", "status")

    assert "An, 2026-02 (PREVIEW, not closed)" in shown.out
    assert "-4,500.01 CNY" in shown.out
    assert "negative-balances: 5 statements that end with something owed" in status.out
    assert closed("payroll", "statement", "2026-02", "--owed", "--json").json["statements"][0]["closing"] == -450_001


def test_amounts_of_pay_are_explained(closed: Salesledger) -> None:
    statement = closed("explain", "An", "--period", "2026-01", "--json").json["explained"]
    less = closed("explain", "An", "--period", "2026-02", "--less", "--json").json
    total = closed("explain", "2026-01")

    assert statement[0]["amount"] == 450_001
    assert [(each["before"], each["now"]) for each in less["differences"]] == [(450_001, 0)]
    assert less["differences"][0]["parts"][0]["difference"] == -450_001
    assert "Ding has 31,500.02 CNY of it" in total.out


BAD = (
    (("payroll", "open", "2026-13"), 2, "A period is a month such as 2024-06"),
    (("payroll", "open", "2026-03"), 3, "period-open"),
    (("payroll", "close", "2026-01"), 3, "period-closed: A closed period never changes, nor is it closed twice."),
    (("payroll", "close", "2026-03"), 3, "period-order"),
    (("payroll", "close", "2026-02", "--as", "An"), 3, "not-allowed"),
    (("payroll", "close", "2026-02"), 3, "reason-missing"),
    (("payroll", "statement", "2025-12"), 2, "2025-12 was never opened. There are: 2026-01, 2026-02."),
    (("payroll", "statement", "2026-01", "--payee", "Nobody"), 2, "Nobody has no statement in 2026-01"),
    (("explain", "Nobody", "--period", "2026-01"), 2, "Nobody called Nobody ever belonged"),
    (("explain", "An", "--less"), 2, "Say of which month"),
    (("explain", "2025-12"), 2, "2025-12 was never opened"),
)


def test_bad_input_is_told_in_one_message_and_changes_nothing(closed: Salesledger) -> None:
    before = closed("status", "--json").json["head"]["position"]
    for arguments, code, told in BAD:
        said = closed(*arguments)

        assert (said.code, "Traceback" in said.err) == (code, False), arguments
        assert told in " ".join(said.err.split()), arguments
    assert closed("status", "--json").json["head"]["position"] == before


def test_a_month_whose_closing_pinned_another_digest_is_named_by_verify_and_by_the_next_check(
    salesledger: Salesledger,
) -> None:
    assert salesledger("demo").code == 0
    assert salesledger("payroll", "open", "2026-01").code == 0
    pinned = ("--position", "36", "--plans", "{}", "--totals", "[]", "--digest", "3a" * 32)
    assert salesledger("record", "close-period", "--period", "2026-01", *pinned).code == 0
    assert salesledger("payroll", "open", "2026-02").code == 0

    verified, status = salesledger("verify"), salesledger("payroll", "status")

    assert verified.code == 1
    assert "the statements of 2026-01 are not those that were closed" in " ".join(verified.out.split())
    assert "digest-differs" in status.out
