"""Leads at the command line: told, reviewed, listed by how far they have come, converted, erased; all of it replays."""

import json

from tests.services.cli.conftest import Salesledger

LEAD = ("--by", "Wang", "--source", "fair", "--customer-name", "展位小店")


def test_a_lead_is_registered_reviewed_listed_and_becomes_a_customer(salesledger: Salesledger) -> None:
    assert salesledger("demo").code == 0
    registered = ("record", "register-lead", "--customer", "stall", *LEAD, "--phone", "139 1111 2222")
    assert salesledger(*registered, "--contact", "Chen").code == 0

    waiting = salesledger("leads", "--course", "waiting", "--json").json
    [row] = waiting["leads"]
    assert (row["customer"], row["source"], row["by"], row["phone"]) == ("stall", "fair", "Wang", "139****2222")
    assert (
        salesledger("leads", "--by", "Wang", "--source", "fair", "--json").json["leads"][0]["phone"] == "139 1111 2222"
    )
    assert salesledger("leads", "--by", "Ding", "--json").json["leads"] == []
    early = salesledger("record", "convert-lead", "--customer", "stall")
    assert (early.code, "lead-not-approved" in early.err) == (3, True)

    assert "lead-registered" in salesledger("history", "stall").out
    assert salesledger("record", "approve-lead", "--customer", "stall").code == 0
    place = json.dumps({"name": "convert-lead", "customer": "stall", "place": "39.9,116.4"})
    assert salesledger("record", place).code == 0

    assert salesledger("leads", "--course", "waiting", "--json").json["leads"] == []
    assert [each["customer"] for each in salesledger("leads", "--course", "converted", "--json").json["leads"]] == [
        "stall"
    ]
    told = [each["kind"] for each in salesledger("history", "stall", "--json").json["facts"]]
    assert told == ["lead-registered.v1", "lead-approved.v1", "lead-converted.v1", "customer-registered.v1"]
    assert salesledger("reexecute", "--all").code == 0
    assert salesledger("verify").code == 0


def test_a_lead_whose_person_is_erased_waits_no_more(salesledger: Salesledger) -> None:
    assert salesledger("demo").code == 0
    assert salesledger("record", "register-lead", "--customer", "stall", *LEAD, "--contact", "Chen").code == 0
    assert "Chen" in salesledger("subject", "export", "customer/stall").out

    assert salesledger("erase", "customer/stall", "--reason", "asked by the person").code == 0

    assert salesledger("leads", "--course", "waiting", "--json").json["leads"] == []
    [row] = salesledger("leads", "--by", "Wang", "--json").json["leads"]
    assert (row["customer_name"], row["contact"], row["erased_at"] is not None) == ("‹erased›", "‹erased›", True)
    assert salesledger("verify").code == 0


def test_a_lead_without_a_channel_and_a_course_that_is_none_are_told_what_is_wanted(salesledger: Salesledger) -> None:
    assert salesledger("demo").code == 0

    said = salesledger("record", "register-lead", "--customer", "stall", "--by", "Wang", "--customer-name", "展位小店")
    assert (said.code, "A lead is registered with the channel it came by." in said.err) == (3, True)
    wrong = salesledger("leads", "--course", "new")
    assert (wrong.code, "waiting, approved, rejected, converted" in wrong.err) == (2, True)
