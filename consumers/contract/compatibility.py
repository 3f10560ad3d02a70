"""What a change of the schemas would break, and for whom: readers were promised what the schemas said when they were released."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from consumers.contract.schemas import Schema

DEEPEST: Final = 12
"""How far nested objects are looked into; a schema may refer to itself."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a schema says of one field. `types` are all that its value may be, `values` those of an enumeration."""

    types: frozenset[str]
    required: bool
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that would break readers of a release who handle a kind."""

    release: str
    kind: str
    field: str
    what: str

    def __str__(self) -> str:
        field = f", field {self.field}" if self.field else ""
        return f"readers of release {self.release} who handle {self.kind}{field}: {self.what}"


def breaks(release: str, promised: Mapping[str, Schema], now: Mapping[str, Schema]) -> list[Break]:
    """What would break readers of a release: fields gone, retyped or newly required, kinds gone, enumerations changed."""
    found = []
    for kind, before in promised.items():
        if kind not in now:
            found.append(Break(release, kind, "", "the kind is gone"))
            continue
        old, new = dict(fields(before)), dict(fields(now[kind]))
        found += [Break(release, kind, field, what) for field, what in changes(old, new)]
    return found


def changes(old: Mapping[str, Promise], new: Mapping[str, Promise]) -> Iterator[tuple[str, str]]:
    for field, before in old.items():
        after = new.get(field)
        if after is None:
            yield field, "it is gone"
            continue
        if after.types != before.types:
            yield field, f"it was {named(before.types)} and is {named(after.types)}"
        if before.required and not after.required:
            yield field, "it was always there and may be absent"
        if after.required and not before.required:
            yield field, "it may have been absent and is required"
        if after.values != before.values:
            yield field, f"its values were {named(before.values)} and are {named(after.values)}"
    for field, after in new.items():
        if field not in old and after.required and parent(field) in {"", *old}:
            yield field, "it is new and required, and events told before do not have it"


def parent(field: str) -> str:
    return field.rpartition(".")[0].removesuffix("[]")


def named(words: frozenset[str]) -> str:
    return " or ".join(sorted(words)) or "anything"


def fields(schema: Schema) -> Iterator[tuple[str, Promise]]:
    """Every field with its path, such as `parts[].bps`; those of all alternatives together."""
    yield from within(schema, schema.get("$defs", {}), "", 0)


def within(schema: Schema, shared: Mapping[str, Schema], path: str, depth: int) -> Iterator[tuple[str, Promise]]:
    if depth > DEEPEST:
        return
    for each in alternatives(schema, shared):
        needed = each.get("required", ())
        for name, told in each.get("properties", {}).items():
            field = f"{path}.{name}".lstrip(".")
            yield field, promise(told, shared, required=name in needed)
            yield from within(told, shared, field, depth + 1)
        for inner in (each.get("items"), each.get("additionalProperties"), *each.get("prefixItems", ())):
            if isinstance(inner, Mapping):
                yield f"{path}[]", promise(dict(inner), shared, required=True)
                yield from within(dict(inner), shared, f"{path}[]", depth + 1)


def alternatives(schema: Schema, shared: Mapping[str, Schema]) -> Iterator[Schema]:
    """The schemas that a value may follow, references resolved."""
    if ref := schema.get("$ref"):
        yield from alternatives(shared[ref.rpartition("/")[2]], shared)
        return
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    if not choices:
        yield schema
    for each in choices:
        yield from alternatives(each, shared)


def promise(schema: Schema, shared: Mapping[str, Schema], *, required: bool) -> Promise:
    types: set[str] = set()
    values: set[str] = set()
    for each in alternatives(schema, shared):
        told: Any = each.get("type", "anything")
        form = f" ({each['format']})" if "format" in each else ""
        types.update(f"{name}{form}" for name in ([told] if isinstance(told, str) else told))
        values.update(str(value) for value in each.get("enum", [each["const"]] if "const" in each else []))
    return Promise(frozenset(types), required, frozenset(values))
