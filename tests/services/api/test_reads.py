"""Reads over HTTP: who sees what as of when, what is masked, what is recorded, and up to where an answer is true."""

import json
from typing import Any

import pytest

from tests.services.api.conftest import Served, at, await_until

SHAPED = ("/pool", "/customers/C-li", "/customers/C-li/history", "/customers/C-li/owners", "/customers/C-li/deals", "/deals",
    "/deals/D-li", "/deals/D-li/receipts", "/deals/D-li/refunds", "/deals/D-li/lines", "/deals/D-li/explain",
    "/lines", "/reps/li/customers", "/reps/li/holdings", "/reps/li/quota", "/reps/li/posts", "/reps/li/mentors",
    "/units/north/members", "/units/north/parents", "/policies")  # fmt: skip


def records(house: Served, **where: Any) -> list[tuple[Any, ...]]:
    conditions = " AND ".join(f"{column} = %s" for column in where)
    with house.books.connection() as connection:
        statement = f"SELECT outcome, subjects, matter FROM access_record WHERE {conditions} ORDER BY at"
        return connection.execute(statement.encode(), list(where.values())).fetchall()


@pytest.mark.parametrize("path", SHAPED)
def test_every_answer_says_up_to_where_it_is_true_and_has_an_etag(path: str, house: Served) -> None:
    answer = house.ask("li", path)

    assert answer.status_code == 200, answer.text
    assert answer.json()["true_up_to"] == int(answer.headers["ledger-position"]) == house.books.ledger.head().position
    same = house.by("li").get(answer.request.url, headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


def test_what_one_has_written_can_be_read_at_once_by_its_position(house: Served) -> None:
    told = house.tell("li", "register-customer", customer="R-1", by="li", customer_name="Read at once").json()

    answer = house.by("li").get("/v1/customers/R-1", params={"min_position": told["true_up_to"]})

    assert answer.json()["row"]["board"]["customer"] == "R-1"
    assert answer.json()["true_up_to"] >= told["true_up_to"]


def test_a_position_that_is_not_there_yet_is_not_waited_for_in_vain(house: Served) -> None:
    answer = house.by("li").get("/v1/pool", params={"min_position": 10**9})

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, "not-there-yet", "1")


def test_the_public_pool_masks_names_and_contacts_for_everybody(house: Served) -> None:
    [row] = [each for each in house.ask("zhou", "/pool", limit=1000).json()["rows"] if each["customer"] == "C-free"]

    assert (row["name"], row["phone"], row["contact"], row["owner"]) == (
        "Sho****free",
        "138****8002",
        "Con****free",
        None,
    )


def test_a_private_customer_is_seen_by_its_owner_and_those_above_and_by_mid_office(house: Served) -> None:
    seen = {who: house.ask(who, "/customers/C-li").status_code for who in ("li", "lena", "boss", "olga", "bot")}
    unseen = {who: house.ask(who, "/customers/C-li").status_code for who in ("zhou", "sara", "sun", "cai")}

    assert set(seen.values()) == {200}
    assert unseen == {"zhou": 404, "sara": 404, "sun": 404, "cai": 404}
    assert house.ask("lena", "/customers/C-li").json()["row"]["board"]["phone"] == "13800138000"


def test_what_is_not_yours_and_what_is_not_there_get_the_same_answer(house: Served) -> None:
    for path in ("/customers/{}", "/customers/{}/history", "/deals/{}", "/deals/{}/explain", "/reps/{}/customers"):
        others, nobodys = (house.ask("zhou", path.format(name)) for name in ("C-sun", "C-nowhere"))

        assert others.status_code == nobodys.status_code == 404
        assert others.content == nobodys.content


def test_a_history_is_seen_by_who_had_the_customer_at_the_time_asked_about(house: Served) -> None:
    house.tell("li", "register-customer", customer="R-2", by="li", customer_name="Handed over", at=at(days=2))
    house.tell("li", "claim-customer", customer="R-2", rep="li", at=at(days=3))
    moved = house.tell("lena", "reassign-customer", customer="R-2", to="zhou", ground="ill", at=at(days=6))
    assert moved.status_code == 200, moved.text

    statuses = {
        (who, day): house.ask(who, "/customers/R-2/history", true_at=at(days=day)).status_code
        for who in ("li", "zhou")
        for day in (4, 7)
    }

    assert statuses == {("li", 4): 200, ("zhou", 4): 404, ("li", 7): 404, ("zhou", 7): 200}
    then = house.ask("li", "/customers/R-2/history", true_at=at(days=4)).json()
    assert [each["kind"] for each in then["rows"]] == ["customer-registered.v1", "customer-claimed.v1"]


def test_finance_sees_money_and_no_contacts(house: Served) -> None:
    assert house.ask("fay", "/receipts").json()["rows"][0]["receipt"]["amount"] == 1_000_000
    assert house.ask("fay", "/lines").json()["rows"]
    assert [house.ask("fay", path).status_code for path in ("/customers/C-li", "/pool", "/reps/li/customers")] == [
        403
    ] * 3
    deals = house.ask("fay", "/deals").text
    assert "138001380" not in deals
    assert "Shop" not in deals


def test_a_rep_sees_the_own_lines_and_a_lead_those_of_the_team(house: Served) -> None:
    own = house.ask("li", "/lines").json()["rows"]

    assert own
    assert {each["payee"] for each in own} == {"li"}
    assert house.ask("lena", "/lines", payee="li").json()["rows"] == own
    assert house.ask("zhou", "/lines", payee="li").status_code == 404
    line = f"{own[0]['position']}.{own[0]['number']}"
    assert house.ask("li", f"/lines/{line}/explain").json()["row"]["reasons"]
    assert house.ask("zhou", f"/lines/{line}").content == house.ask("zhou", "/lines/999999.1").content


def test_reading_personal_data_is_recorded_also_when_the_answer_is_given_again(house: Served) -> None:
    first = house.ask("lena", "/customers/C-lena")
    again = house.ask("lena", "/customers/C-lena")

    assert first.content == again.content
    assert records(house, asker="lena", matter="C-lena") == [("shown", ["customer/C-lena"], "C-lena")] * 2


def test_a_denied_look_is_recorded_and_a_masked_one_is_none(house: Served) -> None:
    house.ask("sun", "/customers/C-lena")
    house.ask("sun", "/pool")

    assert records(house, asker="sun", matter="pool") == []
    assert records(house, asker="sun", matter="C-lena") == [("not-in-sight", [], "C-lena")]


def test_pages_follow_one_another_without_gap_or_repetition(house: Served) -> None:
    found, after, more = [], 0, True
    while more:
        page = house.by("bot").get("/events", params={"limit": 7, "after": after}).json()
        found += [int(each["ledgerposition"]) for each in page["events"]]
        after, more = page["after"], page["more"]
    cursor, customers = None, []
    while True:
        page = house.ask("zhou", "/pool", limit=1, **({"after": cursor} if cursor else {})).json()
        customers += [each["customer"] for each in page["rows"]]
        if (cursor := page["after"]) is None:
            break

    assert found == list(range(1, len(found) + 1))
    assert len(customers) == len(set(customers)) >= 1


def test_whether_a_customer_is_taken_is_answered_yes_or_no_and_not_often(house: Served) -> None:
    def asked(**identity: str) -> Any:
        return house.by("sara").post("/v1/availability", json=identity).json()

    answers = [asked(phone="138 0013 8000"), asked(phone="13800138002"), asked(phone="13900000000")]
    more = [house.by("sara").post("/v1/availability", json={"phone": "1"}) for _ in range(28)]

    assert [answer["taken"] for answer in answers] == [True, False, False]
    assert all(set(answer) == {"true_up_to", "taken"} for answer in answers)
    assert [each.status_code for each in more[:27]] == [200] * 27
    assert (more[27].status_code, more[27].json()["code"]) == (429, "asked-too-often")
    assert int(more[27].headers["retry-after"]) <= 60
    assert len(records(house, asker="sara", act="ask whether taken")) == 30


def test_who_is_asked_says_how_it_is(house: Served) -> None:
    await_until(lambda: set(house.by("li").get("/readyz").json()["behind"].values()) == {0}, "caught up")
    metrics = house.by("li").get("/metrics").text

    assert house.by("li").get("/healthz").json() == {"status": "alive"}
    assert f"ledger_head_position {float(house.books.ledger.head().position)}" in metrics
    assert 'ledger_http_answers_total{method="GET",status="200"}' in metrics


def test_the_documents_are_there_for_everybody_and_fetch_nothing_from_outside(house: Served) -> None:
    page, document = (house.by("li").get(path).text for path in ("/docs", "/openapi.json"))

    assert json.loads(document)["openapi"] == "3.1.0"
    assert "claim-customer" in page
    assert not any(outside in page for outside in ("http://", "https://", "<script", "@import"))


def test_the_feed_is_for_processes_in_pages_and_as_a_stream_and_each_denial_is_kept(house: Served) -> None:
    page = house.by("system").get("/events", params={"limit": 2, "kind": "rep-joined.v1"})

    assert [event["type"] for event in page.json()["events"]] == ["rep-joined.v1"] * 2
    again = house.by("system").get(
        "/events", params={"limit": 2, "kind": "rep-joined.v1"}, headers={"If-None-Match": page.headers["etag"]}
    )
    assert again.status_code == 304
    with house.by("system").stream("GET", "/events", headers={"Accept": "text/event-stream"}) as stream:
        lines = stream.iter_lines()
        assert "id: 1" in (next(lines) for _ in range(4))
    denied = house.by("li").get("/events")
    assert (denied.status_code, denied.json()["code"]) == (403, "not-allowed")
    assert ("not-allowed", [], "events") in records(house, asker="li", act="see the feed")


def test_all_that_is_held_of_a_person_is_opened_for_data_protection_and_recorded(house: Served) -> None:
    held = house.ask("olga", "/subjects/customer/C-boss").json()["rows"]

    assert {part["part"] for part in held} == {"event", "command"}
    assert "13800138004" in json.dumps(held)
    assert house.ask("lena", "/subjects/customer/C-boss").status_code == 403
    assert house.ask("olga", "/subjects/customer/C-nowhere").status_code == 404
    assert records(house, asker="olga", matter="customer/C-boss")[0][:2] == ("shown", ["customer/C-boss"])
