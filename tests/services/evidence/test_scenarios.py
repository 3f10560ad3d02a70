"""Every shipped case can be proven: what the story came to holds before the verifier, which reckons it again."""

import json
from importlib import resources

import pytest

from domain.case.facts import DisputeFiled
from services.evidence.bundle import Bundler
from services.evidence.sealer import Sealer
from services.evidence.verify_bundle import check, read_key
from services.scenarios.reading import read_scenario, shipped_scenarios
from services.scenarios.running import Telling
from services.scenarios.stage import StoryClock, throw_away_ledger
from tests.services.evidence.conftest import opened

SHIPPED = resources.files("services.samples.scenarios")
HEARD = [name for name in shipped_scenarios() if "seat-panel" in (SHIPPED / f"{name}.yaml").read_text("utf-8")]


@pytest.mark.parametrize("name", HEARD)
def test_the_bundle_of_a_shipped_case_holds(name: str, dsn: str) -> None:
    scenario, clock = read_scenario(name).scenario, StoryClock()
    assert scenario
    with throw_away_ledger(dsn, clock) as ledger:
        telling = Telling(scenario, ledger, clock, "on-time")
        for act in scenario.acts:
            telling.tell(act)
        key = telling.courtroom.key
        bundler = Bundler(ledger, Sealer(telling.courtroom.connect, key, ()))
        cases = [each.fact.case for each in ledger.read_all(limit=10_000) if isinstance(each.fact, DisputeFiled)]
        bundles = [opened(bundler.of_case(case)) for case in cases]

    told = [
        {each["fact"]["kind"] for each in map(json.loads, bundle.files["events.ndjson"].splitlines())}
        for bundle in bundles
    ]
    assert any("panel-seated.v1" in kinds for kinds in told)
    assert all("dispute-filed.v1" in kinds for kinds in told)
    assert [check(bundle.files, read_key(str(key.public))) for bundle in bundles] == [[] for _ in bundles]
