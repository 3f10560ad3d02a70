"""A case over HTTP: its parties and the committee see it, and its panel sees what it is about while it is open."""

from services.replay.reexecution import reexecute
from tests.services.api.conftest import Served, at


def test_parties_those_above_and_the_committee_see_the_case(court: Served) -> None:
    seen = {
        who: court.ask(who, "/cases/K-1").status_code for who in ("li", "sun", "lena", "sara", "boss", "cai", "bot")
    }
    unseen = {who: court.ask(who, "/cases/K-1").status_code for who in ("zhou", "olga", "fay")}

    assert set(seen.values()) == {200}
    assert unseen == {"zhou": 404, "olga": 404, "fay": 403}
    assert court.ask("zhou", "/cases/K-1").content == court.ask("zhou", "/cases/K-nowhere").content
    assert [row["case"] for row in court.ask("cai", "/cases", status="filed").json()["rows"]] == ["K-1"]
    assert court.ask("li", "/cases").status_code == 404


def test_the_committee_sees_what_an_open_case_is_about_and_nothing_else(court: Served) -> None:
    history = court.ask("cai", "/customers/C-sun/history")

    assert history.status_code == 200
    assert history.json()["rows"][0]["told"]["phone"] == "13800138001"
    assert court.ask("cai", "/deals/D-sun").status_code == 200
    assert court.ask("cai", "/customers/C-li/history").status_code == 404
    assert court.ask("cai", "/deals/D-li").status_code == 404


def test_a_case_is_replayed_to_its_parties_without_the_others_contacts(court: Served) -> None:
    for who, phone in (("cai", "13800138001"), ("li", "138****8001")):
        steps = court.ask(who, "/cases/K-1/replay").json()["row"]["steps"]
        [registered] = [step for step in steps if step["kind"] == "customer-registered.v1"]
        assert registered["told"]["phone"] == phone
        assert steps[-1]["kind"] == "dispute-filed.v1"


def test_once_dismissed_the_case_opens_nothing_any_more(court: Served) -> None:
    dismissed = court.tell("cai", "dismiss-case", case="K-1", ground="too late", at=at(days=7))

    assert dismissed.status_code == 200, dismissed.text
    assert court.ask("cai", "/customers/C-sun/history").status_code == 404
    assert court.ask("cai", "/cases/K-1").json()["row"]["status"] == "dismissed"


def test_what_was_asked_over_http_is_judged_again_to_the_byte_denials_and_traces_too(court: Served) -> None:
    denied = [
        court.tell("zhou", "release-customer", customer="C-sun", rep="zhou"),
        court.tell("zhou", "advance-stage", deal="D-sun", rep="zhou", stage="solution"),
        court.tell("gone", "claim-customer", customer="C-free", rep="gone"),
        court.tell("li", "receive-payment", deal="D-li", payment="P", external_id="b", amount=1, currency="CNY"),
    ]
    body = {"at": at(days=5), "customer": "T-1", "by": "li", "customer_name": "Traced"}
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    traced = court.by("li").post("/v1/commands/register-customer", json=body, headers=trace)

    found = reexecute(court.books.ledger)

    assert [each.status_code for each in denied] == [404, 404, 403, 403]
    assert traced.status_code == 200
    assert found.divergence is None, str(found.divergence)
    assert found.equal > len(denied)
