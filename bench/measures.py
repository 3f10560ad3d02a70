"""What a measurement is, how it is told, and where it is kept."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

WIDE: Final = 150


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure beside its peer's. `ratio` is ours over the peer's; `goal` is a bound on the ratio, or on the value."""

    measure: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    goal: str | None = None
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.peer_value if self.peer_value else None


def against(measure: str, value: float, unit: str, peer: str, peer_value: float, at_least: float) -> Measure:
    """A figure that is to be at least so many times its peer's."""
    met = value >= at_least * peer_value
    return Measure(measure, value, unit, peer, peer_value, f">= {at_least:g} x peer", met)


def within(measure: str, value: float, unit: str, peer: str, peer_value: float, at_most: float) -> Measure:
    """A figure that is to be at most so many times its peer's."""
    met = value <= at_most * peer_value
    return Measure(measure, value, unit, peer, peer_value, f"<= {at_most:g} x peer", met)


def at_least(measure: str, value: float, unit: str, bound: float) -> Measure:
    """A figure that is to reach a bound."""
    return Measure(measure, value, unit, goal=f">= {bound:g} {unit}", met=value >= bound)


def at_most(measure: str, value: float, unit: str, bound: float) -> Measure:
    """A figure that is to be no more than a bound."""
    return Measure(measure, value, unit, goal=f"<= {bound:g} {unit}", met=value <= bound)


def tell(measures: Sequence[Measure]) -> None:
    """Print the measurements as a table."""
    table = Table(title="Ours beside peers, on the same server and settings", title_justify="left")
    for heading in ("measure", "value", "unit", "peer", "peer's", "ratio", "goal", "met"):
        right = heading in ("value", "peer's", "ratio")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for each in measures:
        table.add_row(
            each.measure,
            number(each.value),
            each.unit,
            each.peer or "",
            number(each.peer_value),
            number(each.ratio),
            each.goal or "",
            {True: "yes", False: "NO", None: ""}[each.met],
        )
    console().print(table)


def console() -> Console:
    """Standard output: as wide as the terminal, and wide enough for the table where there is none."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDE)


def keep(measures: Iterable[Measure], path: Path) -> None:
    """Write the measurements as JSON: a list of `{measure, value, unit, peer, peer_value, ratio, goal, met}`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(each), "ratio": each.ratio} for each in measures]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")


def number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
