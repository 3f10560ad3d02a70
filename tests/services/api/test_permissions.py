"""Every cell of the table of permissions over HTTP, both ways: what it gives is given, and nothing beyond it."""

from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from domain.commands import COMMANDS
from domain.permissions import CLAUSE, DUTIES, ROWS, Reach
from services.api.examples import example
from tests.services.api.conftest import AS, Served, at

ON_CASES: Final = ("see a bundle", "see people in a bundle", "see a what-if", "see a re-execution")
OF_CASES: Final = {
    ("see a case", "own"),
    ("see a case", "unit"),
    *((act, reach) for act in ON_CASES for reach in ("own", "unit", "all")),
}
"""Cells that take a case; test_cases.py and test_hearings.py have one."""

CELLS: Final = [(act, duty) for act in ROWS for duty in DUTIES if (act, ROWS[act].reaches[duty]) not in OF_CASES]
DENIED: Final = {"not-allowed", "not-in-sight"}


def code_of(answer: httpx.Response) -> str | None:
    assert answer.status_code < 500, answer.text
    return None if answer.is_success else str(answer.json()["code"])


def is_denied(answer: httpx.Response) -> bool:
    """Whether the table said no, and not a rule."""
    return code_of(answer) in DENIED and str(answer.json()["clause"]).startswith(CLAUSE)


def body_for(name: str, whose: str) -> dict[str, Any]:
    """A command about what belongs to that person: the customer, the deal, and the person's own name and unit."""
    told = example(COMMANDS[name])
    unit = "south" if whose == "sun" else "north"
    mine = {
        "customer": f"C-{whose}",
        "deal": f"D-{whose}",
        "rep": whose,
        "by": whose,
        "member": whose,
        "to": whose,
        "unit": unit,
        "parent": unit,
    }
    if name in ("register-lead", "convert-lead", "register-customer", "open-deal", "create-unit"):
        mine |= {
            "register-lead": {"customer": "new"},
            "convert-lead": {"customer": f"L-{whose}"},
            "register-customer": {"customer": "new"},
            "open-deal": {"deal": "new"},
            "create-unit": {"unit": "new"},
        }[name]
    if name == "leave-rep":
        mine["rep"] = f"spare-{unit}"
    if "whose" in told:
        told["whose"] = f"customer/C-{whose}"
    return {**told, **{field: value for field, value in mine.items() if field in told}, "at": at(days=5)}


def told(house: Served, who: str, name: str, whose: str) -> httpx.Response:
    body = body_for(name, whose)
    return house.by(who).post(f"/v1/commands/{name}", json=body)


READS: Final[dict[str, Callable[[str], str]]] = {
    "see the public pool": lambda _: "/v1/pool",
    "see who is due to drop": lambda _: "/v1/pool/due",
    "see leads": lambda whose: f"/v1/leads?by={whose}",
    "see a customer": lambda whose: f"/v1/customers/C-{whose}/history",
    "see a case": lambda _: "/v1/cases",
    "see a bundle": lambda _: "/v1/cases/K-1/bundle",
    "see people in a bundle": lambda _: "/v1/cases/K-1/bundle?with_personal=true",
    "see a re-execution": lambda _: "/v1/cases/K-1/reexecution",
    "see payroll": lambda _: "/v1/payroll",
    "see a statement": lambda whose: f"/v1/reps/{whose}/statements",
    "see a deal": lambda whose: f"/v1/deals/D-{whose}/explain",
    "see the funnel": lambda _: "/v1/funnel",
    "see sales": lambda whose: f"/v1/sales/D-{whose}",
    "see commission": lambda whose: f"/v1/lines?payee={whose}",
    "see receipts": lambda _: "/v1/receipts",
    "see a quota": lambda whose: f"/v1/reps/{whose}/quota",
    "see the organisation": lambda _: "/v1/units/north/members",
    "see the policies": lambda _: "/v1/policies",
    "see what is held": lambda _: "/v1/subjects/rep/boss",
    "see the feed": lambda _: "/events",
}


def read(house: Served, who: str, act: str, whose: str) -> httpx.Response:
    if act == "ask whether taken":
        return house.by(who).post("/v1/availability", json={"phone": "13800138000"})
    if act == "see a what-if":
        return house.by(who).post("/v1/cases/K-1/what-if", json={"omit": ["1"]})
    return house.by(who).get(READS[act](whose))


@pytest.mark.parametrize(("act", "duty"), CELLS, ids=lambda each: str(each).replace(" ", "-"))
def test_a_cell_of_the_table_holds_both_ways(act: str, duty: str, house: Served) -> None:
    who, reach = AS[duty], ROWS[act].reaches[duty]  # type: ignore[index]
    attempt = told if act in COMMANDS else read

    within = attempt(house, who, act, whose_is_within(duty, reach))
    beyond = [attempt(house, who, act, "sun")] if has_a_beyond(duty, reach) else []

    assert is_denied(within) is (reach in ("-", "case")), within.text
    assert all(is_denied(each) or code_of(each) in ("rep-left", "outside-subtree") for each in beyond), beyond[0].text


def whose_is_within(duty: str, reach: Reach) -> str:
    """Somebody whom the cell reaches; for a cell that reaches nobody, anybody."""
    return AS[duty] if reach == "own" else "li"


def has_a_beyond(duty: str, reach: Reach) -> bool:
    """Whether there is somebody whom the cell does not reach: Sun, unless the duty stands above Sun."""
    return reach == "own" or (reach == "unit" and duty != "manager")
