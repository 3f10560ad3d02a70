"""The API's document: complete, consistent, and with examples that are what they say they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from domain.commands import COMMANDS
from projections.catalogue import READ_MODELS
from services.api.openapi import document
from services.api.page import page
from services.api.reads import ROUTERS
from services.api.service import ROOT, reads

SHARED = {"token-missing", "token-invalid", "token-expired", "overloaded", "database-unreachable", "internal-error"}
WITHOUT_TOKEN = ("/healthz", "/readyz", "/metrics")


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document(reads(None), ROOT)


def operations(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((path, operation) for path, methods in api["paths"].items() for operation in methods.values())


def codes(operation: dict[str, Any]) -> set[str]:
    contents = (answer.get("content", {}) for answer in operation["responses"].values())
    return {code for content in contents for code in content.get("application/problem+json", {}).get("examples", {})}


def test_there_is_one_route_a_command(api: dict[str, Any]) -> None:
    assert {path for path in api["paths"] if path.startswith(f"{ROOT}/commands/")} == {
        f"{ROOT}/commands/{name}" for name in COMMANDS
    }


def test_every_operation_says_what_it_is_and_with_what_it_can_refuse(api: dict[str, Any]) -> None:
    for path, operation in operations(api):
        assert operation["summary"], path
        if path not in WITHOUT_TOKEN:
            assert codes(operation) >= SHARED, path


def test_every_code_of_a_problem_is_told_with_its_sentence(api: dict[str, Any]) -> None:
    for path, operation in operations(api):
        for code in codes(operation):
            assert api["components"]["examples"][code]["summary"], (path, code)


def test_every_body_and_every_answer_has_an_example_that_it_would_take(api: dict[str, Any]) -> None:
    for path, operation in operations(api):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for told in [*bodies, operation["responses"]["200"]]:
            for kind, content in told["content"].items():
                if path in WITHOUT_TOKEN or "event-stream" in kind or content["schema"].get("format") == "binary":
                    continue
                example = content.get("example", content["schema"].get("$ref"))
                assert example is not None, (path, kind)
                if kind == "application/json" and not isinstance(example, str):
                    schema = {**content["schema"], "components": api["components"]}
                    wrong = [error.message for error in Draft202012Validator(schema).iter_errors(example)]
                    assert wrong == [], (path, wrong[:3])


def test_names_of_times_and_pages_are_the_same_everywhere(api: dict[str, Any]) -> None:
    """A time is `at`, `..._at`, or one of the bounds; its text is RFC 3339 wherever it stands."""
    bounds = {
        "since",
        "until",
        "begins",
        "ends",
        "deadline",
        "known_then",
        "true_then",
        "planned_for",
        "effective_from",
    }
    bounds |= {"effective_until", "by", "due", "overdue_from"}
    for name, schema in api["components"]["schemas"].items():
        for field, told in schema.get("properties", {}).items():
            if '"date-time"' in json.dumps(told) and "$ref" not in json.dumps(told):
                assert field == "at" or field.endswith(("_at", "_since")) or field in bounds, (name, field)
    for path, operation in operations(api):
        named = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
        assert named.isdisjoint({"cursor", "page", "offset", "per_page", "count"}), path
        assert "after" not in named or "limit" in named, path


def test_the_page_about_http_names_every_address(api: dict[str, Any]) -> None:
    told = (Path(__file__).parents[3] / "docs" / "http.md").read_text("utf-8")
    reads_told = [path.removeprefix(ROOT) for path in api["paths"] if not path.startswith(f"{ROOT}/commands/")]

    missing = [path for path in reads_told if f"`{path}`" not in told and f"`{tail(path)}`" not in told]
    assert missing == []


def tail(path: str) -> str:
    """What comes after the resource: `/history` of `/customers/{customer}/history`."""
    return f"/{path.rpartition('}/')[2]}"


def test_every_read_model_is_read_somewhere() -> None:
    named = {name for router in ROUTERS for route in router.routes for name in route.endpoint.__globals__}  # type: ignore[attr-defined]

    assert {model.__name__ for model in READ_MODELS} <= named


def test_the_page_fetches_nothing_from_outside(api: dict[str, Any]) -> None:
    shown = page(api)

    assert "<script src" not in shown
    assert "<link" not in shown
    assert "@import" not in shown
    assert "url(" not in shown
