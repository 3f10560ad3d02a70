"""What somebody does who wants a bundle to say something else, as well as it can be done."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from services.evidence.checkpoint import Checkpoint, SealKey
from services.evidence.verify_bundle import canonical, hash_leaf
from tests.services.evidence import naive
from tests.services.evidence.conftest import Bundle
from tests.services.evidence.on_record import KEY, OTHER_KEY

Edit = Callable[[Any], Any]


def listed(bundle: Bundle, files: Mapping[str, bytes], signer: SealKey = OTHER_KEY, **told: Any) -> Bundle:
    """The bundle with other files, its manifest brought in line and signed by a key, by default one that nobody knows."""
    changed = {**bundle.files, **files}
    manifest = json.loads(changed["manifest.json"]) | told
    manifest["files"] = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in changed.items()
        if name not in ("manifest.json", "manifest.note")
    }
    text = canonical(manifest)
    note = signer.signed(f"{signer.name}/bundle\n{hashlib.sha256(text).hexdigest()}\n").encode()
    return Bundle(b"", {**changed, "manifest.json": text, "manifest.note": note})


def lines(bundle: Bundle) -> list[bytes]:
    return bundle.files["events.ndjson"].split(b"\n")[:-1]


def with_lines(bundle: Bundle, written: list[bytes], key: SealKey = OTHER_KEY) -> Bundle:
    """The bundle with other texts, of which nothing else is told."""
    return listed(bundle, {"events.ndjson": b"".join(line + b"\n" for line in written)}, key)


def entries(bundle: Bundle) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bundle.files["proofs.json"])["events"]
    return found


def with_events(bundle: Bundle, written: list[bytes], told: list[dict[str, Any]], key: SealKey = OTHER_KEY) -> Bundle:
    """The bundle with other texts, and entries that agree with them in everything but the proofs."""
    agreeing = [agreed(line, entry) for line, entry in zip(written, told, strict=True)]
    files = {
        "events.ndjson": b"".join(line + b"\n" for line in written),
        "proofs.json": canonical({"events": agreeing}),
    }
    return listed(bundle, files, key)


def agreed(line: bytes, entry: dict[str, Any]) -> dict[str, Any]:
    event = json.loads(line)
    said = {name: event[name] for name in ("event_id", "stream", "version", "recorded_at")}
    fact = {"kind": event["fact"]["kind"], "occurred_at": event["fact"]["at"]}
    return {**entry, **said, **fact, "leaf": hash_leaf(line).hex()}


def edited(bundle: Bundle, name: str, edit: Edit, key: SealKey = KEY) -> Bundle:
    """The bundle with one JSON file edited, signed by the ledger's own key: what only its keeper could do."""
    told = json.loads(bundle.files[name])
    return listed(bundle, {name: canonical(edit(told) or told)}, key)


def rewritten_log(texts: list[bytes], key: SealKey = KEY) -> bytes:
    """A head over another log, signed by the ledger's own key."""
    return key.signed(Checkpoint(key.name, len(texts), naive.head(texts)).text).encode()
