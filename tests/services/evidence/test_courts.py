"""However a case goes by the rules, the verifier finds nothing wrong with it: appeals, remands, recusals, and all remedies."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.case.facts import PanelSeated
from services.evidence.verify_bundle import case_findings, summary
from tests.domain.court import Court, courtroom, decided, final, ruling, seated, to
from tests.domain.test_case_ending import REMAND, SECOND, appealed, executes, paid
from tests.domain.test_case_rulings import follow_up, parts, ruled

SPLIT = {"remedy": "split-role", "deal": "deal", "role": "MAINTAINER", "parts": parts(Wang=2500, Li=7500)}
SHARE = {"remedy": "share-earnings", "deal": "deal", "of": "Li", "parts": parts(Li=8500, Lu=1000, Wang=500)}
VOID = {"remedy": "void-role", "deal": "deal", "role": "MAINTAINER"}


def split() -> Court:
    return ruled(SPLIT, finding="split", since="2024-02-25T00:00:00+08:00")


def shared() -> Court:
    return ruled(SHARE, finding="split")


def void() -> Court:
    court = courtroom().given("earn-role", "02-22 09:00", rep="Zhou", role="MAINTAINER", artefact=follow_up())
    return ruled(VOID, finding="void", court=court.files())


def overruled() -> Court:
    court = courtroom()
    court.visits("Li", "02-21 10:00", visit="V-1", metres=612)
    court.files(matter={"act": "visit", "customer": "shop", "visit": "V-1", "deal": "deal"})
    overrule = {"remedy": "overrule-visit", "customer": "shop", "visit": "V-1", "verdict": "verified"}
    return ruled(overrule, finding="void", court=court)


def unsigned() -> Court:
    court = courtroom().given("open-deal", "02-21 09:00", deal="other", customer="shop", rep="Li")
    told: dict[str, Any] = {"deal": "other", "rep": "Li", "role": "MAINTAINER", "artefact": follow_up()}
    court.given("earn-role", "02-22 09:00", **told)
    court.files(matter={"act": "role", "deal": "other", "role": "MAINTAINER"})
    give = {"remedy": "give-role", "deal": "other", "role": "MAINTAINER", "to": "Wang"}
    return ruled(give, finding="transfer", since="2024-02-01T00:00:00+08:00", court=court)


def moved() -> Court:
    return paid(final(), "03-05 09:30", amount=1_500_000)


def upheld_on_appeal() -> Court:
    return appealed().all_vote(*[to("Wang")] * 5, at="03-01 09:00").issues("03-01 10:00")


def without_majority_on_appeal() -> Court:
    court = appealed()
    court.time_is("03-15 00:00")
    return court


def without_majority() -> Court:
    return decided(to("Wang"), to("Wang"), to("Feng"), to("Feng"), to("Zhou"))


def recused() -> Court:
    court = seated()
    gone = court.members[3]
    court.votes(gone, to("Feng"))
    court.given("recuse-member", "02-27 10:00", case="K-1", member=gone, cause="conflict", actor="Kong")
    return court.all_vote(*[to("Wang")] * 5, at="02-27 11:00").issues()


def remanded() -> Court:
    court = decided(*[REMAND] * 5)
    court.time_is("03-05 00:00")
    executes(court)
    court.seats("03-05 11:00", SECOND)
    return court.all_vote(*[to("Wang")] * 5, at="03-06 09:00").issues("03-06 10:00")


def confirmed() -> Court:
    return decided(*[ruling("confirm")] * 5)


COURTS = [
    split, shared, void, overruled, unsigned, moved, upheld_on_appeal, without_majority_on_appeal, without_majority, recused,
    remanded, confirmed, final,
]  # fmt: skip


def events_of(court: Court, together: int) -> list[dict[str, Any]]:
    """The log as a bundle holds it; the last facts came of one command."""
    last = len(court.log) - together
    return [
        {
            "position": n,
            "stream": fact.stream,
            "command_id": "last" if n > last else str(n),
            "fact": json.loads(fact.model_dump_json(context={"seal": lambda clear: f"sealed.1.{clear}"})),
        }
        for n, fact in enumerate(court.log, 1)
    ]


def heads_of(court: Court) -> dict[int, bytes]:
    return {fact.head.size: bytes.fromhex(fact.head.root) for fact in court.log if isinstance(fact, PanelSeated)}


@pytest.mark.parametrize("told", COURTS, ids=lambda told: told.__name__)
def test_a_case_by_the_rules_follows_as_it_is_and_carried_out(told: Callable[[], Court]) -> None:
    court = told()
    assert list(case_findings(events_of(court, 0), heads_of(court))) == []

    court.time_is("03-25 00:00")
    carried = carried_out(court)

    assert list(case_findings(events_of(court, len(carried)), heads_of(court))) == []
    assert court.case.executed
    assert summary(events_of(court, 0))["executed"][-1]["digest"] == court.case.executed.digest


def carried_out(court: Court) -> tuple[Any, ...]:
    """The facts of the execution, for which whatever has moved is confirmed."""
    shown = court.judged("execute-decision", "03-25 10:00", case="K-1", actor="Kong").refusal
    return executes(court, "03-25 10:00", confirms=shown.rival if shown else None)
