"""The API's document as one page for people; nothing of it is fetched from outside."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
summary { cursor: pointer; padding: .3rem 0; } code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #f5f5f2; padding: .7rem; overflow-x: auto; } td, th { text-align: left; padding: .1rem .8rem .1rem 0; vertical-align: top; }
b.post { color: #8a4b00; } b.get { color: #005a8a; } h2 { margin-top: 2rem; border-bottom: 1px solid #ddd; }
"""


def page(document: Mapping[str, Any]) -> str:
    """An HTML page with every operation of an OpenAPI document: parameters, an example, and what it may be refused with."""
    info = document["info"]
    return "".join(
        [
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
            f"<title>{escape(info['title'])}</title><style>{STYLE}</style>",
            f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>",
            "<p><a href=/openapi.json>openapi.json</a></p>",
            *(part for tag in tags(document) for part in section(document, tag)),
            "</html>",
        ]
    )


def tags(document: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(tag for _, _, operation in operations(document) for tag in operation["tags"]))


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path, method and operation, in the document's order."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def section(document: Mapping[str, Any], tag: str) -> Iterator[str]:
    yield f"<h2>{escape(tag)}</h2>"
    for path, method, operation in operations(document):
        if tag in operation["tags"]:
            yield from told(path, method, operation, document)


def told(path: str, method: str, operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details><summary><b class={method}>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        rows = (
            f"<tr><td><code>{escape(each['name'])}</code><td>{each['in']}<td>{escape(each.get('description', ''))}"
            for each in parameters
        )
        yield f"<table><tr><th>name<th>in<th>{''.join(rows)}</table>"
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        if "example" in body:
            example = body["example"]
            shown = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)
            yield f"<p>{escape(kind)}, for example</p><pre>{escape(shown)}</pre>"
    yield "<table><tr><th>status<th>"
    for status, response in operation["responses"].items():
        yield f"<tr><td>{status}<td>{escape(response['description'])}{''.join(refusals(response, document))}"
    yield "</table></details>"


def refusals(response: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    codes = response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    for code in codes:
        yield f"<br><code>{escape(code)}</code> {escape(document['components']['examples'][code]['summary'])}"
