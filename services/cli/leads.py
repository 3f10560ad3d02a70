"""`leads`: who found each, by which channel, and which wait for review."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final, cast, get_args

import typer

from domain.lead.facts import Course
from domain.personal import masked
from projections import leads as board
from projections.leads import LeadRow
from services.cli.failing import Failure
from services.cli.output import AsJson, Justify, answer, money, table, when
from services.cli.pages import After, after_of, mark, more
from services.cli.reader import Limit, Names, Reader, reading

app = typer.Typer()

COURSES: Final[tuple[str, ...]] = get_args(Course)
COLUMNS: Final[dict[str, Justify]] = {
    "lead": "left",
    "course": "left",
    "name": "left",
    "contact": "left",
    "channel": "left",
    "expected": "right",
    "found by": "left",
    "registered": "left",
    "reviewed by": "left",
    "because": "left",
}

Course_ = Annotated[
    str | None,
    typer.Option("--course", help=f"Leads that are {', '.join(COURSES[:-1])} or {COURSES[-1]}."),
]
Source = Annotated[str | None, typer.Option("--source", metavar="CHANNEL", help="Leads that came by that channel.")]
By = Annotated[str | None, typer.Option("--by", metavar="REP", help="One rep's leads, contacts in the clear.")]


@app.command()
def leads(
    course: Course_ = None,
    source: Source = None,
    by: By = None,
    limit: Limit = 100,
    after: After = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Leads, the first registered first: found by whom, by which channel, and what became of them."""
    if course is not None and course not in COURSES:
        raise Failure("bad-usage", f"--course is one of {', '.join(COURSES)}, not {course!r}.")
    with reading(named=names) as reader:
        found = board.leads(
            reader.connection,
            course=cast(Course | None, course),
            source=source,
            by=by,
            limit=limit,
            after=after_of(after),
        )
        rows = [told(row, reader, in_clear=by is not None) for row in found.rows]
        shown = list(cells(rows, reader))
    document = {"leads": rows, "true_up_to": found.position, "after": mark(found.after)}
    answer(document, table("Leads", COLUMNS, shown), *more(found.after), as_json=json)


def told(row: LeadRow, reader: Reader, *, in_clear: bool) -> dict[str, Any]:
    """A lead as a document; contacts in the clear only for who found it."""
    phone, contact = reader.opened(row.phone), reader.opened(row.contact)
    return {
        **asdict(row),
        "customer_name": reader.opened(row.customer_name) if reader.named else None,
        "phone": phone if in_clear else phone and masked(phone),
        "contact": contact if in_clear else contact and masked(contact),
    }


def cells(rows: Sequence[dict[str, Any]], reader: Reader) -> Iterator[Sequence[object]]:
    for row in rows:
        yield (
            row["customer"],
            "erased" if row["erased_at"] else row["course"],
            row["customer_name"],
            " ".join(filter(None, (row["contact"], row["phone"]))),
            row["source"],
            money(row["expected_amount"], row["currency"]),
            reader.person(row["by"]),
            when(row["registered_at"], reader.zone),
            reader.person(row["reviewed_by"]),
            row["ground"],
        )
