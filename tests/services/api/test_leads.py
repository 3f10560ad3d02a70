"""Leads over HTTP: found by reps, reviewed by mid-office, each seen by who found it and those above."""

from tests.services.api.conftest import Served


def rows(house: Served, who: str, **query: str) -> list[str]:
    return [each["customer"] for each in house.ask(who, "/leads", **query).json()["rows"]]


def test_a_lead_is_seen_by_who_found_it_by_those_above_and_by_mid_office(house: Served) -> None:
    assert rows(house, "li") == ["L-li"]
    assert rows(house, "lena", by="li") == ["L-li"]
    assert rows(house, "olga") == ["L-li", "L-sun"]
    assert rows(house, "olga", source="web") == []
    assert house.ask("li", "/leads/L-li").json()["row"]["contact"] == "Contact of L-li"
    beyond, nowhere = house.ask("li", "/leads/L-sun"), house.ask("li", "/leads/nobody")
    assert (beyond.json()["code"], nowhere.json()["code"]) == ("not-in-sight", "not-in-sight")


def test_mid_office_reviews_what_waits_and_only_then_it_becomes_a_customer(house: Served) -> None:
    lead = {"customer": "L-new", "by": "zhou", "source": "hotline", "customer_name": "Hotline shop"}
    assert house.tell("zhou", "register-lead", **lead).is_success
    assert rows(house, "olga", course="waiting") == ["L-new"]

    early = house.tell("zhou", "convert-lead", customer="L-new").json()
    assert (early["status"], early["code"]) == (409, "lead-not-approved")
    assert house.tell("zhou", "approve-lead", customer="L-new").json()["code"] == "not-allowed"
    assert house.tell("olga", "approve-lead", customer="L-new").is_success
    assert house.tell("li", "convert-lead", customer="L-new").json()["code"] == "not-in-sight"
    assert house.tell("zhou", "convert-lead", customer="L-new").is_success

    row = house.ask("zhou", "/leads/L-new").json()["row"]
    assert (row["course"], row["reviewed_by"], row["by"]) == ("converted", "olga", "zhou")
    assert rows(house, "olga", course="waiting") == []
