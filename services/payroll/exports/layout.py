"""A column layout for the payroll system at hand, from a small YAML file; whatever is wrong with one is told by its place."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from services.payroll.exports.columns import KNOWN, ORIGIN, Column, always, column, standard
from services.payroll.statement import Heading, Section
from services.yaml_places import NotYaml, Steps, read_model

LONGEST_HEADER: Final = 200


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnAsked(Part):
    """A column: a field of the rows or of the heading, or the same text in every row (empty for the payroll system to fill)."""

    header: Annotated[str, Field(min_length=1, max_length=LONGEST_HEADER)]
    field: str | None = None
    constant: str | None = None
    values: dict[str, str] = {}


class Layout(Part):
    """Which columns a file has, and in which order; of which sections it has rows (all, when none is named).

    Unless `origin` is false, every row ends with where it comes from: state, position, digest and schema version.
    """

    name: Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")]
    columns: Annotated[tuple[ColumnAsked, ...], Field(min_length=1)]
    sections: tuple[Section, ...] = ()
    origin: bool = True
    delimiter: Annotated[str, Field(pattern=r"^[,;|\t]$")] = ","


class LayoutWrong(ValueError):
    """The layout cannot be used. `mistakes` say where and what, each as `file:line:column: message`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def read_layout(path: Path) -> Layout:
    """Read a layout and check it whole. Raises `LayoutWrong`."""
    try:
        read = read_model(path.read_bytes(), Layout)
    except OSError as error:
        raise LayoutWrong([f"{path}: {error.strerror or 'cannot be read'}"]) from None
    except NotYaml as error:
        raise LayoutWrong([f"{path.name}:{error.place.line}:{error.place.column}: {error}"]) from None
    if read.model is None:
        raise LayoutWrong([f"{path.name}:{t.place.line}:{t.place.column}: {t.message}" for t in read.troubles])
    mistakes = []
    for steps, message in check(read.model):
        place = read.document.place(steps)
        mistakes.append(f"{path.name}:{place.line}:{place.column}: {message}")
    if mistakes:
        raise LayoutWrong(mistakes)
    return read.model


def check(layout: Layout) -> Iterator[tuple[Steps, str]]:
    """What is wrong with a layout beyond its form, each with the way that leads to it."""
    headers = [*(each.header for each in layout.columns), *(ORIGIN if layout.origin else ())]
    for i, asked in enumerate(layout.columns):
        way = ("columns", i)
        if headers.count(asked.header) > 1:
            yield (*way, "header"), f"{asked.header} heads another column too; each header stands once"
        if (asked.field is None) == (asked.constant is None):
            yield way, "a column has either a `field` or a `constant`; write `constant: ''` for one that stays empty"
        if asked.field is not None and asked.field not in KNOWN:
            yield (*way, "field"), f"there is no field {asked.field}; {nearest(asked.field)}"
        elif asked.values and KNOWN.get(asked.field or "") != "text":
            yield (*way, "values"), "only text has other values; numbers and times stay what they are"


def nearest(word: str) -> str:
    near = difflib.get_close_matches(word, KNOWN, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(KNOWN)}"


def columns_of(layout: Layout | None, heading: Heading, *, origin: bool = True) -> tuple[Column, ...]:
    """The columns that a file has. A preview says so in every row, whatever the layout leaves out.

    `origin` is false for a format that says once for all rows where they come from.
    """
    if layout is None:
        return standard(heading, origin=origin)
    asked = tuple(
        column(each.header, each.field, heading, each.values)
        if each.field is not None
        else always(each.header, each.constant or "")
        for each in layout.columns
    )
    if origin and (layout.origin or heading.state == "preview"):
        asked = (*asked, *(column(name, name, heading) for name in ORIGIN))
    return asked


def rows_of(layout: Layout | None, rows: pa.RecordBatch) -> pa.RecordBatch:
    """The rows that a file has."""
    if layout is None or not layout.sections:
        return rows
    return rows.filter(pc.is_in(rows.column("section"), pa.array(layout.sections, pa.string())))
