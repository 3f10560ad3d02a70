"""Disputes told through the product's own commands come out to the fen, whenever the sweeper runs."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.pool.facts import CustomerDropped
from services.cli.app import run as salesledger
from services.scenarios.reading import Scenario, read_scenario, shipped_scenarios
from services.scenarios.running import Outcome, Sweeper, run
from services.scenarios.stage import StoryClock, throw_away_ledger

SWEEPERS: tuple[Sweeper, ...] = ("on-time", "late", "never")

STORY = """
title: a shop
policies: {policies}
begins: 2024-08-01 08:00
organisation:
  units: [{{unit: shops}}]
  people: [{{rep: Li, unit: shops}}, {{rep: Zhou, unit: shops}}]
steps:
  - {{do: register-customer, at: 2024-08-01 08:30, customer: shop, by: Li, customer_name: 好邻居}}
  - {{do: claim-customer, at: 2024-08-01 09:00, customer: shop, rep: Li}}
{more}
"""


def told(name: str) -> Scenario:
    read = read_scenario(name)
    assert read.scenario is not None, "\n".join(map(str, read.findings))
    return read.scenario


def written(folder: Path, more: str, policies: str = "[B2B-1]") -> str:
    """A story of a claimed shop with more to it, as a file."""
    file = folder / "story.yaml"
    file.write_text(STORY.format(policies=policies, more=more), "utf-8")
    return str(file)


def failures(outcome: Outcome) -> list[tuple[str, Any, Any]]:
    return [(each.what, each.expected, each.actual) for each in outcome.failed]


@pytest.fixture
def command_line(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a person at a terminal."""
    monkeypatch.setenv("LEDGER_DATABASE_URL", dsn)
    monkeypatch.setenv("LEDGER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "140")


def test_the_shipped_scenarios_are_those_that_were_asked_for() -> None:
    assert set(shipped_scenarios()) >= {
        "d1-control-protection-ends",
        "d1-first-view-poached",
        "d2-list-squatting",
        "d3-drop-after-rejected-visit",
        "d5-leaver-and-four-milestones",
        "empty-role",
        "full-refund",
        "rc-1-deadlines",
        "refund",
    }


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_shipped_scenario_comes_out_the_same_with_the_sweeper_on_time_late_and_never(name: str, dsn: str) -> None:
    scenario = told(name)

    outcomes = [run(scenario, dsn, sweeper=sweeper) for sweeper in SWEEPERS]

    assert [failures(outcome) for outcome in outcomes] == [[], [], []]
    on_time, late, never = (outcome.in_short() for outcome in outcomes)
    assert late == on_time
    assert never == on_time


def test_the_sweepers_differ_in_what_they_record_and_when(dsn: str) -> None:
    scenario = told("rc-1-deadlines")

    drops = {sweeper: recorded_drops(run(scenario, dsn, sweeper=sweeper)) for sweeper in SWEEPERS}

    assert drops["on-time"] == [("idle", "04-04 09:00"), ("busy", "04-14 09:00")]
    assert drops["late"] == [("idle", "04-20 09:00"), ("busy", "04-20 09:00")]
    assert drops["never"] == []


@pytest.mark.parametrize("sweeper", SWEEPERS)
def test_what_the_clock_has_dropped_weighs_on_no_quota(sweeper: Sweeper, tmp_path: Path, dsn: str) -> None:
    more = """
  - {do: register-customer, at: 2024-08-01 09:10, customer: other, by: Li, customer_name: 麦香面包坊}
  - {do: set-quota, at: 2024-08-01 09:20, rep: Li, held: 1}
  - {do: claim-customer, at: 2024-08-08 08:59, customer: other, rep: Li, expect: {refused: pool-full}}
  - {do: claim-customer, at: 2024-08-08 09:00, customer: other, rep: Li, expect: {facts: [customer-claimed.v1]}}
  - {do: leave-rep, at: 2024-08-09 18:00, rep: Li, ground: resigned}
  - {do: claim-customer, at: 2024-08-09 18:00, customer: other, rep: Zhou}
expect:
  quota_left: [{rep: Li, at: 2024-08-08 09:00, held: 0}, {rep: Zhou, held: 99, claims: 9, close: 10}]
  refusals: [pool-full]
  histories:
    - history: customer/shop
      facts: [customer-registered.v1, customer-claimed.v1, retention-warned.v1, customer-dropped.v1]
"""

    assert failures(run(told(written(tmp_path, more)), dsn, sweeper=sweeper)) == []


@pytest.mark.parametrize(
    ("name", "totals"),
    [
        (
            "d1-first-view-poached",
            {"An": 450_001, "Bai": 225_000, "Cheng": 225_000, "Deng": 450_000, "Ding": 3_150_002},
        ),
        ("d2-list-squatting", {"Qian": 99_999}),
        ("d3-drop-after-rejected-visit", {"Li": 60_000, "Zhou": 540_001}),
        ("d5-leaver-and-four-milestones", {"Feng": 1_800_000}),
        ("full-refund", {"Pei": 0, "Ren": 0}),
    ],
)
def test_the_disputes_come_out_to_the_fen_as_the_business_has_reckoned_them(
    name: str, totals: dict[str, int], dsn: str
) -> None:
    assert run(told(name), dsn).reckoning.totals() == totals


def test_what_was_entered_late_is_recorded_late_and_happened_when_it_did(dsn: str) -> None:
    outcome = run(told("d1-first-view-poached"), dsn)

    visit = next(each for each in outcome.reckoning.log if each.fact.kind == "visit-recorded.v1")
    assert f"{visit.recorded_at - visit.occurred_at}" == "17:00:00"


def test_a_throw_away_ledger_leaves_nothing_behind(dsn: str) -> None:
    with throw_away_ledger(dsn, StoryClock()) as ledger:
        schema = ledger.schema
        assert there(dsn, schema)

    assert not there(dsn, schema)


@pytest.mark.usefixtures("command_line")
def test_a_kept_ledger_is_named_and_stays(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert salesledger(["scenario", "run", "empty-role", "--keep", "--json"]) == 0

    schema = json.loads(capsys.readouterr().out)["scenarios"][0]["schema"]
    assert there(dsn, schema)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'drop schema "{schema}" cascade')


@pytest.mark.usefixtures("command_line")
def test_a_failed_expectation_is_shown_beside_what_is_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = written(tmp_path, "expect:\n  owners: [{customer: shop, at: 2024-08-02 09:00, owner: Zhou}]")

    assert salesledger(["scenario", "run", wrong]) == 1

    row = next(line for line in capsys.readouterr().out.splitlines() if "owner of shop" in line)
    assert row.split() == ["12:12", "owner", "of", "shop", "at", "2024-08-02", "09:00", "Zhou", "Li"]


@pytest.mark.usefixtures("command_line")
def test_a_failed_expectation_names_its_line_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = written(tmp_path, "expect:\n  totals: {Li: 1}")

    assert salesledger(["scenario", "run", wrong, "--json"]) == 1

    answer = json.loads(capsys.readouterr().out)
    assert answer["scenarios"][0]["failures"] == [
        {"line": 12, "column": 3, "what": "totals", "expected": {"Li": 1}, "actual": {"Li": 0}}
    ]
    assert (answer["passed"], answer["failed"], answer["unreadable"]) == (0, 1, 0)


@pytest.mark.usefixtures("command_line")
def test_every_mistake_of_a_file_is_told_by_its_place_and_exits_2_when_the_others_have_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = written(
        tmp_path,
        "  - {do: clam-customer, at: 2024-08-02 09:00}\n"
        "  - {do: claim-customer, at: 2024-08-02 09:00, custmer: shop, rep: Li}\n"
        "  - {do: claim-customer, at: 2024-13-02 09:00, customer: shop, rep: Li}\n"
        "  - {do: release-customer, at: 2024-08-01 09:00, customer: shop, rep: Li}\n"
        "expect:\n  ownrs: []",
        policies="[B2B-9]",
    )

    assert salesledger(["scenario", "run", broken, "refund"]) == 2

    told = capsys.readouterr().out
    for place, what in (
        ("3:12", "no policy B2B-9 is shipped; there are B2B-1, RC-1, RE-1"),
        ("11:6", "did you mean claim-customer?"),
        ("12:5", "customer is missing"),
        ("12:48", "did you mean customer?"),
        ("13:26", "there is no such time"),
        ("14:5", "is recorded before the step above it"),
        ("16:3", "did you mean owners?"),
    ):
        assert any(line.startswith(f"{broken}:{place}: ") and what in line for line in told.splitlines()), (place, what)
    assert "refund.yaml" in told
    assert "as expected" in told


@pytest.mark.usefixtures("command_line")
@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        ("title: [", "not-yaml", (1, 9)),
        ("", "empty", (1, 1)),
        ("- a\n- b", "wrong-value", (1, 1)),
        ("title: a\nbegins: never\npolicies: [B2B-1]\nsteps: []", "wrong-value", (2, 1)),
    ],
)
def test_what_is_no_story_is_told_without_a_trace(
    content: str, code: str, place: tuple[int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "no-story.yaml"
    file.write_text(content, "utf-8")

    assert salesledger(["scenario", "run", str(file), "--json"]) == 2

    (finding,) = json.loads(capsys.readouterr().out)["scenarios"][0]["findings"]
    assert (finding["code"], (finding["line"], finding["column"])) == (code, place)


@pytest.mark.usefixtures("command_line")
def test_the_nearest_shipped_scenario_is_offered_for_a_name_that_there_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert salesledger(["scenario", "run", "ful-refund"]) == 2

    assert "did you mean the shipped full-refund?" in capsys.readouterr().out


@pytest.mark.usefixtures("command_line")
def test_the_list_has_every_shipped_scenario_with_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert salesledger(["scenario", "list", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)["scenarios"]
    assert [each["name"] for each in listed] == shipped_scenarios()
    assert all(each["title"] and each["story"] for each in listed)


def test_the_story_on_the_page_about_scenarios_comes_out_as_it_says(tmp_path: Path, dsn: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text("utf-8")
    file = tmp_path / "page.yaml"
    file.write_text(page.partition("```yaml\n")[2].partition("```")[0], "utf-8")

    assert failures(run(told(str(file)), dsn)) == []


def test_a_refusal_that_nobody_expects_fails_with_its_rule(tmp_path: Path, dsn: str) -> None:
    more = "  - {do: claim-customer, at: 2024-08-02 09:00, customer: shop, rep: Zhou}"

    (failure,) = failures(run(told(written(tmp_path, more)), dsn))

    assert failure[:2] == ("claim-customer of 2024-08-02 09:00 is", "accepted")
    assert failure[2].startswith("customer-held: A customer has at most one owner at any instant. In the way: Li")


def test_a_refusal_that_does_not_come_fails(tmp_path: Path, dsn: str) -> None:
    more = "  - {do: release-customer, at: 2024-08-02 09:00, customer: shop, rep: Li, expect: {refused: not-owner}}"

    (failure,) = failures(run(told(written(tmp_path, more)), dsn))

    assert failure == ("release-customer of 2024-08-02 09:00 is", "not-owner", "accepted")


def test_a_step_told_twice_under_one_id_happens_once(tmp_path: Path, dsn: str) -> None:
    release = "{do: release-customer, id: again, at: 2024-08-02 09:00, customer: shop, rep: Li, expect: {facts: [%s]}}"
    more = f"  - {release % 'customer-released.v1'}\n  - {release % ''}"

    assert failures(run(told(written(tmp_path, more)), dsn)) == []


def test_a_policy_is_rehearsed_with_terms_of_ones_own(tmp_path: Path, dsn: str) -> None:
    shorter = "[{like: B2B-1, policy: B2B-SHORT, pool: {retention: {bands: [{days: 3}], warned_days_before: 1}}}]"
    more = "expect:\n  owners: [{customer: shop, owner: Li, deadline: 2024-08-04 09:00}]"

    assert failures(run(told(written(tmp_path, more, shorter)), dsn)) == []


def test_a_policy_that_supersedes_another_is_rehearsed_from_its_own_time_on(tmp_path: Path, dsn: str) -> None:
    newer = (
        "{like: B2B-1, policy: B2B-2, supersedes: B2B-1, effective_from: 2024-08-05 00:00, pool: {cool_down_days: 1}}"
    )
    more = """
  - {do: claim-customer, at: 2024-08-08 09:00, customer: shop, rep: Li, expect: {refused: cooling-down}}
  - {do: claim-customer, at: 2024-08-09 09:00, customer: shop, rep: Li}
"""

    assert failures(run(told(written(tmp_path, more, f"[B2B-1, {newer}]")), dsn)) == []


def test_a_policy_of_ones_own_that_contradicts_itself_is_told_by_its_place(tmp_path: Path) -> None:
    wrong = "[{like: B2B-1, policy: B2B-X, pool: {retention: {bands: [{days: 1}]}}}]"

    (finding,) = read_scenario(written(tmp_path, "", wrong)).findings

    assert (finding.code, finding.place.line) == ("warned-before-the-claim", 3)


def test_a_policy_file_beside_the_story_is_found(tmp_path: Path, dsn: str) -> None:
    shipped = Path(__file__).parents[2] / "services" / "samples" / "policies" / "b2b-1.yaml"
    (tmp_path / "draft.yaml").write_text(
        shipped.read_text("utf-8").replace("policy: B2B-1 ", "policy: DRAFT "), "utf-8"
    )
    more = "expect:\n  owners: [{customer: shop, owner: Li, deadline: 2024-08-08 09:00}]"

    outcome = run(told(written(tmp_path, more, "[./draft.yaml]")), dsn)

    assert failures(outcome) == []
    assert outcome.reckoning.world(outcome.reckoning.now).customer("shop").holding.policy == "DRAFT"


def recorded_drops(outcome: Outcome) -> list[tuple[str, str]]:
    drops = (each for each in outcome.reckoning.log if isinstance(each.fact, CustomerDropped))
    local = ((each.fact, each.recorded_at.astimezone(outcome.scenario.story.zone)) for each in drops)
    return [(fact.customer, f"{at:%m-%d %H:%M}") for fact, at in local if isinstance(fact, CustomerDropped)]


def there(dsn: str, schema: str) -> bool:
    with psycopg.connect(dsn) as connection:
        return connection.execute("select 1 from pg_namespace where nspname = %s", [schema]).fetchone() is not None
