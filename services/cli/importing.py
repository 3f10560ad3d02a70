"""`import`: rows of a CRM's export or of an event log, by a mapping; every row that does not come in is explained."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from domain.refusals import Code
from services.cli.failing import CHECK_FAILED, Failure
from services.cli.output import AsJson, answer, errors, paragraph, table
from services.collector import spare_the_collector
from services.importing.books import LedgerBooks
from services.importing.mapping import MappingWrong, read_mapping
from services.importing.reading import Unreadable
from services.importing.reasons import Explanation, Reason
from services.importing.rehearsal import Rehearsal
from services.importing.report import reporting
from services.importing.run import Account, Progress, run_import
from services.wiring import open_books

app = typer.Typer()

SHOWN = 5

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV or NDJSON files, in any order.")]
Mapping = Annotated[
    str,
    typer.Option("--mapping", "-m", help="The mapping file, or the name of one that is shipped, such as maven-crm."),
]
Report = Annotated[
    Path | None,
    typer.Option("--report", help="Where every row that does not come in is explained: .csv, or .ndjson."),
]


@app.command("import")
def import_files(
    files: Files,
    mapping: Mapping,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge all of it in memory and append nothing.")] = False,
    report: Report = None,
    json: AsJson = False,
) -> None:
    """Bring rows in as commands. Repeated, it changes nothing; interrupted, it goes on where it was.

    Exit codes: 0 every row is in, 1 some are not (the report says which, and what to do), 2 a bad mapping or file.
    """
    first: list[Explanation] = []
    spare_the_collector()
    try:
        read = read_mapping(mapping_file(mapping))
        with open_books(os.environ) as opened, reporting(report) as write, bars() as progress:
            books = LedgerBooks(opened.ledger)

            def explain(explanation: Explanation) -> None:
                write(explanation)
                if len(first) < SHOWN:
                    first.append(explanation)

            account = run_import(
                files, read, Rehearsal(books) if dry_run else books, books.fingerprint, explain, progress
            )
    except MappingWrong as wrong:
        raise Failure("mapping-wrong", "\n".join(wrong.mistakes)) from None
    except Unreadable as wrong:
        raise Failure("file-unusable", str(wrong)) from None
    answer(document(account, report, dry_run), *spoken(account, first, report, dry_run), as_json=json)
    if account.total("not_in"):
        raise typer.Exit(CHECK_FAILED)


def mapping_file(name: str) -> Path:
    """The file that a person names: a path, or a mapping that is shipped."""
    there = Path(name)
    if there.exists() or there.suffix:
        return there
    shipped = resources.files("services.samples.mappings")
    names = sorted(each.name.removesuffix(".yaml") for each in shipped.iterdir() if each.name.endswith(".yaml"))
    if name not in names:
        raise Failure(
            "unknown-mapping", f"There is no file {name}, and no mapping of this name is shipped: {', '.join(names)}."
        )
    with resources.as_file(shipped.joinpath(f"{name}.yaml")) as path:
        return path


@contextmanager
def bars() -> Iterator[Progress]:
    """Two bars on standard error, where a person looks on: bytes read, then rows recorded."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeRemainingColumn())
    with Bars(*columns, console=errors(), transient=True, disable=not errors().is_terminal) as shown:
        reading = shown.add_task("Reading", total=None, told="")
        recording = shown.add_task("Recording", total=None, told="", visible=False)

        def read(done: int) -> None:
            shown.update(reading, completed=done, told=f"{done / 1e6:,.1f} MB")

        def recorded(done: int, of: int) -> None:
            shown.update(recording, completed=done, total=of, visible=True, told=f"{done:,} of {of:,} rows")

        yield Progress(lambda size: shown.update(reading, total=size), read, recorded)


def document(account: Account, report: Path | None, dry_run: bool) -> dict[str, Any]:
    rows = account.total("rows")
    return {
        "dry_run": dry_run,
        "files": [asdict(each) for each in account.files],
        "rows": rows,
        "came_in": account.total("came_in"),
        "repeated": account.total("repeated"),
        "nothing_to_record": account.total("nothing_to_record"),
        "not_in": account.total("not_in"),
        "reasons": dict(account.reasons),
        "notes": account.notes,
        "report": str(report) if report else None,
        "seconds": round(account.seconds, 3),
        "rows_a_second": round(rows / account.seconds) if account.seconds else None,
        "events": account.head_after - account.head_before,
        "true_up_to": account.head_after,
    }


def spoken(account: Account, first: list[Explanation], report: Path | None, dry_run: bool) -> Iterator[RenderableType]:
    numbers = ("Rows", "Came in", "In already", "Nothing to record", "Not in")
    rows = [
        (
            each.file,
            each.shape,
            each.encoding,
            each.rows,
            each.came_in,
            each.repeated,
            each.nothing_to_record,
            each.not_in,
        )
        for each in account.files
    ]
    yield table("", {"File": "left", "Shape": "left", "Encoding": "left", **dict.fromkeys(numbers, "right")}, rows)
    for note in account.notes:
        yield paragraph(f"Note: {note}", style="yellow")
    if account.reasons:
        told = [(code, column, n, rule(code)) for (code, column), n in account.columns.most_common()]
        yield table(
            "Rows that did not come in",
            {"Reason": "left", "Column": "left", "Rows": "right", "Which means": "left"},
            told,
        )
        for each in first if report is None else ():
            yield paragraph(f"{each.file}:{each.line}: {each.column} {each.message} {each.what_to_do}")
        yield paragraph(f"Each is explained in {report}." if report else "Give --report FILE to have each explained.")
    done = "would come in" if dry_run else "came in"
    yield paragraph(
        f"{account.total('came_in'):,} of {account.total('rows'):,} rows {done}, {account.total('repeated'):,} were in already; "
        f"{account.head_after - account.head_before:,} facts recorded in {account.seconds:.1f} s."
    )


def rule(code: str) -> str:
    """The sentence of a reason or of a refusal."""
    return Reason(code).told if code in set(Reason) else Code(code).rule
