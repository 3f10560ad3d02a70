"""The API's document, OpenAPI 3.1: every command with its fields and every refusal that its rules can give, every read."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field, TypeAdapter

from domain.commands import COMMANDS
from domain.fact import CommandOnCustomer, CommandOnDeal
from domain.permissions import ROWS
from domain.refusals import Code
from services.api.examples import example, sample
from services.api.health import Readiness
from services.api.ladders import ladder
from services.api.problems import OURS, FirstAndLast, ProblemDocument, status_of, title_of
from services.api.questions import BODIES, MORE, OF_BODIES
from services.api.streams import FeedPage, feed, stream

REF: Final = "#/components/schemas/{model}"
PROBLEM: Final = "application/problem+json"

DESCRIPTION: Final = (
    "Whose customer is it, who earned which part of the commission, and why. A command is one POST under its own name; "
    "Idempotency-Key makes it safe to repeat. Times are RFC 3339 with an offset, amounts whole minor units. Every answer "
    "says up to which position of the log it is true (true_up_to, Ledger-Position); min_position waits for one. Problems "
    "are application/problem+json with a stable code. A command's actor is whoever the token names."
)

EVERY: Final = (
    "token-missing",
    "token-invalid",
    "token-expired",
    "internal-error",
    "overloaded",
    "database-unreachable",
    "keys-unreachable",
    "master-key-unusable",
)
OF_COMMANDS: Final = (*EVERY, *OF_BODIES, "outcome-unknown")
OF_READS: Final = (
    *EVERY, "request-malformed", "not-there-yet", Code.NOT_ALLOWED, Code.REP_LEFT, Code.NOT_IN_SIGHT,
)  # fmt: skip

OF_THE_FEED: Final = (*EVERY, "request-malformed", Code.NOT_ALLOWED, Code.REP_LEFT)

KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The command's id, bound to its body for good: repeated, it gives the first answer. A new one without it.",
    "schema": {"type": "string", "pattern": r"^[A-Za-z0-9_.:@/#-]{1,200}$"},
}
TRACE: Final = {
    "name": "traceparent",
    "in": "header",
    "required": False,
    "description": "W3C trace context; becomes the causation of what is recorded.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
}
HEADERS: Final = {
    "X-Request-Id": {"description": "The request's id, as it was given or made.", "schema": {"type": "string"}},
    "Ledger-Position": {"description": "Up to where the answer is true.", "schema": {"type": "integer"}},
}
OF_FILES: Final = {**HEADERS, "ETag": {"schema": {"type": "string"}}}


class CommandAnswer(BaseModel):
    """An accepted command: the positions of the first and the last event that it caused, null if nothing had to happen."""

    id: str = Field(examples=["claim-1"])
    positions: FirstAndLast | None = Field(examples=[[37, 38]])
    repeated: bool = Field(description="It was answered before; this is the first answer again.")
    true_up_to: int = Field(examples=[38])


class LineAnswer(BaseModel):
    """The answer to one line of a stream, with the problem if it was not accepted."""

    line: int
    id: str | None = None
    positions: FirstAndLast | None = None
    repeated: bool | None = None
    true_up_to: int | None = None
    problem: ProblemDocument | None = None


def document(reads: FastAPI, root: str) -> dict[str, Any]:
    """The document of the whole service."""
    found = get_openapi(
        title=reads.title, version="1", openapi_version="3.1.0", description=DESCRIPTION, routes=reads.routes
    )
    schemas: dict[str, Any] = found.setdefault("components", {}).setdefault("schemas", {})
    models: list[type[BaseModel]] = [
        ProblemDocument,
        CommandAnswer,
        LineAnswer,
        FeedPage,
        *(each for each, _ in BODIES.values()),
    ]
    for model in models:
        take_in(schemas, model.__name__, model.model_json_schema(ref_template=REF))
    take_in(schemas, "Readiness", TypeAdapter(Readiness).json_schema(ref_template=REF))
    for methods in found["paths"].values():
        for operation in methods.values():
            finish_read(operation, schemas)
    posts = {f"{root}/commands/{name}": {"post": command(name, model, schemas)} for name, model in COMMANDS.items()}
    streams = {
        f"{root}/commands": {"post": stream(TRACE, refusals([*EVERY, "body-of-another-type"]))},
        "/events": {"get": feed(REF, OF_FILES, refusals(OF_THE_FEED))},
    }
    found["paths"] = {**posts, **streams, **found["paths"], **plain()}
    found["components"]["examples"] = examples()
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    found["security"] = [{"token": []}]
    return found


def take_in(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    """Put a schema and those it refers to among the document's."""
    schemas.update(schema.pop("$defs", {}))
    schemas[name] = schema


def command(name: str, model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=REF)
    del schema["properties"]["actor"]
    take_in(schemas, model.__name__, schema)
    about, _, refusing = (model.__doc__ or name).partition("\n\n")
    body = {"schema": {"$ref": REF.format(model=model.__name__)}, "example": example(model)}
    accepted = {
        "description": "Recorded, durably; or found recorded before.",
        "headers": HEADERS,
        "content": {"application/json": {"schema": {"$ref": REF.format(model="CommandAnswer")}}},
        "links": links(model),
    }
    return {
        "tags": ["commands"],
        "summary": " ".join(about.split()),
        "description": " ".join([refusing, f"Who may: {who_may(name)}."]).strip(),
        "operationId": name,
        "parameters": [KEY, TRACE],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {"200": accepted, **refusals([*ladder(name), *OF_COMMANDS])},
    }


def who_may(act: str) -> str:
    """The line of the table of permissions in words."""
    row = ROWS.get(act)
    reaches = {duty: reach for duty, reach in row.reaches.items() if reach != "-"} if row else {}
    return ", ".join(f"{duty} ({reach})" for duty, reach in reaches.items()) or "nobody"


OF_CUSTOMERS: Final = ("customer", "customer_history", "customer_owners", "customer_deals")
OF_DEALS: Final = ("deal", "deal_receipts", "deal_refunds", "deal_lines", "explain_deal_due")


def links(model: type) -> dict[str, Any]:
    """What can be read after a command: the customer or the deal that it was about."""
    if issubclass(model, CommandOnCustomer):
        return leading(OF_CUSTOMERS, "customer", "$request.body#/customer")
    return leading(OF_DEALS, "deal", "$request.body#/deal") if issubclass(model, CommandOnDeal) else {}


def leading(operations: Iterable[str], parameter: str, where: str) -> dict[str, Any]:
    return {name: {"operationId": name, "parameters": {parameter: where}} for name in operations}


FIRST_ROWS: Final = {
    "public_pool": leading(OF_CUSTOMERS, "customer", "$response.body#/rows/0/customer"),
    "list_deals": leading(OF_DEALS, "deal", "$response.body#/rows/0/deal"),
    "list_lines": leading(["rep_customers", "rep_quota"], "rep", "$response.body#/rows/0/payee"),
}
"""What can be read after a list: its first row."""


def refusals(codes: Iterable[str]) -> dict[str, Any]:
    """A response for each status that the codes have, with an example a code."""
    by_status: dict[int, list[str]] = {}
    for code in sorted({str(code) for code in codes}):
        by_status.setdefault(status_of(code), []).append(code)
    return {str(status): response(found) for status, found in sorted(by_status.items())}


def response(codes: list[str]) -> dict[str, Any]:
    problem = {"allOf": [{"$ref": REF.format(model="ProblemDocument")}, {"properties": {"code": {"enum": codes}}}]}
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    return {"description": ", ".join(codes), "content": {PROBLEM: {"schema": problem, "examples": examples}}}


def examples() -> dict[str, Any]:
    """A problem of every code that there is."""
    return {code: {"summary": title_of(code), "value": problem_example(code)} for code in (*OURS, *map(str, Code))}


def problem_example(code: str) -> dict[str, Any]:
    return {"type": f"/problems#{code}", "title": title_of(code), "status": status_of(code), "code": code}


def finish_read(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """What FastAPI cannot know of a read: its refusals, its headers, its body, and its name."""
    name = operation["operationId"] = operation["operationId"].partition("_v1_")[0]
    operation["responses"].pop("422", None)
    operation["responses"]["200"]["headers"] = OF_FILES
    if shown := operation["responses"]["200"]["content"].get("application/json"):
        shown.setdefault("example", sample("", shown["schema"], schemas))
    if found := FIRST_ROWS.get(name):
        operation["responses"]["200"]["links"] = found
    operation["responses"].update(refusals([*OF_READS, *MORE.get(name, ())]))
    if name in BODIES:
        model, told = BODIES[name]
        body = {"schema": {"$ref": REF.format(model=model.__name__)}, "example": told}
        operation["requestBody"] = {"required": True, "content": {"application/json": body}}
    else:
        operation["responses"]["304"] = {"description": "As it was when it had the ETag of If-None-Match."}


def plain() -> dict[str, Any]:
    """What is asked without a token."""
    told = {
        "/healthz": ("Alive?", "application/json", {"type": "object"}),
        "/readyz": (
            "Ready, and if not, what is behind by how much?",
            "application/json",
            {"$ref": REF.format(model="Readiness")},
        ),
        "/metrics": ("Counts and times for Prometheus", "text/plain", {"type": "string"}),
    }
    return {
        path: {"get": open_operation(path, summary, kind, schema)} for path, (summary, kind, schema) in told.items()
    }


def open_operation(path: str, summary: str, kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    answer = {"description": summary, "content": {kind: {"schema": schema}}}
    answers = {"200": answer, **({"503": answer} if path == "/readyz" else {})}
    return {
        "tags": ["service"],
        "summary": summary,
        "operationId": path.strip("/"),
        "security": [],
        "responses": {**answers, **refusals(["internal-error"])},
    }
