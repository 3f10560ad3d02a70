"""What the ledger answers about the shipped dispute: whose, how it came to this, who earned what and why, and why nothing."""

import csv
import io
import json

import pytest

from services.cli.lines import LINE_FIELDS
from tests.services.cli.conftest import Salesledger

HEAD = 36
LINES = {
    "ENTRY": 450_001,
    "SURVEY": 225_000,
    "MANDATE": 225_000,
    "KEY": 450_000,
    "FIRST_VIEW": 450_000,
    "CLOSER": 2_700_002,
}

QUESTIONS = [
    ["pool"],
    ["pool", "--public"],
    ["pool", "--owner", "Ding"],
    ["pool", "--due-within", "30"],
    ["history", "client-of-Ding"],
    ["history", "client-of-Ding", "--known-at", "2024-03-25", "--true-at", "2024-03-25T12:00"],
    ["deal", "house-X"],
    ["deals"],
    ["deals", "--by-stage"],
    ["deals", "--stage", "signed"],
    ["lines"],
    ["lines", "--totals"],
    ["explain", "house-X"],
    ["explain", "36.1"],
    ["explain", "Ding"],
    ["status"],
]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_every_answer_says_up_to_which_position_it_is_true(question: list[str], ask: Salesledger) -> None:
    shown, told = ask(*question), ask(*question, "--json")

    assert (shown.code, told.code) == (0, 0)
    assert shown.out.splitlines()[-1].strip() == f"True up to position {HEAD}."
    assert told.json["true_up_to"] == HEAD
    assert told.out.count("\n") == 1


def test_the_board_shows_who_holds_whom_and_masks_contacts(ask: Salesledger) -> None:
    ding, wang = ask("pool", "--json").json["customers"]

    assert (ding["customer"], ding["owner"], ding["tier"], ding["deadline"]) == ("client-of-Ding", "Ding", "won", None)
    assert (wang["customer"], wang["owner"], wang["name"]) == ("client-of-Wang", None, "陈晓岚")
    assert (ding["phone"], wang["phone"]) == ("139****9101", "138****8101")
    assert [each["customer"] for each in ask("pool", "--public", "--json").json["customers"]] == ["client-of-Wang"]


def test_an_owner_sees_the_contacts_and_what_the_quota_leaves(ask: Salesledger) -> None:
    told = ask("pool", "--owner", "Ding", "--json").json

    assert [each["phone"] for each in told["customers"]] == ["139 0013 9101"]
    assert told["quota"]["held"] == {"allowed": 100, "used": 0}
    assert "Quota (RE-1)" in ask("pool", "--owner", "Ding").out


def test_ids_alone_leave_out_what_tells_of_a_person(ask: Salesledger) -> None:
    for question in (["pool"], ["history", "client-of-Ding"], ["history", "client-of-Ding", "--json"]):
        said = ask(*question, "--ids").out
        assert "陈晓岚" not in said
        assert "139 0013 9101" not in said


def test_a_history_has_both_times_of_every_fact(ask: Salesledger) -> None:
    facts = ask("history", "client-of-Wang", "--json").json["facts"]
    visit = next(fact for fact in facts if fact["kind"] == "visit-recorded.v1")

    assert (visit["occurred_at"], visit["recorded_at"]) == ("2024-03-17T09:00:00Z", "2024-03-18T02:00:00Z")
    assert [fact["kind"] for fact in facts][-2:] == ["retention-warned.v1", "customer-dropped.v1"]
    assert facts[0]["told"]["customer_name"] == "陈晓岚"


def test_a_late_fact_is_true_before_it_is_known(ask: Salesledger) -> None:
    known = ask("history", "client-of-Wang", "--known-at", "2024-03-17", "--json").json["facts"]
    true = ask("history", "client-of-Wang", "--true-at", "2024-03-17", "--json").json["facts"]

    assert "visit-recorded.v1" not in {fact["kind"] for fact in known}
    assert "visit-recorded.v1" in {fact["kind"] for fact in true}


def test_a_long_history_goes_on_where_the_page_ended(ask: Salesledger) -> None:
    whole = [fact["position"] for fact in ask("history", "client-of-Ding", "--json").json["facts"]]
    pages: list[int] = []
    mark: list[str] = []
    while True:
        page = ask("history", "client-of-Ding", "--limit", 5, *mark, "--json").json
        pages += [fact["position"] for fact in page["facts"]]
        if page["after"] is None:
            break
        mark = ["--after", page["after"]]

    assert pages == whole
    assert "There is more: --after" in ask("history", "client-of-Ding", "--limit", 5).out


def test_a_deal_is_shown_as_it_was_known_then(ask: Salesledger) -> None:
    then = ask("deal", "house-X", "--known-at", "2024-03-25T14:03", "--json").json
    now = ask("deal", "house-X", "--json").json

    assert [role["role"] for role in then["roles"] if role["held_by"]] == ["ENTRY"]
    assert (then["contract"], then["payments"]) == (None, [])
    assert now["contract"]["amount"] == 5_000_003
    assert {role["role"]: role["held_by"][0]["rep"] for role in now["roles"]}["FIRST_VIEW"] == "Ding"


def test_the_funnel_counts_deals_stage_by_stage(ask: Salesledger) -> None:
    rows = ask("deals", "--by-stage", "--json").json["funnel"]

    assert [(row["stage"], row["amount"]) for row in rows if row["measure"] == "signed"] == [("bidding", 5_000_003)]
    assert [(row["stage"], row["deals"]) for row in rows if row["measure"] == "standing" and row["deals"]] == [
        ("signed", 1)
    ]


def test_lines_come_to_the_fen_and_say_why(ask: Salesledger) -> None:
    lines = ask("lines", "--json").json["lines"]

    assert {line["role"]: line["amount"] for line in lines} == LINES
    assert sum(line["amount"] for line in lines) == 4_500_003
    assert lines[0]["reason"] == "10 % of the pool of 45,000.03, with 1 leftover unit; earned by house-entry house-X"
    assert {line["position"] for line in lines} == {HEAD}


def test_lines_as_csv_have_every_column_and_whole_minor_units(ask: Salesledger) -> None:
    said = ask("lines", "--format", "csv", "--period", "2024-03")
    rows = list(csv.DictReader(io.StringIO(said.out)))

    assert tuple(rows[0]) == LINE_FIELDS
    assert [int(row["amount"]) for row in rows] == list(LINES.values())
    assert rows[0]["occurred_at"] == "2024-03-29T15:00:00+08:00"
    assert said.err.strip() == f"True up to position {HEAD}."


def test_csv_for_spreadsheets_begins_with_a_byte_order_mark(ask: Salesledger) -> None:
    assert ask("lines", "--format", "csv", "--bom").out.startswith("\ufeffline,")
    assert ask("lines", "--format", "csv").out.startswith("line,")


def test_lines_as_ndjson_are_one_document_a_line(ask: Salesledger) -> None:
    said = ask("lines", "--format", "ndjson", "--payee", "Ding").out.splitlines()

    assert [json.loads(each)["role"] for each in said] == ["FIRST_VIEW", "CLOSER"]


def test_totals_are_a_payroll_preview(ask: Salesledger) -> None:
    totals = ask("lines", "--totals", "--json").json["totals"]

    assert {row["payee"]: row["amount"] for row in totals} == {
        "An": 450_001,
        "Bai": 225_000,
        "Cheng": 225_000,
        "Deng": 450_000,
        "Ding": 3_150_002,
    }


def test_an_explanation_leads_down_to_events_and_clauses(ask: Salesledger) -> None:
    [told] = ask("explain", "36.6", "--json").json["explained"]

    assert told["amount"] == 2_700_002
    assert {"RE-1/commission/rate", "RE-1/commission/roles/CLOSER"} <= {each["clause"] for each in told["reasons"]}
    assert HEAD in {each["position"] for each in told["reasons"]}


def test_who_gets_nothing_is_told_why(ask: Salesledger) -> None:
    said = " ".join(ask("explain", "house-X", "--payee", "Wang").out.split())

    assert "Wang never held a role of this deal" in said
    assert "Wang visited client-of-Wang (visit VIEW-Y), a record suspected to be the same customer" in said
    assert "there is nothing that commission could come from" not in " ".join(ask("explain", "Ding").out.split())


def test_a_deal_gets_nothing_before_its_payment(ask: Salesledger) -> None:
    [told] = ask("explain", "house-X", "--known-at", "2024-03-28", "--json").json["explained"]

    assert told["amount"] == 0
    assert "Nothing has been received" in told["reasons"][0]["text"]


def test_the_status_names_the_head_the_policy_and_how_far_each_read_model_is(ask: Salesledger) -> None:
    told = ask("status", "--json").json

    assert told["head"]["position"] == HEAD
    assert told["policies_in_force"] == ["RE-1"]
    assert {each["position"] for each in told["read_models"].values()} == {HEAD}


def test_on_a_narrow_terminal_reasons_stand_below_and_empty_columns_are_left_out(
    ask: Salesledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines, board = ask("lines").out, ask("pool").out

    assert max(map(len, lines.splitlines())) <= 80
    assert "earned by house-entry house-X" in " ".join(lines.partition("cause")[2].split())
    assert "reason" not in lines
    assert "grade" not in board
    assert "owner" in board
