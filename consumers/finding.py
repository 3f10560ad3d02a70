"""What an audit may find, and how it is counted."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MOST_KEPT: Final = 1_000
"""So many findings are kept one by one; beyond that they are only counted."""


class Fault(StrEnum):
    """In what a topic can differ from the ledger."""

    MISSING = "missing"
    REPEATED = "repeated"
    REORDERED = "reordered"
    ALTERED = "altered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `position` is the ledger's, 0 when the record names none; partition and offset are where the topic has it."""

    fault: Fault
    position: int
    partition: int | None = None
    offset: int | None = None
    note: str = ""

    def __str__(self) -> str:
        where = "" if self.partition is None else f", partition {self.partition} offset {self.offset}"
        return f"{self.fault} at position {self.position}{where}{': ' if self.note else ''}{self.note}"


@dataclass(slots=True)
class Audited:
    """`checked` events from `first` to `last` were compared. `findings` are the first thousand of what `counts` counts."""

    first: int
    last: int
    checked: int = 0
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[Fault] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        self.counts[finding.fault] += 1
        if len(self.findings) < MOST_KEPT:
            self.findings.append(finding)

    def withdraw(self, fault: Fault, position: int) -> None:
        """Take a finding back that turned out to be another one."""
        kept = [each for each in self.findings if (each.fault, each.position) != (fault, position)]
        if len(kept) < len(self.findings) or self.counts[fault] > MOST_KEPT:
            self.counts[fault] -= 1
            self.counts += Counter()
        self.findings = kept

    @property
    def agrees(self) -> bool:
        """Whether the topic holds the ledger's events, each once, in order and unchanged."""
        return not self.counts
