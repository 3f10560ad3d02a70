"""What readers of the events may count on: generated, committed, valid by others' tools, and kept."""

import copy
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator, FormatChecker

from consumers.contract.compatibility import breaks
from consumers.contract.files import (
    Files,
    asyncapi_files,
    broken,
    released_files,
    releases,
    sample_files,
    schema_files,
    write,
)
from consumers.contract.schemas import headers, json_schemas
from domain.facts import KINDS
from tests.consumers.relaying import Site, committed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from asyncapi3 import AsyncAPI3

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "docs" / "events"
FACTS = ROOT / "tests" / "samples" / "facts"
SCHEMAS = json_schemas()


def generated() -> Files:
    return {**schema_files(), **asyncapi_files(CONTRACT), **sample_files(FACTS)}


def test_the_committed_contract_is_the_one_that_the_facts_give() -> None:
    committed_files = {
        path.relative_to(CONTRACT): path.read_text("utf-8")
        for path in CONTRACT.rglob("*.json")
        if path.parent.name != "released"
    }
    wanted = generated()
    differing = {path for path in {*committed_files, *wanted} if committed_files.get(path) != wanted.get(path)}
    assert not differing, f"make contract: {sorted(map(str, differing))}"


def test_no_reader_of_a_released_version_would_break() -> None:
    assert [str(each) for each in broken(CONTRACT)] == []
    assert releases(CONTRACT)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_valid_and_so_is_the_sample_by_it(kind: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind])
    event = json.loads((CONTRACT / "samples" / f"{kind}.json").read_text("utf-8"))

    Draft202012Validator(SCHEMAS[kind], format_checker=FormatChecker()).validate(event["data"])
    assert JSONFormat().read(None, json.dumps(event)).get_type() == kind


def test_every_kind_has_its_schema_its_message_and_its_sample() -> None:
    document = json.loads((CONTRACT / "asyncapi.json").read_text("utf-8"))
    assert sorted(SCHEMAS) == sorted(KINDS)
    assert sorted(each["name"] for each in document["components"]["messages"].values()) == sorted(KINDS)


def test_the_asyncapi_document_is_valid_by_a_tool_that_is_not_ours() -> None:
    document = json.loads((CONTRACT / "asyncapi.json").read_text("utf-8"))
    read: Any = AsyncAPI3.model_validate(document)
    assert len(read.components.messages) == len(KINDS)

    document["channels"]["events"]["messages"] = 3
    with pytest.raises(ValueError, match="messages"):
        AsyncAPI3.model_validate(document)


def test_what_the_relay_publishes_keeps_the_contract(site: Site) -> None:
    site.record(5)
    site.relay().catch_up(Event())
    for record in committed(site.cluster.bootstrap, site.topics.events):
        told = {name: value.decode() for name, value in record.headers}
        Draft202012Validator(headers(told["ce_type"]), format_checker=FormatChecker()).validate(told)
        Draft202012Validator(SCHEMAS[told["ce_type"]], format_checker=FormatChecker()).validate(
            json.loads(record.value)
        )
        assert record.key.decode() == told["ce_subject"]


def removed(schema: Any) -> None:
    del schema["properties"]["amount"]


def retyped(schema: Any) -> None:
    schema["properties"]["amount"]["type"] = "string"


def newly_required(schema: Any) -> None:
    schema["properties"]["channel"] = {"type": "string"}
    schema["required"].append("channel")


def no_longer_required(schema: Any) -> None:
    schema["required"].remove("amount")


def other_values(schema: Any) -> None:
    schema["properties"]["currency"]["enum"] = ["CNY"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (removed, "field amount: it is gone"),
        (retyped, "field amount: it was integer and is string"),
        (newly_required, "field channel: it is new and required, and events told before do not have it"),
        (no_longer_required, "field amount: it was always there and may be absent"),
        (other_values, "field currency: its values were anything and are CNY"),
    ],
)
def test_a_change_that_breaks_readers_is_told_with_who_they_are(spoil: Callable[[Any], None], told: str) -> None:
    now = copy.deepcopy(SCHEMAS)
    spoil(now["payment-received.v1"])

    found = [str(each) for each in breaks("7", SCHEMAS, now)]

    assert found == [f"readers of release 7 who handle payment-received.v1, {told}"]


def test_a_new_kind_and_a_new_optional_field_break_nobody_and_a_kind_that_goes_breaks_its_readers() -> None:
    now = copy.deepcopy(SCHEMAS)
    now["payment-received.v1"]["properties"]["channel"] = {"type": "string"}
    now["payment-blessed.v1"] = now["payment-received.v1"]
    assert breaks("7", SCHEMAS, now) == []

    del now["payment-received.v1"]
    assert [str(each) for each in breaks("7", SCHEMAS, now)] == [
        "readers of release 7 who handle payment-received.v1: the kind is gone"
    ]


def test_a_release_keeps_the_schemas_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, released_files(tmp_path))
    changed = write(tmp_path, {**schema_files(), **asyncapi_files(tmp_path)})

    assert releases(tmp_path) == {1: json.loads(json.dumps(SCHEMAS))}
    assert Path("asyncapi.json") in changed
    assert write(tmp_path, schema_files()) == []
    (tmp_path / "schemas" / "customer-forgotten.v1.json").write_text("{}")
    assert write(tmp_path, schema_files()) == [Path("schemas/customer-forgotten.v1.json")]
