"""A dispute with a panel and a ruling, over HTTP: who sits sees it while it is open, and all of it can be held to account."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from services.evidence import verify_bundle
from services.evidence.seal_key import seal_key
from services.scenarios.reading import read_scenario
from services.scenarios.running import Telling
from services.scenarios.stage import StoryClock, throw_away_ledger
from services.settings import Settings
from services.wiring import Books
from tests.services.api.conftest import Served, served


@contextmanager
def told(dsn: str, folder: Path, until: str | None = None) -> Iterator[Served]:
    """The first view that was poached, told up to the first command of that name, and served as it stands."""
    scenario = read_scenario("d1-the-ruling").scenario
    assert scenario
    clock = StoryClock()
    with throw_away_ledger(dsn, clock) as ledger:
        settings = Settings(folder, dsn, ledger.schema)
        story = Telling(scenario, ledger, clock, "on-time")
        story.courtroom.key = seal_key(settings)
        for act in takewhile(lambda each: not each.command or each.command.name != until, scenario.acts):
            story.tell(act)
        with served(Books(settings, ledger)) as here:
            yield here


@pytest.fixture(scope="module")
def heard(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The case when the votes are cast and no ruling is issued."""
    with told(dsn, tmp_path_factory.mktemp("heard"), "issue-decision") as here:
        yield here


@pytest.fixture(scope="module")
def executed(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The case when its ruling is carried out."""
    with told(dsn, tmp_path_factory.mktemp("executed")) as here:
        yield here


def case_of(here: Served) -> dict[str, Any]:
    [row] = here.ask("Kong", "/cases").json()["rows"]
    return dict(row)


def suppose(here: Served, who: str) -> int:
    [vote, *_] = [each for each in steps_of(here, "Kong") if each["kind"] == "visit-recorded.v1"]
    body = {"omit": [str(vote["position"])]}
    return here.by(who).post("/v1/cases/D1/what-if", json=body).status_code


def steps_of(here: Served, who: str) -> list[dict[str, Any]]:
    return list(here.ask(who, "/cases/D1/replay").json()["row"]["steps"])


def phones(here: Served, who: str) -> set[str]:
    return {step["told"]["phone"] for step in steps_of(here, who) if step["kind"] == "customer-registered.v1"}


def test_who_sits_on_the_panel_sees_the_case_and_those_beside_it_do_not(heard: Served) -> None:
    members = case_of(heard)["members"]
    [lead, *_] = [each for each in members if each in ("Shen", "Tao", "Wen", "Xie")]
    [beside, *_] = [each for each in ("Shen", "Tao", "Wen", "Xie") if each not in members]
    [office] = [each for each in members if each in ("Qin", "Rong")]

    assert {heard.ask(who, "/cases/D1/bundle").status_code for who in members} == {200}
    assert not any("*" in phone for who in (lead, office, "Kong") for phone in phones(heard, who))
    assert all("*" in phone for phone in phones(heard, "Wang"))
    assert [suppose(heard, who) for who in (lead, office, "Kong")] == [200, 200, 200]
    assert [suppose(heard, who) for who in (beside, "Wang", "Gong")] == [404, 403, 404]
    assert heard.ask(office, "/cases/D1/bundle", with_personal=True).status_code == 200
    assert heard.ask(lead, "/cases/D1/bundle", with_personal=True).status_code == 403
    assert heard.ask(beside, "/cases/D1/bundle").status_code == 404


def test_the_panel_reads_with_the_case_and_no_longer(executed: Served) -> None:
    members = case_of(executed)["members"]
    [lead, *_] = [each for each in members if each in ("Shen", "Tao", "Wen", "Xie")]

    assert case_of(executed)["status"] == "executed"
    assert [suppose(executed, who) for who in (lead, "Kong")] == [404, 200]
    assert all("*" in phone for who in (lead, "Kong") for phone in phones(executed, who))
    assert executed.ask("Kong", "/cases/D1/bundle", with_personal=True).status_code == 404


def test_every_ruling_is_decided_again_to_the_byte(executed: Served) -> None:
    found = executed.ask("Kong", "/cases/D1/reexecution").json()["row"]

    assert (found["equal"], found["divergence"]) == (2, None)


def test_the_bundle_of_a_ruling_holds_by_the_key_of_the_ledger(executed: Served) -> None:
    taken = executed.ask("Wang", "/cases/D1/bundle")
    key = verify_bundle.read_key(str(seal_key(executed.books.settings).public))

    assert verify_bundle.check(verify_bundle.unpacked(io.BytesIO(taken.content)), key) == []


def test_before_and_after_the_ruling_stand_side_by_side(executed: Served) -> None:
    at = {step["kind"]: step for step in steps_of(executed, "Kong")}

    compared = executed.ask(
        "Kong", "/cases/D1/replay/compared", known_at=at["decision-issued.v1"]["recorded_at"]
    ).json()["row"]

    assert at["decision-executed.v1"]["position"] in compared["only_second"]
    assert compared["only_first"] == []
    [role] = [each for each in compared["differences"] if each["what"] == "FIRST_VIEW of house-X"]
    assert (role["before"], role["after"]) == ("Ding", "Wang")
