"""The subscribers' typed events, written from the facts: `python -m consumers.models` renews them; a test compares.

A model of theirs names the same fields as the fact, but ignores what it does not know, keeps sealed values as they are, and
leaves rules that are data (policies) as mappings.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.fact import Fact
from domain.facts import KINDS
from domain.personal import Personal
from domain.policy.terms import PolicyVersion

PLACE: Final = Path(__file__).parent / "subscriber" / "ledger_subscriber" / "kinds"
FROM_PYDANTIC: Final = ("AwareDatetime",)
FROM_TYPING: Final = ("Any", "Literal")
PLAIN: Final = {
    str: "str",
    int: "int",
    bool: "bool",
    float: "float",
    NoneType: "None",
    date: "date",
    datetime: "AwareDatetime",
}

Models = dict[type[BaseModel], str]


def modules() -> dict[str, str]:
    """The text of every module, by its name: one for each story, `parts` for what stories share, and the list of all."""
    models = dict(homes())
    names = sorted(set(models.values()))
    found = {name: module(name, models) for name in names}
    return {name: formatted(text) for name, text in {**found, "__init__": listing(models)}.items()}


def homes() -> Iterator[tuple[type[BaseModel], str]]:
    """Every model that an event is made of, and the module that it goes to; what others need comes before them."""
    seen: set[type[BaseModel]] = set()
    for fact in KINDS.values():
        for model in (*nested(fact), fact):
            if model not in seen:
                seen.add(model)
                story = model.__module__.split(".")[1]
                yield model, "parts" if story == "fact" else story


def nested(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield from nested(inner)
            yield inner


def models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel) and hint is not PolicyVersion:
        yield hint
    for inner in get_args(hint):
        if not isinstance(inner, str):
            yield from models_in(inner)


def module(name: str, models: Models) -> str:
    mine = [model for model, home in models.items() if home == name]
    classes = "\n\n\n".join(written(model) for model in mine)
    elsewhere = sorted(
        (models[inner], inner.__name__) for model in mine for inner in nested(model) if inner not in mine
    )
    ours = [f"from ledger_subscriber.kinds.{home} import {each}" for home, each in dict.fromkeys(elsewhere)]
    words = set(
        classes.replace("[", " ").replace("(", " ").replace(")", " ").replace("]", " ").replace(",", " ").split()
    )
    needed = [each for each in ("Fact", "Part", "Sealed") if each in words and each not in {m.__name__ for m in mine}]
    lines = [f'"""Events of the story `{name}`, written from the ledger\'s own by `python -m consumers.models`."""', ""]
    if typing := [each for each in FROM_TYPING if each in words]:
        lines += [f"from typing import {', '.join(typing)}", ""]
    if "date" in words:
        lines += ["from datetime import date", ""]
    if pydantic := [each for each in FROM_PYDANTIC if each in words]:
        lines += [f"from pydantic import {', '.join(pydantic)}", ""]
    shared = [each for each in needed if each not in {name for _, name in elsewhere}] + ["Told"] * ("Told" in words)
    if shared:
        lines += [f"from ledger_subscriber.fact import {', '.join(shared)}"]
    return "\n".join([*lines, *ours, "", "", classes, ""])


def written(model: type[BaseModel]) -> str:
    """A model as Python has it."""
    is_fact = issubclass(model, Fact)
    fields = {name: field for name, field in model.model_fields.items() if not (is_fact and name == "at")}
    body = "\n".join(f"    {name}: {declared(field, name=name if is_fact else '')}" for name, field in fields.items())
    return f"class {model.__name__}({'Fact' if is_fact else 'Told'}):\n{body}"


def declared(field: FieldInfo, *, name: str) -> str:
    if name == "kind":
        return f'Literal["{field.default}"] = "{field.default}"'
    kind = spelt(field.annotation)
    if field.is_required():
        return kind
    if field.default_factory is not None:
        return f"{kind} = {field.default_factory()!r}"  # type: ignore[call-arg] # none of ours takes the data
    return f"{kind} = {field.default!r}"


def spelt(hint: Any) -> str:
    """A type as a subscriber's model names it.

    >>> spelt(tuple[int, ...]), spelt(Literal["A", "B"]), spelt(str | None), spelt(Personal)
    ('tuple[int, ...]', "Literal['A', 'B']", 'str | None', 'Sealed')
    """
    inner = get_args(hint)
    match get_origin(hint):
        case origin if origin is Literal:
            return f"Literal[{', '.join(map(repr, inner))}]"
        case origin if origin in (Union, UnionType):
            return " | ".join(spelt(each) for each in inner)
        case origin if origin is tuple and inner[-1] is not ...:
            return f"tuple[{', '.join(spelt(each) for each in inner)}]"
        case origin if origin in (tuple, list, frozenset, set):
            return f"tuple[{spelt(inner[0])}, ...]"
        case origin if origin is dict:
            return f"dict[str, {spelt(inner[1])}]"
        case origin if origin is not None:
            return spelt(inner[0])
    if hint is Personal:
        return "Sealed"
    if hint is Any or hint is PolicyVersion:
        return "Any" if hint is Any else "dict[str, Any]"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "str"
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint.__name__
    return PLAIN.get(hint) or timed(hint)


def timed(hint: Any) -> str:
    """Pydantic's own type of a time with its zone. Raises `TypeError` for anything that no model of a subscriber can have."""
    if getattr(hint, "__name__", "") != "AwareDatetime":
        raise TypeError(f"no subscriber's model can have {hint!r}")
    return "AwareDatetime"


def listing(models: Models) -> str:
    """The package's own module: every kind by its name."""
    imports = [f"from ledger_subscriber.kinds.{models[fact]} import {fact.__name__}" for fact in KINDS.values()]
    table = "\n".join(f'    "{kind}": {fact.__name__},' for kind, fact in sorted(KINDS.items()))
    return "\n".join(
        [
            '"""Every kind of event, by its name; written from the ledger\'s own by `python -m consumers.models`."""',
            "",
            "from typing import Final",
            "",
            "from ledger_subscriber.fact import Fact",
            *sorted(imports),
            "",
            "KINDS: Final[dict[str, type[Fact]]] = {",
            table,
            "}",
            "",
        ]
    )


def formatted(text: str) -> str:
    """The text as the house lays it out."""
    config = str(Path(__file__).parents[1] / "pyproject.toml")
    ruff = [sys.executable, "-m", "ruff"]
    sort = [
        "check",
        "--quiet",
        "--select",
        "I,UP037",
        "--fix-only",
        "--config",
        config,
        "--stdin-filename",
        "kinds.py",
        "-",
    ]
    sorted_imports = subprocess.run([*ruff, *sort], input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603
    lay_out = ["format", "--config", config, "--stdin-filename", "kinds.py", "-"]
    return subprocess.run([*ruff, *lay_out], input=sorted_imports, capture_output=True, text=True, check=True).stdout  # noqa: S603


def renew() -> None:
    """Write every module anew, and drop those of stories that are gone."""
    texts = modules()
    for stale in PLACE.glob("*.py"):
        if stale.stem not in texts:
            stale.unlink()
    for name, text in texts.items():
        (PLACE / f"{name}.py").write_text(text, "utf-8")


if __name__ == "__main__":
    renew()
