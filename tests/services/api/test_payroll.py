"""Months of pay over HTTP: opened, looked at, closed, read, explained and taken away as files."""

import csv
import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest

from tests.services.api.conftest import BEGIN, Served, at

PERIOD = (BEGIN + timedelta(days=4)).strftime("%Y-%m")
CODES = {"csv", "xlsx", "json", "parquet", "beancount", "hledger"}


@pytest.fixture(scope="module")
def previewed(court: Served) -> Served:
    opened = court.tell("fay", "open-period", period=PERIOD)
    assert opened.status_code == 200, opened.text
    return court


@pytest.fixture(scope="module")
def paid(previewed: Served) -> Served:
    """The month closed over HTTP with what was looked at, as finance does it."""
    looked = previewed.ask("fay", f"/payroll/{PERIOD}/check").json()["row"]
    body = {"at": at(days=20), "reason": "closed for the tests", **looked}
    closed = previewed.tell("fay", "close-period", **body)
    assert closed.status_code == 200, closed.text
    return previewed


def test_an_open_month_is_a_preview_and_says_what_is_unusual(previewed: Served) -> None:
    looked = previewed.ask("fay", f"/payroll/{PERIOD}/check")
    statement = previewed.ask("li", f"/reps/li/statements/{PERIOD}").json()
    file = previewed.ask("fay", f"/payroll/{PERIOD}/exports/csv")

    assert looked.status_code == 200, looked.text
    assert set(looked.json()["row"]["exports"]) == CODES
    assert statement["state"] == "preview"
    assert sum(each["payable"] for each in statement["sums"]) > 0
    assert "preview" in file.headers["content-disposition"]
    assert previewed.ask("fay", "/payroll").json()["rows"][0]["state"] == "open"
    assert previewed.ask("li", "/reps/li/statements").json()["rows"] == []


def test_a_closed_month_has_what_its_closing_pinned(paid: Served) -> None:
    month = paid.ask("fay", f"/payroll/{PERIOD}").json()["row"]
    statements = paid.ask("fay", f"/payroll/{PERIOD}/statements").json()

    assert month["state"] == "closed"
    assert statements["digest"] == month["digest"]
    assert sum(each["payable"] for each in statements["rows"]) == month["totals"][0]["payable"]
    again = paid.ask("fay", f"/payroll/{PERIOD}/check")
    assert (again.status_code, again.json()["code"]) == (409, "period-closed")


def test_statements_go_on_where_the_last_page_ended(paid: Served) -> None:
    whole = paid.ask("fay", f"/payroll/{PERIOD}/statements").json()["rows"]
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = paid.ask("fay", f"/payroll/{PERIOD}/statements", limit=1, **after).json()
        found += page["rows"]
        if page["after"] is None:
            break
        after = {"after": page["after"]}

    assert found == whole
    assert len(found) > 1


def test_a_statement_is_for_its_payee_those_above_and_finance(paid: Served) -> None:
    path = f"/reps/li/statements/{PERIOD}"
    seen = {who: paid.ask(who, path).status_code for who in ("li", "lena", "boss", "fay", "bot")}
    unseen = {who: paid.ask(who, path) for who in ("zhou", "sun", "sara")}

    assert set(seen.values()) == {200}
    assert {who: answer.json()["code"] for who, answer in unseen.items()} == dict.fromkeys(unseen, "not-in-sight")
    assert unseen["zhou"].content == paid.ask("zhou", f"/reps/nobody/statements/{PERIOD}").content
    assert {paid.ask(who, path).status_code for who in ("olga", "cai")} == {403}


def test_rows_sum_to_the_statement_and_page_by_page_they_are_the_same(paid: Served) -> None:
    whole = paid.ask("li", f"/reps/li/statements/{PERIOD}").json()
    first = paid.ask("li", f"/reps/li/statements/{PERIOD}", limit=1).json()
    rest = paid.ask("li", f"/reps/li/statements/{PERIOD}", after=first["after"]).json()

    accrued = sum(row["amount"] for row in whole["rows"] if row["section"] == "accrual")
    assert accrued == whole["sums"][0]["accrual"] != 0
    assert [*first["rows"], *rest["rows"]] == whole["rows"]
    assert paid.ask("li", "/reps/li/statements").json()["rows"] == whole["sums"]


def test_a_statement_is_explained_and_held_against_the_month_before(paid: Served) -> None:
    [why] = paid.ask("li", f"/reps/li/statements/{PERIOD}/explain").json()["rows"]
    compared = paid.ask("li", f"/reps/li/statements/{PERIOD}/difference").json()["row"]
    [whole] = paid.ask("fay", f"/payroll/{PERIOD}/explain").json()["rows"]

    [difference] = compared["differences"]
    assert why["amount"] == difference["now"] > difference["before"] == 0
    assert sum(part["difference"] for part in difference["parts"]) == why["amount"]
    assert any("D-li" in reason["text"] for reason in why["reasons"])
    assert whole["amount"] == paid.ask("fay", f"/payroll/{PERIOD}").json()["row"]["totals"][0]["payable"]


@pytest.mark.parametrize("form", sorted(CODES))
def test_a_file_is_the_same_for_ever_and_its_etag_is_its_digest(form: str, paid: Served) -> None:
    path = f"/payroll/{PERIOD}/exports/{form}"
    first, again = paid.ask("fay", path), paid.ask("fay", path)
    digest = hashlib.sha256(first.content).hexdigest()
    held = paid.by("fay").get(f"/v1{path}", headers={"If-None-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert first.content == again.content
    assert first.headers["etag"] == f'"{digest}"'
    assert f"payroll-{PERIOD}" in first.headers["content-disposition"]
    assert (held.status_code, held.content, held.headers["etag"]) == (304, b"", first.headers["etag"])
    if form not in ("xlsx", "parquet"):
        assert paid.ask("fay", f"/payroll/{PERIOD}").json()["row"]["exports"][form] == digest


def test_a_csv_has_the_statements_that_the_reads_tell(paid: Served) -> None:
    text = paid.ask("fay", f"/payroll/{PERIOD}/exports/csv", plain=True).text
    rows = list(csv.DictReader(io.StringIO(text)))
    payable = [row for row in rows if row["section"] == "payable"]

    sums = paid.ask("fay", f"/payroll/{PERIOD}/statements").json()["rows"]
    assert len(payable) == sum(1 for each in sums if each["payable"])


def test_payouts_confirmed_are_listed(paid: Served) -> None:
    [sums] = [each for each in paid.ask("fay", f"/payroll/{PERIOD}/statements").json()["rows"] if each["payee"] == "li"]
    told = {"payee": "li", "period": PERIOD, "currency": sums["currency"], "amount": sums["payable"]}
    confirmed = paid.tell("fay", "confirm-payout", **told, external_id="bank-li-1", at=at(days=29))

    assert confirmed.status_code == 200, confirmed.text
    [payout] = paid.ask("fay", f"/payroll/{PERIOD}/payouts").json()["rows"]
    assert (payout["payee"], payout["amount"], payout["external_id"]) == ("li", sums["payable"], "bank-li-1")


def test_a_month_that_was_never_opened_is_unknown_to_whoever_may_ask(paid: Served) -> None:
    for path in ("/payroll/1999-01", "/payroll/1999-01/check", "/payroll/1999-01/exports/csv"):
        answer = paid.ask("fay", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-period"), path
    assert paid.ask("li", "/reps/li/statements/1999-01").json()["code"] == "unknown-period"
    assert paid.ask("li", "/payroll/1999-01").status_code == 403
    assert paid.ask("fay", "/payroll/1999-13").json()["code"] == "request-malformed"
