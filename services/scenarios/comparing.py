"""An expectation beside what came of it."""

from dataclasses import dataclass
from typing import Any

from services.yaml_places import Steps


@dataclass(frozen=True, slots=True)
class Comparison:
    """`steps` lead to the expectation in the file. Both sides are plain values; times are instants."""

    what: str
    expected: Any
    actual: Any
    steps: Steps

    @property
    def good(self) -> bool:
        return bool(self.expected == self.actual)
