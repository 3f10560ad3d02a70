"""A dispute over HTTP beyond how it stands: compared, supposed otherwise, decided again, and its proof taken away."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from domain.permissions import DUTIES, ROWS
from services.evidence import verify_bundle
from tests.services.api.conftest import AS, Served, at
from tests.services.api.test_permissions import ON_CASES, is_denied

ASK: Final[dict[str, Callable[[Served, str, str], httpx.Response]]] = {
    "see a bundle": lambda court, who, case: court.ask(who, f"/cases/{case}/bundle"),
    "see people in a bundle": lambda court, who, case: court.ask(who, f"/cases/{case}/bundle", with_personal=True),
    "see a what-if": lambda court, who, case: suppose(court, who, case, omit=["1"]),
    "see a re-execution": lambda court, who, case: court.ask(who, f"/cases/{case}/reexecution"),
}
NOT_PARTIES: Final = {"rep": "zhou", "mid-office": "olga"}
"""Who has the duty, and nothing to do with the case."""


def suppose(court: Served, who: str, case: str = "K-1", **supposed: Any) -> httpx.Response:
    return court.by(who).post(f"/v1/cases/{case}/what-if", json=supposed)


def position_of(court: Served, case: str, kind: str) -> str:
    steps = court.ask("cai", f"/cases/{case}/replay").json()["row"]["steps"]
    return str(next(step["position"] for step in steps if step["kind"] == kind))


@pytest.mark.parametrize("duty", DUTIES)
@pytest.mark.parametrize("act", ON_CASES)
def test_a_cell_about_cases_holds_both_ways(act: str, duty: str, court: Served) -> None:
    reach = ROWS[act].reaches[duty]  # type: ignore[index]
    within = ASK[act](court, AS[duty], "K-1")
    nowhere = ASK[act](court, AS[duty], "K-nowhere")

    given = reach in ("all", "unit") or (reach == "own" and duty == "rep") or (reach == "case" and duty == "committee")
    assert is_denied(within) is not given, within.text
    assert is_denied(nowhere)
    if duty in NOT_PARTIES and reach != "-":
        beyond = ASK[act](court, NOT_PARTIES[duty], "K-1")
        assert is_denied(beyond)
        assert beyond.content == ASK[act](court, NOT_PARTIES[duty], "K-nowhere").content


def test_two_points_of_a_case_stand_side_by_side(court: Served) -> None:
    compared = court.ask("cai", "/cases/K-1/replay/compared", true_at=at(days=3, hours=12)).json()["row"]

    assert compared["only_first"] == []
    assert len(compared["only_second"]) == len(compared["second"]["steps"]) - len(compared["first"]["steps"]) > 0
    assert any(each["what"] == "net of P-sun" for each in compared["differences"])


def test_a_what_if_shows_the_difference_and_records_nothing(court: Served) -> None:
    paid, before = position_of(court, "K-1", "payment-received.v1"), court.books.ledger.head()
    found = suppose(court, "cai", omit=[paid])

    assert found.status_code == 200, found.text
    lost = {each["payee"]: each["after"] - each["before"] for each in found.json()["row"]["payees"]}
    assert lost
    assert all(amount < 0 for amount in lost.values())
    assert court.books.ledger.head() == before


def test_a_what_if_moves_events_adds_commands_and_takes_another_policy(court: Served) -> None:
    paid = position_of(court, "K-1", "payment-received.v1")
    [published] = court.ask("cai", "/policies").json()["rows"]
    refund: dict[str, Any] = {
        "name": "refund-payment",
        "at": at(days=5),
        "deal": "D-sun",
        "payment": "P-sun",
        "refund": "R-1",
    }
    refund |= {"amount": 500_000, "currency": "CNY"}
    terms = published["version"]
    other = {**terms, "commission": {**terms["commission"], "rate": 2 * terms["commission"]["rate"]}}

    moved = suppose(court, "cai", redate=[{"event": paid, "at": at(days=5)}]).json()["row"]
    added = suppose(court, "cai", insert=[{"command": refund, "recorded_at": datetime.now(UTC).isoformat()}]).json()[
        "row"
    ]
    judged = suppose(court, "cai", policies=[other]).json()["row"]

    assert [each["how"] for each in moved["events"] if each["kind"] == "payment-received.v1"] == ["changed"]
    assert [each["after"] * 2 == each["before"] for each in added["payees"]] == [True]
    assert all(each["after"] == 2 * each["before"] for each in judged["payees"])


def test_what_cannot_be_supposed_is_told(court: Served) -> None:
    elsewhere = {"name": "release-customer", "at": at(days=5), "customer": "C-li", "rep": "li"}
    told = {
        "unknown event": suppose(court, "cai", omit=["999999"]),
        "elsewhere": suppose(court, "cai", insert=[{"command": elsewhere}]),
        "nothing": suppose(court, "cai"),
        "no command": suppose(court, "cai", insert=[{"command": {"name": "conjure"}}]),
        "no policy": suppose(court, "cai", policies=[{"policy": "X"}]),
    }

    assert {name: answer.json()["code"] for name, answer in told.items()} == {
        "unknown event": "not-supposable",
        "elsewhere": "not-supposable",
        "nothing": "request-malformed",
        "no command": "request-malformed",
        "no policy": "request-malformed",
    }


def test_a_bundle_holds_and_has_people_only_for_whom_it_may(court: Served) -> None:
    plain, full = (court.ask("cai", "/cases/K-1/bundle", with_personal=personal) for personal in (False, True))
    found = zipfile.ZipFile(io.BytesIO(full.content))

    assert verify_bundle.check(verify_bundle.unpacked(io.BytesIO(plain.content)), None) == []
    assert b"13800138001" not in plain.content
    assert "13800138001" in json.loads(found.read("personal.json")).values()
    assert plain.content == court.ask("li", "/cases/K-1/bundle").content
    assert plain.headers["content-type"] == "application/zip"
    assert plain.headers["content-disposition"].startswith('attachment; filename="K-1.zip"')
    with court.books.connection() as connection:
        rows = connection.execute(
            "SELECT subjects FROM access_record WHERE asker = 'cai' AND act = 'see a bundle' AND outcome = 'shown'"
        ).fetchall()
    assert [] in [subjects for (subjects,) in rows]
    assert any("customer/C-sun" in subjects for (subjects,) in rows)


def test_a_bundle_of_a_deal_is_for_who_may_see_the_deal(court: Served) -> None:
    taken = court.ask("li", "/deals/D-li/bundle")

    assert taken.status_code == 200
    assert verify_bundle.check(verify_bundle.unpacked(io.BytesIO(taken.content)), None) == []
    assert court.ask("li", "/deals/D-sun/bundle").content == court.ask("li", "/deals/D-nowhere/bundle").content
    held = court.by("li").get("/v1/deals/D-li/bundle", headers={"If-None-Match": taken.headers["etag"]})
    assert held.status_code == 304


def test_the_rulings_of_a_case_are_decided_again(court: Served) -> None:
    found = court.ask("cai", "/cases/K-1/reexecution").json()["row"]

    assert (found["equal"], found["divergence"]) == (0, None), "no ruling was made yet"


def test_once_the_case_is_over_its_people_stay_out_of_its_bundle(court: Served) -> None:
    told: dict[str, Any] = {
        "case": "K-2",
        "by": "li",
        "against": ["sun"],
        "claim": "again",
        "expected": 1,
        "actual": 0,
        "currency": "CNY",
    }
    matter = {"act": "holding", "customer": "C-sun", "deal": "D-sun"}
    assert court.tell("li", "file-dispute", **told, matter=matter, at=at(days=6)).status_code == 200
    assert court.ask("cai", "/cases/K-2/bundle", with_personal=True).status_code == 200
    assert court.tell("cai", "dismiss-case", case="K-2", ground="once is enough", at=at(days=7)).status_code == 200

    assert court.ask("cai", "/cases/K-2/bundle", with_personal=True).status_code == 404
    assert court.ask("cai", "/cases/K-2/bundle").status_code == 200
