"""The report: one line for every row that did not come in, as CSV for Excel or as NDJSON, by the file's suffix."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final

from services.importing.reasons import Explanation

COLUMNS: Final = tuple(field.name for field in fields(Explanation))
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Explain = Callable[[Explanation], None]


@contextmanager
def reporting(path: Path | None) -> Iterator[Explain]:
    """Write explanations to a file as they come; without a file they are only counted. Raises `OSError`."""
    if path is None:
        yield lambda _explanation: None
        return
    if path.suffix.lower() in (".ndjson", ".jsonl"):
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield lambda explanation: print(json.dumps(asdict(explanation), ensure_ascii=False), file=file)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        yield lambda explanation: writer.writerow([harmless(getattr(explanation, name)) for name in COLUMNS])


def harmless(value: str | int) -> str | int:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
