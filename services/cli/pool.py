"""`pool`: whose each customer is, since when and until when, who waits, and what a rep's quota leaves."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from domain.personal import masked
from projections import pool as board
from projections.pool import BoardRow, PoolBoard
from projections.quotas import QuotaLeft, cooling_down, quota_left
from projections.reading import Page, instant, page
from services.cli.failing import Failure, unknown
from services.cli.output import AsJson, Justify, answer, money, paragraph, table, when
from services.cli.pages import After, after_of, mark, more
from services.cli.reader import Limit, Names, Reader, reading

app = typer.Typer()

Public = Annotated[
    bool, typer.Option("--public", help="The public pool: whom nobody holds, the longest free first; contacts masked.")
]
Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="REP", help="One rep's customers, the next to drop first, and the quota left."),
]
DueWithin = Annotated[
    int | None,
    typer.Option(
        "--due-within", metavar="DAYS", min=0, help="Customers that drop within so many days, or should have."
    ),
]

COLUMNS: Final[dict[str, Justify]] = {
    "customer": "left",
    "name": "left",
    "contact": "left",
    "tier": "left",
    "grade": "left",
    "expected": "right",
    "owner": "left",
    "since": "left",
    "drops": "left",
    "waiting": "left",
}


@app.command()
def pool(
    public: Public = False,
    owner: Owner = None,
    due_within: DueWithin = None,
    limit: Limit = 100,
    after: After = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """The pool board: whose each customer is, since when and until when, and who has to wait."""
    if sum((public, owner is not None, due_within is not None)) > 1:
        raise Failure("bad-usage", "Give one of --public, --owner and --due-within.")
    with reading(named=names) as reader:
        document, parts = pool_answer(
            reader, public=public, owner=owner, due_within=due_within, limit=limit, after=after
        )
    answer(document, *parts, as_json=json)


def pool_answer(
    reader: Reader,
    *,
    public: bool = False,
    owner: str | None = None,
    due_within: int | None = None,
    limit: int,
    after: str | None = None,
) -> tuple[dict[str, Any], list[RenderableType]]:
    """The board as a document and as tables."""
    now, since = datetime.now(UTC), after_of(after)
    quota: QuotaLeft | None = None
    if owner is not None:
        found, title = board.private(reader.connection, owner, limit, since), f"Held by {reader.person(owner)}"
        quota = quota_left(reader.connection, owner, now).row
        if quota is None and not found.rows:
            raise unknown("rep", owner, "salesledger pool shows who holds customers.")
    elif due_within is not None:
        until = now + timedelta(days=due_within)
        found, title = board.due_soon(reader.connection, until, limit, since), f"Drop within {due_within} days"
    elif public:
        found, title = board.public(reader.connection, limit, since), "The public pool"
    else:
        found, title = everyone(reader, limit, since), "The pool board"
    rows = [told(row, reader, now, in_clear=owner is not None) for row in found.rows]
    document = {"true_up_to": found.position, "customers": rows, "quota": quota, "after": mark(found.after)}
    parts = [table(title, COLUMNS, shown(rows, reader))]
    if quota:
        parts.append(paragraph(quota_in_words(quota)))
    return document, [*parts, *more(found.after)]


def everyone(reader: Reader, limit: int, after: Sequence[Any] | None) -> Page[BoardRow]:
    """All customers but those merged into others, by id."""
    with instant(reader.connection, PoolBoard) as position:
        where = "merged_into IS NULL AND customer > %s"
        rows = board.select(reader.connection, where, list(after or [""]), "customer", limit + 1)
        return page(position, rows, limit, lambda row: (row.customer,))


def told(row: BoardRow, reader: Reader, now: datetime, *, in_clear: bool) -> dict[str, Any]:
    """A customer on the board as a document; contacts in the clear only for the owner."""
    phone, contact = reader.opened(row.phone), reader.opened(row.contact)
    return {
        "customer": row.customer,
        "name": reader.opened(row.customer_name) if reader.named else None,
        "phone": phone if in_clear else phone and masked(phone),
        "contact": contact if in_clear else contact and masked(contact),
        "tier": row.tier,
        "grade": row.grade,
        "expected_amount": row.expected_amount,
        "currency": row.currency,
        "owner": row.owner,
        "owner_name": reader.rep_name(row.owner),
        "since": row.since,
        "deadline": row.deadline,
        "warned_at": row.warned_at,
        "overdue": row.deadline is not None and row.deadline <= now,
        "merged_into": row.merged_into,
        "policy": row.policy,
        "waiting": [] if not row.given_up else cooling_down(reader.connection, row.customer, now).rows,
        "position": row.position,
    }


def shown(rows: Sequence[dict[str, Any]], reader: Reader) -> Iterator[Sequence[object]]:
    for row in rows:
        drops = when(row["deadline"], reader.zone)
        note = " overdue" if row["overdue"] else " warned" if row["warned_at"] else ""
        yield (
            row["customer"],
            row["name"],
            " ".join(filter(None, (row["contact"], row["phone"]))),
            row["tier"],
            row["grade"],
            money(row["expected_amount"], row["currency"]),
            reader.person(row["owner"]) or "public",
            when(row["since"], reader.zone),
            f"{drops}{note}" if drops else None,
            ", ".join(f"{each.owner} until {when(each.until, reader.zone)}" for each in row["waiting"]),
        )


def quota_in_words(quota: QuotaLeft) -> str:
    parts = (("held", quota.held), ("close to signing", quota.close), ("claimed today", quota.claims_today))
    used = "; ".join(f"{each.used} of {each.allowed} {name}, {each.left} left" for name, each in parts)
    return f"Quota ({quota.policy}): {used}."
