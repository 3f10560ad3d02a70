"""Long lists in pages: what `--after` takes, and what an answer says that has more to give."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from services.cli.failing import Failure
from services.cli.output import paragraph

After = Annotated[
    str | None, typer.Option("--after", metavar="MARK", help="Go on where the last answer ended, by the mark it gave.")
]


def mark(after: Sequence[Any] | None) -> str | None:
    """Where the next page begins, as one word."""
    if after is None:
        return None
    plain = [{"at": each.isoformat()} if isinstance(each, datetime) else each for each in after]
    return base64.urlsafe_b64encode(json.dumps(plain, ensure_ascii=False).encode()).decode().rstrip("=")


def after_of(text: str | None) -> tuple[Any, ...] | None:
    """What a mark stands for. Raises `Failure` for what no answer gave."""
    if text is None:
        return None
    try:
        plain = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(datetime.fromisoformat(each["at"]) if isinstance(each, dict) else each for each in plain)
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Failure("bad-mark", f"--after takes the mark that an answer gave, not {text!r}.") from None


def more(after: Sequence[Any] | None) -> list[RenderableType]:
    """What is said to people where the list goes on."""
    return [paragraph(f"There is more: --after {mark(after)}")] if after else []
