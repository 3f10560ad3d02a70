"""A case told by its verbs, from the filing to the ruling, and asked about by who has to act."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.policy.terms import PolicyVersion
from services.ledger.application import Ledger
from tests.projections.generated import plan
from tests.services.cli.conftest import Salesledger

RULING = """
finding: transfer
effective_from: 2024-01-01T00:00:00+08:00
ground: {by: efficiency}
remedies:
  - {remedy: give-role, deal: D-1, role: CLOSER, to: zhou}
"""
MATTER = {"act": "role", "deal": "D-1", "role": "CLOSER"}


def terms() -> str:
    """A policy whose panel is one lead, and whose calendar reaches far."""
    told: dict[str, Any] = plan()
    told["disputes"]["calendar"]["years"] = list(range(2023, 2100))
    return PolicyVersion.model_validate(told).model_dump_json()


@pytest.fixture(autouse=True)
def organisation(ledger: Ledger, salesledger: Salesledger) -> None:
    """Reps li and zhou of one unit, a committee, a lead in a unit of his own; and a deal that li has signed."""
    del ledger
    told: list[dict[str, Any]] = [
        {"name": "publish-policy", "version": json.loads(terms())},
        {"name": "create-unit", "unit": "sales", "title": "sales"},
        {"name": "create-unit", "unit": "court", "title": "court"},
        {"name": "join-rep", "rep": "li", "unit": "sales"},
        {"name": "join-rep", "rep": "zhou", "unit": "sales"},
        {"name": "join-rep", "rep": "kong", "unit": "court", "duty": "committee"},
        {"name": "join-rep", "rep": "judge", "unit": "court", "duty": "lead"},
        {"name": "join-rep", "rep": "boss", "unit": "court", "duty": "manager"},
        {"name": "register-customer", "customer": "C-1", "by": "li", "customer_name": "shop"},
        {"name": "open-deal", "deal": "D-1", "customer": "C-1", "rep": "li"},
        {
            "name": "sign-contract", "deal": "D-1", "contract": "K-1", "rep": "li", "amount": 1_000_000, "currency": "CNY",
            "actor": "boss",
        },
    ]  # fmt: skip
    for each in told:
        answer = salesledger("record", json.dumps(each), "--json")
        assert answer.code == 0, answer.out


@pytest.fixture
def ruling(tmp_path: Path) -> Path:
    file = tmp_path / "ruling.yaml"
    file.write_text(RULING, "utf-8")
    return file


def filed(salesledger: Salesledger) -> None:
    who = ("--by", "zhou", "--against", '["li"]', "--matter", json.dumps(MATTER), "--actor", "zhou")
    what = ("--expected", 11_000, "--actual", 0, "--currency", "CNY", "--claim", "mine")
    assert salesledger("case", "file", "K-1", *who, *what).code == 0


def decided(salesledger: Salesledger, ruling: Path) -> None:
    filed(salesledger)
    steps: list[tuple[object, ...]] = [
        ("accept", "K-1", "--actor", "kong"),
        ("evidence", "K-1", "--evidence", "E-1", "--by", "zhou", "--sort", "chat", "--sha256", "ab" * 32, "--kept-at", "folder"),
        ("seat", "K-1", "--actor", "kong"),
        ("vote", "K-1", "--member", "judge", "--actor", "judge", "--ruling-file", ruling, "--opinion", "he signed for him"),
        ("issue", "K-1", "--actor", "kong"),
    ]  # fmt: skip
    for step in steps:
        told = salesledger("case", *step)
        assert told.code == 0, told.err


def test_a_case_is_heard_by_its_verbs_and_shown_with_votes_ruling_and_amounts(
    salesledger: Salesledger, ruling: Path
) -> None:
    decided(salesledger, ruling)

    shown = salesledger("case", "show", "K-1")
    told = salesledger("case", "show", "K-1", "--json").json

    assert "he signed for him" in shown.out
    assert "give-role (deal D-1, role CLOSER, to zhou)" in shown.out
    assert told["case"]["status"] == "decided"
    assert [(each["payee"], each["after"] - each["before"]) for each in told["decision"]["predicted"]] == [
        ("li", -29_850),
        ("zhou", 29_850),
    ]
    assert told["panels"][0]["head"]["size"] >= 1


def test_everybodys_next_step_and_its_deadline_is_a_question(salesledger: Salesledger, ruling: Path) -> None:
    filed(salesledger)

    committees = salesledger("case", "list", "--mine", "--actor", "committee", "--json").json["cases"]
    assert [(each["case"], each["turns"][0]["do"]) for each in committees] == [("K-1", "accept-case")]
    assert "accept-case" in salesledger("case", "list", "--due", "--days", 30).out
    assert "No such case" in salesledger("case", "list", "--mine", "--due", "--actor", "judge").out
    unsaid = salesledger("case", "list", "--mine", "--due")
    assert (unsaid.code, "LEDGER_ACTOR" in unsaid.err) == (2, True)
    assert "No such case" in salesledger("case", "list", "--due", "--days", 0).out
    salesledger("case", "accept", "K-1", "--actor", "kong")
    salesledger("case", "seat", "K-1", "--actor", "kong")
    assert "cast-vote" in salesledger("case", "list", "--mine", "--actor", "judge").out
    assert ruling.exists()


def test_a_step_that_a_rule_refuses_says_which_and_one_out_of_order_too(salesledger: Salesledger, ruling: Path) -> None:
    decided(salesledger, ruling)

    early = salesledger("case", "execute", "K-1", "--actor", "kong")
    unseated = salesledger("case", "seat", "K-1", "--actor", "kong", "--json")

    assert (early.code, early.err.split(":")[1].strip()) == (3, "case-not-final")
    assert (unseated.code, unseated.json["refusal"]["code"]) == (3, "out-of-turn")


def test_what_cannot_be_read_is_told_with_what_to_do(salesledger: Salesledger, tmp_path: Path) -> None:
    missing = salesledger(
        "case", "vote", "K-1", "--member", "judge", "--opinion", "so", "--ruling-file", tmp_path / "nothing"
    )
    misspelt = salesledger("case", "accept", "K-1", "--actr", "kong")

    assert (missing.code, "cannot be read" in missing.err) == (2, True)
    assert (misspelt.code, "actr" in misspelt.err) == (2, True)
    assert "case list" in salesledger("case", "show", "K-9").err
