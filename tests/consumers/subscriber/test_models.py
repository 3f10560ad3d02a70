"""The subscribers' models say what the ledger's facts say, of every kind that there is."""

import json
from pathlib import Path

import pytest

from consumers.models import PLACE, modules
from domain.facts import KINDS as OURS
from ledger_subscriber.kinds import KINDS

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "facts").glob("*.json"))


def test_the_models_are_as_the_facts_have_them_now() -> None:
    kept = {path.stem: path.read_text("utf-8") for path in PLACE.glob("*.py")}

    assert kept == modules(), "python -m consumers.models writes them anew"


def test_every_kind_has_its_model_and_no_other() -> None:
    assert sorted(KINDS) == sorted(OURS)
    assert {kind for kind, model in KINDS.items() if model.model_fields["kind"].default != kind} == set()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_subscriber_reads_every_sample_and_whatever_is_added_to_it_later(sample: Path) -> None:
    told = json.loads(sample.read_text("utf-8"))
    fact = told.get("fact", told)

    read = KINDS[fact["kind"]].model_validate({**fact, "a_field_of_later": 1})

    assert read.model_dump(mode="json").keys() >= fact.keys()
