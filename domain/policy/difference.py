"""What one policy version says otherwise than another, term by term."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.policy.terms import PolicyVersion

NAMED_BY: Final = ("role", "stage", "milestone")
"""What names an item of a list; items without a name are told apart by their order."""


@dataclass(frozen=True, slots=True)
class Change:
    """`term` as in `commission.roles[CLOSER].share`. A term that one side lacks is None there."""

    term: str
    old: Any
    new: Any


def difference(old: PolicyVersion, new: PolicyVersion) -> list[Change]:
    """Every term in which the two differ, in the order of the old version's terms, then the new one's."""
    before, after = dict(terms(old.model_dump(mode="json"))), dict(terms(new.model_dump(mode="json")))
    everything = dict.fromkeys((*before, *after))
    return [
        Change(term, before.get(term), after.get(term)) for term in everything if before.get(term) != after.get(term)
    ]


def terms(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every single term with its name; of lists with named items also their order, since it decides ties."""
    match value:
        case Mapping():
            for key, item in value.items():
                yield from terms(item, f"{name}.{key}" if name else str(key))
        case list() if value and isinstance(value[0], Mapping):
            names = [item_name(item, i) for i, item in enumerate(value)]
            if named(value):
                yield f"{name} (order)", ", ".join(names)
            for item_called, item in zip(names, value, strict=True):
                yield from terms(item, f"{name}[{item_called}]")
        case list():
            yield name, ", ".join(map(str, value))
        case _:
            yield name, value


def named(items: Sequence[Any]) -> bool:
    return any(key in items[0] for key in NAMED_BY)


def item_name(item: Mapping[str, Any], i: int) -> str:
    return next((str(item[key]) for key in NAMED_BY if key in item), str(i + 1))
