"""`ledger-subscriber`: run a subscriber, and see to what it has parked."""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger_subscriber.store import Parked
from ledger_subscriber.subscriber import Subscriber

DONE, STILL_PARKED, BAD_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say. Gives 0 when done, 1 when something is parked still, 2 for bad usage."""
    asked = parser().parse_args(arguments)
    try:
        subscriber = found(asked.subscriber)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        sys.stderr.write(f"error: {asked.subscriber} names no subscriber: {error}\n")
        return BAD_USAGE
    match asked.what:
        case "run":
            subscriber.run()
        case "parked":
            for each in subscriber.mending.parked(asked.key):
                sys.stdout.write(json.dumps(told(each), ensure_ascii=False) + "\n")
        case "replay":
            replayed = subscriber.mending.replay(asked.key, accept_gap=asked.accept_gap)
            left = len(subscriber.mending.parked(asked.key))
            sys.stdout.write(f"{replayed} handled, {left} parked still\n")
            return STILL_PARKED if left else DONE
        case "discard":
            try:
                gone = subscriber.mending.discard(asked.number)
            except LookupError as error:
                sys.stderr.write(f"error: {error}\n")
                return BAD_USAGE
            sys.stdout.write(f"{gone.number} discarded; `replay --key {gone.key}` goes on with what waited behind it\n")
    return DONE


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="ledger-subscriber", description=__doc__)
    verbs = made.add_subparsers(dest="what", required=True)
    for name, help_text in (
        ("run", "take in events until told to stop"),
        ("parked", "list what is parked, one JSON document a line"),
        ("replay", "try parked records again, in order"),
        ("discard", "let the first parked record of a key go"),
    ):
        verb = verbs.add_parser(name, help=help_text)
        verb.add_argument("subscriber", metavar="MODULE:NAME", help="where the subscriber is, such as board:subscriber")
        if name in ("parked", "replay"):
            verb.add_argument("--key", help="only this key, such as deal/D-1")
        if name == "replay":
            verb.add_argument("--accept-gap", action="store_true", help="take events that were lost for granted")
        if name == "discard":
            verb.add_argument("number", type=int, help="the number that `parked` shows")
    return made


def found(name: str) -> Subscriber[Any]:
    module, _, attribute = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    subscriber = getattr(importlib.import_module(module), attribute or "subscriber")
    if not isinstance(subscriber, Subscriber):
        raise TypeError("it is something else")
    return subscriber


def told(parked: Parked) -> dict[str, Any]:
    """What a person is shown of a parked record: never its data."""
    where = parked.delivery
    return {
        "number": parked.number,
        "key": parked.key,
        "reason": parked.reason or "behind",
        "detail": parked.detail,
        "attempts": parked.attempts,
        "parked_at": parked.parked_at.isoformat(),
        "topic": where.topic,
        "partition": where.part,
        "offset": where.offset,
        "kind": where.headers.get("ce_type"),
        "id": where.headers.get("ce_id"),
        "position": where.headers.get("ce_ledgerposition"),
    }
