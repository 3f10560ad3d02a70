"""Writes the typed Python client's operations from the API's document: `python -m services.api.client`.

A test keeps `clients/sales_ledger_client/operations.py` equal to what this writes.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from services.api.openapi import document
from services.api.service import EVENTS, ROOT, reads

FILE: Final = Path("clients") / "sales_ledger_client" / "operations.py"

HEAD: Final = '''"""The operations of the API. Written by `python -m services.api.client` from its OpenAPI document; not by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, cast

from sales_ledger_client.connection import Answer, Connection
'''

PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "Mapping[str, Any]"}


def written(api: Mapping[str, Any]) -> str:
    """The module's text."""
    commands, asked = [], []
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            if path.startswith(f"{ROOT}/commands/"):
                commands.append(command(operation, api))
            elif method == "get" and path.startswith((ROOT, EVENTS)):
                asked.append(read(path, operation))
            elif method == "post" and path.startswith(ROOT) and path != f"{ROOT}/commands":
                asked.append(question(path, operation, api))
    parts = [
        HEAD,
        *rows(api),
        "class Commands(Connection):\n" + "\n".join(commands),
        "class Reads(Connection):\n" + "\n".join(asked),
    ]
    return "\n\n".join(parts)


def rows(api: Mapping[str, Any]) -> Iterator[str]:
    """A typed dictionary for every schema that an answer may hold."""
    for name in sorted(answered(api)):
        schema = api["components"]["schemas"][name]
        fields = [f"    {field}: {kind(each, shown=True)}" for field, each in schema["properties"].items()]
        yield f"class {python_name(name)}(TypedDict):\n" + "\n".join(fields) + "\n"


def answered(api: Mapping[str, Any]) -> set[str]:
    """The names of the schemas that answers to reads hold, and of those in them."""
    waiting: list[Any] = [
        shape(operation)
        for path, methods in api["paths"].items()
        for operation in methods.values()
        if path.startswith((ROOT, EVENTS)) and not path.startswith(f"{ROOT}/commands")
    ]
    found: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(api["components"]["schemas"][name])
            waiting.extend(part.values())
    return found


def command(operation: Mapping[str, Any], api: Mapping[str, Any]) -> str:
    name = operation["operationId"]
    schema = body_of(operation, api)
    wanted = schema.get("required", [])
    fields = {field: each for field, each in schema["properties"].items() if field != "name"}
    ordered = [*(f for f in fields if f in wanted), *(f for f in fields if f not in wanted)]
    given = [f"{f}: {kind(fields[f])}" + ("" if f in wanted else f" = {default(fields[f])}") for f in ordered]
    passed = ", ".join(f'"{f}": {f}' for f in ordered)
    return method(
        name.replace("-", "_"),
        [*given, "key: str | None = None"],
        "Answer",
        operation["summary"],
        f'return self._command("{name}", key, {{{passed}}})',
    )


def read(path: str, operation: Mapping[str, Any]) -> str:
    parameters = [each for each in operation.get("parameters", []) if each["in"] in ("path", "query")]
    in_path = [each for each in parameters if each["in"] == "path"]
    query = [each for each in parameters if each["in"] == "query"]
    ordered = [*in_path, *(q for q in query if q.get("required")), *(q for q in query if not q.get("required"))]
    given = [
        f"{p['name']}: {kind(p['schema'])}" + ("" if p.get("required") else f" = {default(p['schema'])}")
        for p in ordered
    ]
    passed = ", ".join(f'"{each["name"]}": {each["name"]}' for each in query)
    answer = kind(shape(operation), shown=True)
    asked = f'f"{path}", {{{passed}}}'.replace('f"', 'f"' if in_path else '"', 1)
    text = f"return self._file({asked})" if answer == "bytes" else f"return cast({answer}, self._read({asked}))"
    return method(operation["operationId"], given, answer, operation["summary"], text)


def question(path: str, operation: Mapping[str, Any], api: Mapping[str, Any]) -> str:
    fields = body_of(operation, api)["properties"]
    in_path = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
    given = [
        *(f"{name}: str" for name in in_path),
        *(f"{f}: {kind(each)} = {default(each)}" for f, each in fields.items()),
    ]
    passed = ", ".join(f'"{field}": {field}' for field in fields)
    answer = kind(shape(operation), shown=True)
    text = f'return cast({answer}, self._ask({"f" if in_path else ""}"{path}", {{{passed}}}))'
    return method(operation["operationId"], given, answer, operation["summary"], text)


def method(name: str, given: list[str], answer: str, about: str, body: str) -> str:
    about = about if about.endswith((".", "?")) else f"{about}."
    lines = [f"    def {name}(", "        self,", *(["        *,"] if given else [])]
    lines += [f"        {each}," for each in given]
    return "\n".join([*lines, f"    ) -> {answer}:", f'        """{about}"""', f"        {body}", ""])


def shape(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of what a read answers; one that answers with a file has the same of every type."""
    found: Mapping[str, Any] = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
    return found


def body_of(operation: Mapping[str, Any], api: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    found: Mapping[str, Any] = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def default(schema: Mapping[str, Any]) -> str:
    nothing: Any = {"object": {}, "array": []}.get(str(schema.get("type")))
    return repr(schema.get("default", nothing))


def kind(schema: Mapping[str, Any], *, shown: bool = False) -> str:
    """The Python type of a schema; `shown` in answers, where times are text and other schemas have names."""
    if "$ref" in schema:
        return python_name(schema["$ref"].rpartition("/")[2]) if shown else "Mapping[str, Any]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(kind(each, shown=shown) for each in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return f"Literal[{', '.join(map(repr, schema.get('enum', [schema.get('const')])))}]"
    match schema.get("type"):
        case "null":
            return "None"
        case "array":
            inner = kind(schema.get("items", {}), shown=shown)
            return f"list[{inner}]" if shown else f"Sequence[{inner}]"
        case "string" if schema.get("format") == "date-time" and not shown:
            return "datetime"
        case "string" if schema.get("format") == "binary":
            return "bytes"
        case found:
            return PLAIN.get(str(found), "Any")


def python_name(schema: str) -> str:
    """A schema's name as a class: `Listed_OnBoard_` is `ListedOnBoard`."""
    return "".join(part[0].upper() + part[1:] for part in schema.replace("-", "_").split("_") if part)


if __name__ == "__main__":
    FILE.write_text(written(document(reads(None), ROOT)), "utf-8")
    sys.stdout.write(f"{FILE}\n")
