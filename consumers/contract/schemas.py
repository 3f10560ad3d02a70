"""JSON Schema of every kind of event, as its data is published: personal values sealed, nothing closed to later fields."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from domain.facts import KINDS
from domain.personal import SEALED_PREFIX

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SERIALIZATION: Literal["serialization"] = "serialization"
SEALED: Final[Schema] = {
    "type": "string",
    "pattern": f"^{SEALED_PREFIX.replace('.', '[.]')}",
    "description": "A personal value, sealed. Who may see it asks the ledger; after an erasure nobody can.",
}

TEXT: Final[Schema] = {"type": "string", "minLength": 1}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
COUNT: Final[Schema] = {"type": "string", "pattern": "^[1-9][0-9]*$"}
ATTRIBUTES: Final[dict[str, Schema]] = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {"type": "string", "format": "uuid", "description": "The event's id; the same event always has the same."},
    "ce_source": {**TEXT, "description": "The ledger that tells it. With the id it names the event among all."},
    "ce_subject": {**TEXT, "description": "The history that the event belongs to; the record's key."},
    "ce_time": {**TIME, "description": "When it happened in the business."},
    "ce_recordedtime": {**TIME, "description": "When the ledger came to know it."},
    "ce_ledgerposition": {**COUNT, "description": "Counts all events of the source from 1, without a gap."},
    "ce_streamversion": {**COUNT, "description": "Counts the events of the subject from 1, without a gap."},
    "ce_actor": {**TEXT, "description": "Who acted; system for the clock."},
    "ce_commandid": {**TEXT, "description": "The command that it follows from."},
    "ce_causation": {**TEXT, "description": "What the command followed from, if that was told."},
    "ce_reason": {**TEXT, "description": "Why, if that was told."},
    "traceparent": {**TEXT, "description": "W3C trace context, where the event was caused within a trace."},
    "content-type": {"type": "string", "const": "application/json"},
}
OPTIONAL: Final = frozenset({"ce_causation", "ce_reason", "traceparent"})


def definitions(ref_template: str) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """The schema of every kind by its name, and what they share, which they refer to by the template."""
    facts = [(fact, SERIALIZATION) for fact in KINDS.values() if issubclass(fact, BaseModel)]
    made, shared = models_json_schema(facts, ref_template=ref_template)
    parts: dict[str, Schema] = opened(shared.get("$defs", {}))
    refs = {fact.model_fields["kind"].default: made[(fact, mode)]["$ref"] for fact, mode in facts}
    kinds = {kind: parts.pop(ref.rpartition("/")[2]) for kind, ref in refs.items()}
    return {kind: {**schema, "title": kind} for kind, schema in kinds.items()}, parts


def opened(told: Any) -> Any:
    """The same without what would forbid later fields, and with personal values as they are published."""
    if isinstance(told, Mapping):
        if told.get("format") == "personal":
            return {**{name: value for name, value in told.items() if name in ("title", "default")}, **SEALED}
        closed = told.get("additionalProperties") is False
        kept = {n: opened(v) for n, v in told.items() if not (closed and n == "additionalProperties")}
        return plain_name(kept) if isinstance(kept.get("pattern"), str) else kept
    if isinstance(told, list):
        return [opened(each) for each in told]
    return told


def plain_name(told: Schema) -> Schema:
    """A name's length instead of its pattern: which letters a pattern means differs between languages, and ours has all."""
    length = re.fullmatch(r"\^\[\\w.+\]\{(\d+),(\d+)\}\$", told["pattern"])
    if length is None:
        return told
    kept = {name: value for name, value in told.items() if name != "pattern"}
    return {**kept, "minLength": int(length[1]), "maxLength": int(length[2])}


def json_schemas() -> dict[str, Schema]:
    """A self-contained schema for every kind."""
    kinds, parts = definitions("#/$defs/{model}")
    return {
        kind: {
            "$schema": DIALECT,
            "$id": f"urn:sales-ledger:event:{kind}",
            **schema,
            **({"$defs": needed} if (needed := reached(schema, parts)) else {}),
        }
        for kind, schema in kinds.items()
    }


def reached(schema: Any, parts: Mapping[str, Schema]) -> dict[str, Schema]:
    """The shared parts that a schema refers to, directly or through others, by name in order."""
    found: dict[str, Schema] = {}
    waiting = [schema]
    while waiting:
        told = waiting.pop()
        if isinstance(told, Mapping):
            name = str(told.get("$ref", "")).rpartition("/")[2]
            if name in parts and name not in found:
                found[name] = parts[name]
                waiting.append(parts[name])
            waiting.extend(told.values())
        elif isinstance(told, list):
            waiting.extend(told)
    return dict(sorted(found.items()))


def headers(kind: str) -> Schema:
    """The headers of a record of this kind, as CloudEvents' Kafka binding has them in binary mode."""
    properties = {**ATTRIBUTES, "ce_type": {"type": "string", "const": kind}}
    return {"type": "object", "properties": properties, "required": sorted(set(properties) - OPTIONAL)}
