"""Cases as the read model shows them: whose turn it is, by when, and the same whenever it is folded."""

from typing import Any

from psycopg import Connection

from domain.case.facts import PanelSeated
from projections import registry
from projections.cases import CaseRow, Cases, case_of, cases
from projections.history import History
from projections.rebuild import digest
from projections.registry import ReadModel
from services.ledger.application import Ledger
from tests.domain.story import only
from tests.projections.conftest import Clock, MakeRunner, Play
from tests.projections.generated import Chance
from tests.projections.stories import Story, on

JUDGES = ("Judge", "Second")
MATTER = {"act": "role", "deal": "D-1", "role": "CLOSER"}


def filed(ledger: Ledger, clock: Clock) -> Story:
    """Zhou disputes on Tuesday, 6 February, who closed Li's deal; a panel of one lead will hear it."""
    story = Story(ledger, clock)
    story.opening("Li", "Zhou")
    story.tell("01-01 09:00", "create-unit", unit="court", title="court")
    for judge in JUDGES:
        story.tell("01-01 09:00", "join-rep", rep=judge, unit="court", duty="lead")
    story.customer("02-01 09:00", "C-1", "Li")
    story.signed("02-02 09:00", "D-1", "C-1", "Li", 1_000_000)
    told = {"by": "Zhou", "against": ["Li"], "matter": MATTER, "expected": 7_000, "actual": 0, "currency": "CNY"}
    story.tell("02-06 09:00", "file-dispute", case="K-1", claim="mine", **told)
    return story


def accepted(story: Story) -> int:
    return story.tell("02-06 10:00", "accept-case", case="K-1", actor="Panel")


def seated(story: Story) -> str:
    """Who was drawn."""
    head = {"size": accepted(story), "root": "3d" * 32, "signed_by": "test"}
    story.tell("02-06 11:00", "seat-panel", case="K-1", head=head)
    return only(PanelSeated, [each.fact for each in story.ledger.read("case/K-1")]).members[0].member


def row(reading: Connection[Any], make_runner: MakeRunner) -> CaseRow:
    make_runner(models=[Cases]).catch_up()
    found = case_of(reading, "K-1").row
    assert found
    return found


def turns(found: CaseRow) -> list[tuple[str | None, ...]]:
    return [(turn["who"], turn["do"], (turn["by"] or "")[:16]) for turn in found.turns]


def test_a_case_says_what_it_is_about_and_whose_turn_it_is(
    ledger: Ledger, clock: Clock, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    story = filed(ledger, clock)
    found = row(reading, make_runner)

    assert (found.status, found.by, found.parties, found.deal, found.matter) == (
        "filed", "Zhou", ["Zhou", "Li"], "D-1", MATTER,
    )  # fmt: skip
    assert turns(found) == [("committee", "accept-case", "2024-02-09T00:00")]
    member = seated(story)
    assert turns(row(reading, make_runner)) == [
        ("Li", "submit-evidence", "2024-02-08T00:00"),
        ("Zhou", "submit-evidence", "2024-02-08T00:00"),
        (member, "cast-vote", "2024-02-09T00:00"),
    ]
    ruling = {"finding": "confirm", "effective_from": on("02-02 09:00").isoformat(), "ground": {"by": "efficiency"}}
    story.tell("02-07 09:00", "cast-vote", case="K-1", member=member, ruling=ruling, opinion="so")
    assert turns(row(reading, make_runner)) == [("committee", "issue-decision", "")]
    story.tell("02-07 10:00", "issue-decision", case="K-1")
    decided = row(reading, make_runner)
    assert (decided.status, decided.finding, decided.votes, decided.members) == ("decided", "confirm", 1, [member])
    assert turns(decided) == [
        ("Li", "file-appeal", "2024-02-09T00:00"),
        ("Zhou", "file-appeal", "2024-02-09T00:00"),
    ]
    story.tell("02-09 09:00", "execute-decision", case="K-1", actor="Panel")
    assert (row(reading, make_runner).status, turns(row(reading, make_runner))) == ("executed", [])


def test_cases_are_found_by_whose_turn_it_is_and_by_what_is_due(
    ledger: Ledger, clock: Clock, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    member = seated(filed(ledger, clock))
    make_runner(models=[Cases]).catch_up()

    def asked(**question: Any) -> list[str]:
        return [found.case for found in cases(reading, **question).rows]

    assert asked() == asked(who=member) == asked(who="Li") == asked(status="open") == asked(deal="D-1") == ["K-1"]
    assert asked(who="Kong") == asked(status="filed") == asked(deal="D-2") == []
    assert asked(who="Li", due=on("02-08 00:00")) == ["K-1"]
    assert asked(who=member, due=on("02-08 23:00")) == []


def test_a_quarrelsome_history_folds_to_the_same_cases_and_histories_however_it_is_cut(
    ledger: Ledger, play: Play, make_runner: MakeRunner, reading: Connection[Any]
) -> None:
    drawn = list(Chance(7, quarrelsome=True).commands(1_500))
    models: list[type[ReadModel]] = [Cases, History]
    for start in range(0, len(drawn), 211):
        play(drawn[start : start + 211])
        make_runner(models=models, batch_size=1 + start % 60).catch_up()

    for model in models:
        live = registry.generations(reading, model)[0]
        before = [digest(reading, table, live.number) for table in model.tables]
        done = make_runner(models=models, batch_size=89).rebuild(model.name)
        assert [digest(reading, table, done.generation) for table in model.tables] == before
    statuses = {found.status for found in cases(reading, limit=1_000).rows}
    assert statuses >= {"filed", "open", "decided", "executed", "dismissed"}
    assert ledger.refold().difference is None
