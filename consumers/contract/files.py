"""The contract as files: written by a command, committed, and compared by the tests."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from consumers.cloudevent import published
from consumers.contract.asyncapi import asyncapi
from consumers.contract.compatibility import Break, breaks
from consumers.contract.schemas import Schema, json_schemas

SCHEMAS: Final = "schemas"
SAMPLES: Final = "samples"
RELEASED: Final = "released"
ASYNCAPI: Final = "asyncapi.json"

Files = dict[Path, str]


def text(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def schema_files() -> Files:
    """A schema for every kind, by its path in the folder of the contract."""
    return {Path(SCHEMAS, f"{kind}.json"): text(schema) for kind, schema in json_schemas().items()}


def asyncapi_files(folder: Path) -> Files:
    """The AsyncAPI document; its version is the number of the release that the folder holds last."""
    return {Path(ASYNCAPI): text(asyncapi(f"{max(releases(folder), default=0)}.0.0"))}


def sample_files(facts: Path) -> Files:
    """An event of every kind in CloudEvents' JSON format, made of a folder of stored facts, one JSON file a kind."""
    return {
        Path(SAMPLES, path.name): text(json.loads(sampled(number, path.read_text("utf-8").strip())))
        for number, path in enumerate(sorted(facts.glob("*.json")), 1)
    }


def sampled(number: int, fact: str) -> str:
    """The event that a fact becomes, in an envelope made up."""
    at = json.loads(fact)["at"]
    envelope = (
        f'{{"event_id":"00000000-0000-5000-8000-{number:012d}","stream":"sample/S-{number}","version":1,'
        f'"recorded_at":"{at}","actor":"Li","command_id":"sample/{number}","causation":null,"reason":null,"fact":{fact}}}'
    )
    return published(number, envelope, "/sales-ledger/sample").structured()


def releases(folder: Path) -> dict[int, dict[str, Schema]]:
    """The schemas of every release, by its number."""
    found = {}
    for path in sorted((folder / RELEASED).glob("*.json")):
        found[int(path.stem)] = json.loads(path.read_text("utf-8"))
    return found


def released_files(folder: Path) -> Files:
    """The schemas as they are, as the next release: what its readers are promised from now on."""
    number = max(releases(folder), default=0) + 1
    return {Path(RELEASED, f"{number}.json"): text(json_schemas())}


def broken(folder: Path, now: Mapping[str, Schema] | None = None) -> list[Break]:
    """What the schemas as they are, or those given, would break for readers of any release."""
    current = json_schemas() if now is None else now
    return [each for number, promised in releases(folder).items() for each in breaks(str(number), promised, current)]


def write(folder: Path, files: Files) -> list[Path]:
    """Write files below a folder; of the folders of schemas and samples what is no longer made goes. Gives what changed."""
    changed = []
    for made in {path.parent for path in files} & {Path(SCHEMAS), Path(SAMPLES)}:
        for stale in (folder / made).glob("*.json"):
            if stale.relative_to(folder) not in files:
                stale.unlink()
                changed.append(stale.relative_to(folder))
    for path, content in files.items():
        place = folder / path
        if not place.is_file() or place.read_text("utf-8") != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, "utf-8")
            changed.append(path)
    return sorted(changed)
