"""The verifier hears the case again: what does not follow from the events is named, even if they were all signed."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from services.evidence.verify_bundle import case_findings, read_head
from tests.services.evidence.conftest import TRUSTED, Bundle
from tests.services.evidence.forging import entries, lines

Events = list[dict[str, Any]]


def events(bundle: Bundle) -> Events:
    return [{"position": e["position"], **json.loads(t)} for e, t in zip(entries(bundle), lines(bundle), strict=True)]


def heads(bundle: Bundle) -> dict[int, bytes]:
    notes = [each["note"].encode() for each in json.loads(bundle.files["heads.json"])["heads"]]
    return dict(read_head(note, TRUSTED) for note in [*notes, bundle.files["head.note"]])


def first(told: Events, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each["fact"] for each in told if each["fact"]["kind"] == kind)
    return found


def another_member(told: Events) -> None:
    panel = first(told, "panel-seated.v1")
    panel["members"][0], panel["alternates"][-1] = panel["alternates"][-1], panel["members"][0]


def fewer_eligible(told: Events) -> None:
    panel = first(told, "panel-seated.v1")
    panel["eligible"].remove(panel["members"][0])


def a_chosen_seed(told: Events) -> None:
    first(told, "panel-seated.v1")["head"]["root"] = "00" * 32


def an_old_seed(told: Events) -> None:
    first(told, "panel-seated.v1")["head"]["size"] = 1


def a_stranger_votes(told: Events) -> None:
    first(told, "vote-cast.v1")["member"] = "Zhou"


def a_second_vote(told: Events) -> None:
    votes = [each["fact"] for each in told if each["fact"]["kind"] == "vote-cast.v1"]
    votes[1]["member"] = votes[0]["member"]


def another_vote(told: Events) -> None:
    first(told, "vote-cast.v1")["ruling"]["finding"] = "split"


def another_ruling(told: Events) -> None:
    first(told, "decision-issued.v1")["ruling"]["remedies"][0]["to"] = "Zhou"


def dissent_left_out(told: Events) -> None:
    first(told, "decision-issued.v1")["dissent"].clear()


def too_few(told: Events) -> None:
    panel = first(told, "policy-published.v1")["version"]["disputes"]["panel"]
    panel["majority"] = 4


def no_majority(told: Events) -> None:
    first(told, "decision-issued.v1").update(cause="no-majority", carried=[], dissent=[])


def predicted_more(told: Events) -> None:
    for fact in (first(told, "decision-issued.v1")["predicted"], first(told, "decision-executed.v1")["amounts"]):
        fact[0]["before"] += 1


def executed_more(told: Events) -> None:
    for fact in (first(told, "decision-issued.v1")["predicted"], first(told, "decision-executed.v1")["amounts"]):
        fact[0]["after"] += 1


def moved_unsaid(told: Events) -> None:
    first(told, "decision-issued.v1")["predicted"][0]["after"] += 1


def another_decision(told: Events) -> None:
    first(told, "decision-executed.v1")["digest"] = "00" * 32


def another_policy(told: Events) -> None:
    first(told, "dispute-filed.v1")["policy_hash"] = "00" * 32


def ruled_by_another_policy(told: Events) -> None:
    first(told, "decision-issued.v1")["policy_hash"] = "00" * 32


CHANGES: list[tuple[Callable[[Events], None], str]] = [
    (another_member, "panel-differs"),
    (fewer_eligible, "panel-differs"),
    (a_chosen_seed, "panel-differs"),
    (an_old_seed, "panel-differs"),
    (a_stranger_votes, "votes-differ"),
    (a_second_vote, "votes-differ"),
    (another_vote, "ruling-differs"),
    (another_ruling, "ruling-differs"),
    (dissent_left_out, "votes-differ"),
    (too_few, "votes-differ"),
    (no_majority, "votes-differ"),
    (predicted_more, "prediction-differs"),
    (executed_more, "execution-differs"),
    (moved_unsaid, "execution-differs"),
    (another_decision, "execution-differs"),
    (another_policy, "policy-differs"),
    (ruled_by_another_policy, "policy-differs"),
]


def test_a_case_that_was_heard_by_the_rules_follows_from_its_events(of_case: Bundle) -> None:
    assert list(case_findings(events(of_case), heads(of_case))) == []


@pytest.mark.parametrize(("change", "code"), CHANGES, ids=lambda each: getattr(each, "__name__", each))
def test_what_does_not_follow_is_named(of_case: Bundle, change: Callable[[Events], None], code: str) -> None:
    told = copy.deepcopy(events(of_case))
    change(told)

    assert code in [found for found, _, _ in case_findings(told, heads(of_case))]


def test_a_seed_that_was_chosen_among_several_heads_is_named(of_case: Bundle) -> None:
    told, published = events(of_case), heads(of_case)
    accepted = next(each["position"] for each in told if each["fact"]["kind"] == "case-accepted.v1")

    found = list(case_findings(told, {**published, accepted: bytes(32)}))

    assert found == [
        ("panel-differs", found[0][1], f"a head of {accepted} events was published first: the seed was chosen")
    ]


def test_the_ruling_and_its_amounts_are_in_the_bundle(of_case: Bundle) -> None:
    case = json.loads(of_case.files["case.json"])
    paid = {each["payee"]: 0 for each in json.loads(of_case.files["amounts.json"])}
    for each in json.loads(of_case.files["amounts.json"]):
        paid[each["payee"]] += each["amount"]

    assert {name: len(told) for name, told in case.items() if told} == {
        "filed": 1,
        "accepted": 1,
        "evidence": 1,
        "panels": 1,
        "votes": 5,
        "decisions": 1,
        "final": 1,
        "executed": 1,
        "policies": 1,
    }
    assert paid == {each["payee"]: each["after"] for each in case["executed"][0]["amounts"]}
    assert case["executed"][0]["moved"] == []
