"""`replay`, `reexecute` and `what-if` on the dispute that is shipped: as tables, as JSON, and by exit codes."""

import json
from pathlib import Path

import pytest

from tests.services.cli.conftest import Salesledger


def test_replay_shows_a_deal_step_by_step_at_two_points_side_by_side(ask: Salesledger) -> None:
    told = ask("replay", "--deal", "house-X", "--known-at", "2024-03-17", "--compare", ",2024-03-17", "--json")

    assert told.code == 0
    assert [step["kind"] for step in told.json["steps"]][-1] == "customer-claimed.v1"
    assert [each["what"] for each in told.json["differences"]] == [
        "deadline of client-of-Wang",
        "visit VIEW-Y to client-of-Wang",
    ]
    assert told.json["compared_with"]["true_at"].startswith("2024-03-17")

    told = ask("replay", "--customer", "client-of-Wang", "--compare", "2024-03-17,")
    assert "First: as known now; it alone counts events" in told.out
    assert "Second: as known at 2024-03-17 23:59:59." in told.out
    assert "owner of client-of-Wang: — → Wang" in told.out


def test_a_month_is_all_deals_with_a_line_booked_in_it(ask: Salesledger) -> None:
    month, deal = ask("replay", "--period", "2024-03", "--json"), ask("replay", "--deal", "house-X", "--json")

    assert month.json["steps"] == deal.json["steps"]
    paid = next(step["position"] for step in deal.json["steps"] if step["kind"] == "payment-received.v1")
    told = ask("what-if", "--period", "2024-03", "--omit", paid, "--json")
    assert {each["after"] for each in told.json["payees"]} == {0}


def test_names_are_shown_only_where_they_are_wanted(ask: Salesledger) -> None:
    assert "陈晓岚" in ask("replay", "--deal", "house-X", "--json").out
    told = ask("replay", "--deal", "house-X", "--ids", "--json")
    assert "陈晓岚" not in told.out
    assert "sealed.1." not in told.out


def test_everything_is_decided_again(ask: Salesledger) -> None:
    told = ask("reexecute", "--all", "--json")
    assert (told.code, told.json["divergence"], told.json["erased"]) == (0, None, 0)

    assert ask("reexecute", "--deal", "house-X").code == 0
    assert ask("case", "reexecute", "--all", "--commands", "--json").json["equal"] == told.json["equal"]
    assert ask("case", "reexecute", "--all", "--json").json["equal"] == 0


def test_what_if_tells_who_would_have_been_paid(ask: Salesledger, tmp_path: Path) -> None:
    visit = next(
        step["position"]
        for step in ask("replay", "--deal", "house-X", "--json").json["steps"]
        if step["told"].get("visit") == "VIEW-X"
    )
    told = ask("what-if", "--deal", "house-X", "--omit", visit, "--json")
    assert told.code == 0
    assert {each["payee"]: each["after"] - each["before"] for each in told.json["payees"]}["Ding"] <= 0

    supposed = {
        "name": "release-customer",
        "at": "2024-03-26T10:00:00+08:00",
        "customer": "client-of-Ding",
        "rep": "Ding",
    }
    file = tmp_path / "supposed.ndjson"
    file.write_text(json.dumps(supposed), "utf-8")
    told = ask("what-if", "--deal", "house-X", "--insert", file)
    assert told.code == 0
    assert "customer-released" in told.out
    assert "owner of client-of-Ding" in told.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["replay"], 2, "--deal, --customer or --period"),
        (["replay", "--period", "2024-04"], 2, "No line is booked in 2024-04"),
        (["replay", "--deal", "none"], 2, "Nothing is known of deal/none"),
        (["replay", "--deal", "house-X", "--compare", "2024-03-17"], 2, "two times with a comma"),
        (["replay", "--deal", "house-X", "--known-at", "soon"], 2, "--known-at"),
        (["reexecute"], 2, "--all"),
        (["reexecute", "--all", "--deal", "house-X"], 2, "--all"),
        (["case", "reexecute", "C-none"], 2, "There is no case C-none"),
        (["case", "reexecute"], 2, "Name a case"),
        (["case", "replay", "C-none"], 2, "Nothing is known of case/C-none"),
        (["what-if", "--deal", "house-X"], 2, "what to suppose"),
        (["what-if", "--deal", "none", "--omit", "1"], 2, "Nothing is known of deal/none"),
        (["what-if", "--deal", "house-X", "--omit", "4711"], 2, "Event 4711"),
        (["what-if", "--deal", "house-X", "--omit", "no"], 2, "no event no"),
        (["what-if", "--deal", "house-X", "--redate", "14"], 2, "an event and a time"),
        (["what-if", "--deal", "house-X", "--insert", "none.ndjson"], 2, "cannot be read"),
        (["what-if", "--deal", "house-X", "--policy", "none.yaml"], 2, "none.yaml"),
    ],
)
def test_what_cannot_be_asked_is_said(ask: Salesledger, arguments: list[str], code: int, said: str) -> None:
    told = ask(*arguments)

    assert told.code == code
    assert said in told.err.replace("\n", " ")


def test_what_others_need_cannot_be_left_out(ask: Salesledger) -> None:
    told = ask("replay", "--deal", "house-X", "--json")
    opened = next(step["position"] for step in told.json["steps"] if step["kind"] == "deal-opened.v1")

    refused = ask("what-if", "--deal", "house-X", "--omit", opened, "--json")

    assert refused.code == 3
    assert "receive-payment: unknown-deal" in refused.err + refused.out
