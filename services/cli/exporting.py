"""`payroll export`: a period's statements as a file, whole or not at all, the same bytes whenever it is asked for."""

import os
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.cli.failing import CHECK_FAILED, Failure
from services.cli.output import AsJson, answer, pairs, paragraph, progress
from services.cli.payroll import PeriodName, expected, month
from services.collector import spare_the_collector
from services.payroll.exports.formats import Format
from services.payroll.exports.layout import Layout, LayoutWrong, read_layout
from services.payroll.exports.run import ContentDiffers, Exported, LayoutUnusable, export
from services.payroll.exports.writing import FileUnwritable
from services.payroll.statements import select_statements
from services.wiring import open_books

app = typer.Typer()

PREVIEW: Final = "A PREVIEW: the period is open, nothing here is final, and nothing may be paid by it."


@app.command("export")
def export_period(
    period: PeriodName,
    format_: Annotated[Format, typer.Option("--format", "-f", help="What to write.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file, or a folder; the folder of now where none is named."),
    ] = None,
    layout: Annotated[
        str | None, typer.Option("--layout", "-l", help="A column layout: a file, or the name of one that is shipped.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="CSV without the byte order mark that Excel wants.")] = False,
    json: AsJson = False,
) -> None:
    """Write a period's statements. A closed period gives the same bytes for ever; an open one a preview, marked as such.

    Exit codes: 0 written, 1 the rows are not those that the closing pinned, 2 no such period, a bad layout or file.
    """
    month(period)
    spare_the_collector()
    columns = None if layout is None else layout_of(layout)
    try:
        with open_books(os.environ) as books, progress() as bar:
            run = books.payroll()
            run.wait_for(books.ledger.head().position)
            task = bar.add_task(f"Writing {format_}", total=None)
            with expected(period, run), closing(run.connect()) as connection:
                written = export(
                    connection,
                    select_statements,
                    period,
                    format_,
                    out,
                    columns,
                    plain=plain,
                    progress=lambda done, of: bar.update(task, completed=done, total=of),
                )
    except (FileUnwritable, LayoutUnusable) as wrong:
        raise Failure("file-unusable", str(wrong)) from None
    except ContentDiffers as wrong:
        raise Failure("content-differs", str(wrong), CHECK_FAILED) from None
    tell(written, as_json=json)


def layout_of(name: str) -> Layout:
    """The layout that a person names: a file, or one that is shipped. Raises `Failure`."""
    there = Path(name)
    if not there.exists() and not there.suffix:
        shipped = resources.files("services.samples.layouts")
        names = sorted(each.name.removesuffix(".yaml") for each in shipped.iterdir() if each.name.endswith(".yaml"))
        if name not in names:
            raise Failure(
                "unknown-layout", f"There is no file {name}, and no layout of this name is shipped: {', '.join(names)}."
            )
        with resources.as_file(shipped.joinpath(f"{name}.yaml")) as path:
            return read_layout(path)
    try:
        return read_layout(there)
    except LayoutWrong as wrong:
        raise Failure("layout-wrong", "\n".join(wrong.mistakes)) from None


def tell(written: Exported, *, as_json: bool) -> None:
    heading = written.heading
    document: dict[str, Any] = {
        "file": str(written.path),
        "format": written.form,
        "period": heading.period,
        "state": heading.state,
        "digest": heading.digest,
        "schema_version": heading.schema_version,
        "rows": written.rows,
        "bytes": written.size,
        "true_up_to": heading.position,
    }
    told = [(name.replace("_", " "), value) for name, value in document.items() if name != "true_up_to"]
    notes = [paragraph(PREVIEW, style="yellow")] if heading.state == "preview" else []
    answer(document, *notes, pairs("", told), as_json=as_json)
