"""One export: the rows of a period streamed into a file, which is checked against what the closing pinned."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
from psycopg import Connection

from services.payroll.exports.batches import batches
from services.payroll.exports.content import ContentDigest
from services.payroll.exports.digests import BY_CONTENT, Hashing, Progress
from services.payroll.exports.formats import SUFFIXES, WITHOUT_COLUMNS, Format, Writer, writer
from services.payroll.exports.layout import Layout
from services.payroll.exports.writing import whole_file
from services.payroll.statement import Heading, SelectStatements


class LayoutUnusable(ValueError):
    """A journal has no columns that could be laid out."""


class ContentDiffers(ValueError):
    """The rows are not those that the closing pinned: nothing was written."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written, and what it says of itself."""

    path: Path
    form: Format
    heading: Heading
    rows: int
    size: int


def export(
    connection: Connection[Any],
    select_statements: SelectStatements,
    period: str,
    form: Format,
    out: Path | None = None,
    layout: Layout | None = None,
    *,
    plain: bool = False,
    progress: Progress = lambda _done, _of: None,
) -> Exported:
    """Write a period's statements; of an open period a preview, whose name says so too. `out` may be a folder.

    Raises `NoSuchPeriod`, `LayoutUnusable`, `FileUnwritable` or `ContentDiffers`.
    """
    if layout and form in WITHOUT_COLUMNS:
        raise LayoutUnusable(f"A layout gives columns, and {form} has none; leave --layout away.")
    with ExitStack() as opened:
        heading, select = opened.enter_context(select_statements(connection, period))
        path = path_of(out, heading, form)
        file = opened.enter_context(whole_file(path))
        hashed = Hashing(file)
        to = writer(form, file if form in BY_CONTENT else cast(BinaryIO, hashed), heading, layout, plain=plain)
        try:
            done = streamed(to, heading, batches(connection, select), progress)
            to.finish()
            if layout is None and not plain and form not in BY_CONTENT:
                compare(form, hashed.hexdigest(), pinned(connection, heading))
        except BaseException:
            to.abandon()
            raise
    return Exported(path, form, heading, done, path.stat().st_size)


def streamed(to: Writer, heading: Heading, rows: Iterable[pa.RecordBatch], progress: Progress) -> int:
    """Write the batches and give the number of rows. Raises `ContentDiffers` when they are not what was pinned."""
    digest, done = ContentDigest(), 0
    for batch in rows:
        to.write(batch)
        digest.add(batch)
        done += batch.num_rows
        progress(done, heading.rows)
    if digest.hexdigest() != heading.digest:
        raise ContentDiffers(
            f"The rows of {heading.period} have the digest {digest.hexdigest()}, and {heading.digest} is pinned: nothing was "
            "written. Run `salesledger verify`, then `salesledger rebuild`."
        )
    return done


def pinned(connection: Connection[Any], heading: Heading) -> Mapping[str, str]:
    """The digests of the files that the closing pinned, by format; none for a preview."""
    statement = "SELECT pinned->'exports' FROM payroll_closing WHERE period = %s"
    row = connection.execute(statement, [heading.period]).fetchone()
    return row[0] if row else {}


def compare(form: Format, found: str, known: Mapping[str, str]) -> None:
    """Raises `ContentDiffers` when a file is not the one whose digest was pinned."""
    if known.get(form, found) != found:
        raise ContentDiffers(
            f"The {form} file has the digest {found}, and {known[form]} is pinned: nothing was written. The rows are those "
            "that were pinned, so this version of the program writes them otherwise than the one that closed the period."
        )


def path_of(out: Path | None, heading: Heading, form: Format) -> Path:
    """Where the file goes. A preview's name has `preview` in it, whatever was asked for."""
    suffix, preview = SUFFIXES[form], heading.state == "preview"
    if out is None or out.is_dir():
        return (out or Path()) / f"payroll-{heading.period}{'.preview' if preview else ''}{suffix}"
    if preview and "preview" not in out.name.lower():
        return out.with_name(f"{out.stem}.preview{out.suffix}")
    return out
