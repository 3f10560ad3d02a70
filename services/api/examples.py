"""Examples of commands for the API's document, made from the commands' own fields."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from services.policy_files import shipped

TOLD: Final[dict[str, Any]] = {
    "at": "2024-08-01T09:00:00+08:00",
    "customer": "C-1",
    "absorbed": "C-2",
    "deal": "D-1",
    "rep": "li",
    "by": "li",
    "to": "zhou",
    "of": "li",
    "donor": "li",
    "mentor": "zhou",
    "unit": "north",
    "parent": "company",
    "title": "North",
    "visit": "V-1",
    "source": "trade-fair",
    "photo": "5" * 64,
    "place": "39.90872,116.39748",
    "point": "39.90882,116.39764",
    "planned_for": "2024-08-05T10:00:00+08:00",
    "effective_from": "2024-08-01T09:00:00+08:00",
    "customer_name": "恒通便利店",
    "phone": "13800138000",
    "purpose": "introduction",
    "ground": "agreed with both",
    "role": "ENTRY",
    "stage": "qualified",
    "artefact": {"kind": "solution", "ref": "S-1"},
    "parts": [{"rep": "li", "bps": 10_000}],
    "contract": "K-1",
    "payment": "P-1",
    "refund": "R-1",
    "external_id": "bank-1",
    "amount": 5_000_000,
    "currency": "CNY",
    "share": 1_000,
    "whose": "customer/C-1",
    "hold": "court-12",
    "case": "case-1",
    "matter": {"act": "role", "deal": "D-1", "role": "FIRST_VISIT"},
    "expected": 450_000,
    "actual": 0,
    "claim": "The first visit was mine.",
    "evidence": "photo-1",
    "sha256": "5" * 64,
    "kept_at": "archive/2024/photo-1",
    "head": {"size": 100, "root": "5" * 64, "signed_by": "ledger.example/north"},
    "member": "li",
    "ruling": {
        "finding": "transfer",
        "effective_from": "2024-08-01T09:00:00+08:00",
        "ground": {"by": "clause", "cites": "B2B-1/roles/FIRST_VISIT"},
        "remedies": [{"remedy": "give-role", "deal": "D-1", "role": "FIRST_VISIT", "to": "li"}],
    },
    "opinion": "The visit was made and proven.",
    "precedent": "first-visit-1",
    "holding": "A proven visit counts, whoever signs.",
    "penalty": "case-1.1",
    "period": "2024-07",
    "into": "USD",
    "rate": "0.1402",
    "file": "5" * 32,
    "digest": "5" * 64,
    "payee": "li",
}
"""What a field of that name is told as."""

IN_ANSWERS: Final[dict[str, Any]] = {
    "true_up_to": 42,
    "owner": "li",
    "payee": "li",
    "text": "ENTRY is 1000 bps of 45,000.03 CNY: 4,500.00 CNY.",
    "told": {"customer": "C-1", "rep": "li"},
    "policy": "B2B-1",
    "line": "36.1",
    "state": "closed",
}
"""What a field of that name is told as in answers."""

TIMES: Final = {"date-time": TOLD["at"], "date": "2024-08-15"}

DIGEST: Final = "^[0-9a-f]{64}$"

SHOWN_TOO: Final = frozenset({"customer_name", "phone", "place", "parent", "source"})
"""Fields that an example has though they may be left out."""


def example(command: type[BaseModel]) -> dict[str, Any]:
    """A body that the command takes."""
    schema = command.model_json_schema()
    if "version" in schema["properties"]:
        return {"at": TOLD["at"], "version": shipped("b2b-1").model_dump(mode="json", exclude_defaults=True)}
    wanted = {*schema.get("required", ()), *(SHOWN_TOO & schema["properties"].keys())}
    return {name: told(name, field, schema) for name, field in schema["properties"].items() if name in wanted}


def told(name: str, field: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """What a field is told as: by its name where that is known and of that type, else by its type."""
    if "$ref" in field:
        field = schema["$defs"][field["$ref"].rpartition("/")[2]]
    if either := field.get("oneOf") or field.get("anyOf"):
        return told(name, either[0], schema)
    if "enum" in field or "const" in field:
        return field["enum"][0] if "enum" in field else field["const"]
    known = TOLD.get(name)
    match field.get("type"):
        case "object":
            parts = field.get("properties", {})
            wanted = [each for each in parts if each in field.get("required", ()) or "const" in parts[each]]
            if isinstance(known, dict):
                return known
            return {each: told(each, parts[each], schema) for each in wanted}
        case "array" if isinstance(known, list):
            return known
        case "array":
            return [told(name, field["items"], schema)] if field.get("minItems") else []
        case "integer" | "number":
            return known if isinstance(known, int) else 1
        case "boolean":
            return True
        case _ if field.get("format") == "date-time":
            return TOLD["at"]
        case _ if field.get("pattern") == DIGEST:
            return "5" * 64
        case _:
            return known or "X-1"


def sample(name: str, schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Any:
    """An answer of that schema. `parts` are the document's schemas by name."""
    if "$ref" in schema:
        return sample(name, parts[schema["$ref"].rpartition("/")[2]], parts)
    if either := schema.get("anyOf") or schema.get("oneOf"):
        return None if name == "after" else sample(name, either[0], parts)
    if "enum" in schema or "const" in schema:
        return schema["enum"][0] if "enum" in schema else schema["const"]
    known = IN_ANSWERS.get(name, TOLD.get(name))
    match schema.get("type"):
        case "object":
            fields = {each: sample(each, part, parts) for each, part in schema.get("properties", {}).items()}
            return fields or (known if isinstance(known, dict) else {})
        case "array":
            return [sample(name, schema.get("items", {}), parts)]
        case "integer" | "number":
            return known if isinstance(known, int) else 1
        case "boolean":
            return False
        case "string" if schema.get("format") in TIMES:
            return TIMES[schema["format"]]
        case "string":
            return known if isinstance(known, str) else "X-1"
        case _:
            return known
