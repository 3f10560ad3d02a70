"""Commands over HTTP: recorded once under their key, refused by name, told who asked and in whose trace."""

import json

import pytest

from domain.commands import COMMANDS
from domain.fact import customer_stream
from domain.refusals import Refusal
from services.api.commands import read
from services.api.examples import example
from tests.services.api.conftest import Served, at

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def registered(house: Served, customer: str, who: str = "li") -> None:
    answer = house.tell(who, "register-customer", customer=customer, by=who, customer_name=f"Shop {customer}")
    assert answer.status_code == 200, answer.text


def test_a_command_is_recorded_and_answered_with_its_positions(house: Served) -> None:
    answer = house.tell(
        "li", "register-customer", customer="C-1", by="li", customer_name="恒通便利店", key="register/C-1"
    )

    told = answer.json()
    assert (answer.status_code, told["id"], told["repeated"]) == (200, "register/C-1", False)
    assert told["positions"][1] == told["true_up_to"] == int(answer.headers["ledger-position"])
    [recorded] = house.books.ledger.read(customer_stream("C-1"))
    assert (recorded.actor, recorded.command_id, recorded.position) == ("li", "register/C-1", told["positions"][0])


def test_a_repeated_command_gets_the_first_answer_and_records_nothing(house: Served) -> None:
    registered(house, "C-2")
    first = house.tell("li", "claim-customer", customer="C-2", rep="li", key="claim/C-2").json()

    again = house.tell("li", "claim-customer", customer="C-2", rep="li", key="claim/C-2").json()

    assert again == {**first, "repeated": True, "true_up_to": again["true_up_to"]}
    assert len(house.books.ledger.read(customer_stream("C-2"))) == 2


def test_the_same_key_with_another_body_is_refused_by_name(house: Served) -> None:
    registered(house, "C-3")
    house.tell("li", "claim-customer", customer="C-3", rep="li", key="mine")

    other = house.tell("li", "claim-customer", customer="C-2", rep="li", key="mine")

    assert (other.status_code, other.json()["code"], other.json()["rival"]) == (422, "command-id-reused", "mine")
    assert other.headers["content-type"] == "application/problem+json"


def test_a_refusal_names_the_rule_the_clause_and_the_rival_to_who_may_know(house: Served) -> None:
    registered(house, "C-4")
    house.tell("li", "claim-customer", customer="C-4", rep="li")

    told = house.tell("bot", "claim-customer", customer="C-4", rep="zhou", at=at(days=6))

    problem = told.json()
    assert (told.status_code, problem["code"], problem["clause"], problem["rival"]) == (
        409,
        "customer-held",
        "TEST-1/one-owner",
        "li",
    )
    assert problem["title"] == "A customer has at most one owner at any instant."
    assert problem["positions"], "having tried is evidence"


def test_a_rep_learns_from_a_claim_neither_whose_a_customer_is_nor_whether_it_is_there(house: Served) -> None:
    there = house.tell("zhou", "claim-customer", customer="C-sun", rep="zhou", key="there")
    nowhere = house.tell("zhou", "claim-customer", customer="C-nowhere", rep="zhou", key="nowhere")

    assert there.status_code == nowhere.status_code == 404
    unlike = {"id", "true_up_to"}
    assert {k: v for k, v in there.json().items() if k not in unlike} == {
        k: v for k, v in nowhere.json().items() if k not in unlike
    }
    assert "sun" not in there.text
    attempts = [each.fact.kind for each in house.books.ledger.read(customer_stream("C-sun"))]
    assert attempts[-1] == "claim-refused.v1"


def test_the_trace_of_a_request_becomes_the_causation_of_what_it_caused(house: Served) -> None:
    body = {"at": at(days=5), "customer": "C-5", "by": "li", "customer_name": "Traced"}
    headers = {"traceparent": TRACE, "Idempotency-Key": "traced"}
    assert house.by("li").post("/v1/commands/register-customer", json=body, headers=headers).status_code == 200

    other = {"traceparent": TRACE.replace("4bf9", "4bfa"), "Idempotency-Key": "traced"}
    again = house.by("li").post("/v1/commands/register-customer", json=body, headers=other)

    assert [each.causation for each in house.books.ledger.read(customer_stream("C-5"))] == [TRACE]
    assert again.json()["repeated"], "another attempt has another trace, and is the same command"


def test_nobody_speaks_in_anothers_name(house: Served) -> None:
    answer = house.tell("li", "release-customer", customer="C-li", rep="li", actor="zhou")

    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


def test_a_key_of_the_clocks_cannot_be_used_up(house: Served) -> None:
    answer = house.tell("li", "claim-customer", customer="C-free", rep="li", key="clock:customer/C-li#3")

    assert (answer.status_code, answer.json()["code"]) == (400, "request-malformed")


def test_who_sends_no_key_is_given_one(house: Served) -> None:
    body = {"at": at(days=5), "customer": "C-6", "by": "li", "customer_name": "Without a key"}

    answer = house.by("li").post("/v1/commands/register-customer", json=body).json()

    assert [each.command_id for each in house.books.ledger.read(customer_stream("C-6"))] == [answer["id"]]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_example_of_a_command_is_one_that_it_takes(name: str) -> None:
    told = json.dumps(example(COMMANDS[name])).encode()

    assert not isinstance(read(name, told), Refusal)


def test_the_system_sets_up_an_empty_ledger(empty: Served) -> None:
    unit = empty.tell("system", "create-unit", unit="company", title="All", at=at())
    boss = empty.tell("system", "join-rep", rep="boss", unit="company", duty="manager", at=at())
    more = empty.tell("boss", "join-rep", rep="li", unit="company", at=at(days=1))

    assert [each.status_code for each in (unit, boss, more)] == [200, 200, 200], more.text
