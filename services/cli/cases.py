"""`case list` and `case show`: whose turn it is and by when; what a case is about, how it was heard, and what it comes to."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, cast

import typer
from rich.console import RenderableType

from domain.case.course import Case, evolve
from domain.case.facts import CaseFact, Predicted
from domain.case.ruling import Ruling
from domain.fact import case_stream
from domain.money import major
from projections.cases import CaseRow, case_of, cases
from services.cli.failing import Failure, unknown
from services.cli.output import AsJson, Justify, answer, money, pairs, table, when
from services.cli.pages import After, after_of, mark, more
from services.cli.reader import Limit, Reader, reading

app = typer.Typer()

LOOKS_AHEAD_DAYS: Final = 7

COLUMNS: Final[dict[str, Justify]] = {
    "case": "left",
    "status": "left",
    "parties": "left",
    "about": "left",
    "whose turn": "left",
    "to do": "left",
    "by": "left",
}

Mine = Annotated[bool, typer.Option("--mine", help="Cases in which it is your turn: --actor says who you are.")]
Actor = Annotated[
    str | None,
    typer.Option("--actor", metavar="REP", envvar="LEDGER_ACTOR", help="Who you are; `committee` for the committee."),
]
Due = Annotated[bool, typer.Option("--due", help="Steps that are overdue, or due within --days.")]
DaysAhead = Annotated[int, typer.Option("--days", min=0, help="How far --due looks ahead; 0: what is overdue by now.")]
Status = Annotated[
    str | None,
    typer.Option("--status", help="filed, dismissed, open, decided, appealed, final or executed."),
]
Deal = Annotated[str | None, typer.Option("--deal", help="Cases about that deal.")]


@app.command("list")
def list_cases(
    *,
    mine: Mine = False,
    due: Due = False,
    actor: Actor = None,
    days: DaysAhead = LOOKS_AHEAD_DAYS,
    status: Status = None,
    deal: Deal = None,
    limit: Limit = 100,
    after: After = None,
    json: AsJson = False,
) -> None:
    """Cases with everybody's next step and its deadline."""
    if mine and not actor:
        raise Failure("actor-missing", "Say who you are: --actor REP, or LEDGER_ACTOR in the environment.")
    who = actor if mine else None
    with reading() as reader:
        now = datetime.now(UTC)
        until = now + timedelta(days=days) if due else None
        found = cases(
            reader.connection, who=who, due=until, status=status, deal=deal, limit=limit, after=after_of(after)
        )
        document = {"cases": found.rows, "true_up_to": found.position, "after": mark(found.after)}
        rows = [row for case in found.rows for row in turns_of(case, who, until, now, reader)]
        title = "Cases" if found.rows else "No such case"
        answer(document, table(title, COLUMNS, rows), *more(found.after), as_json=json)


def turns_of(
    case: CaseRow, who: str | None, until: datetime | None, now: datetime, reader: Reader
) -> Iterator[tuple[object, ...]]:
    """A row for each step that was asked for; one for a case in which nobody has anything to do."""
    about = f"{case.matter['act']} of {case.deal or case.customer}"
    parties = ", ".join(reader.person(each) or each for each in case.parties)
    first: tuple[object, ...] = (case.case, case.status, parties, about)
    asked = [
        turn
        for turn in case.turns
        if who in (None, turn["who"])
        and (until is None or (turn["by"] and datetime.fromisoformat(turn["by"]) <= until))
    ]
    if not asked:
        yield (*first, None, None, None)
    for turn in asked:
        by = datetime.fromisoformat(turn["by"]) if turn["by"] else None
        late = " overdue" if by and by <= now else ""
        yield (*first, reader.person(turn["who"]), turn["do"], f"{when(by, reader.zone)}{late}" if by else None)


@app.command("show")
def show_case(
    case: Annotated[str, typer.Argument(help="The case's id.")],
    json: AsJson = False,
) -> None:
    """One case: what it is about, its deadlines, the panel, the votes with their reasons, the ruling, and the amounts."""
    with reading() as reader:
        found = case_of(reader.connection, case)
        if found.row is None:
            raise unknown("case", case, "`case list` has those there are.")
        told = Case()
        for each in reader.books.ledger.read(case_stream(case)):
            told = evolve(told, cast(CaseFact, each.fact), each.position)
        document = {"case": found.row, "true_up_to": found.position, **facts_of(told)}
        answer(document, *said(found.row, told, reader), as_json=json)


def facts_of(case: Case) -> dict[str, Any]:
    """What a case keeps, for scripts."""
    hearings = [*case.hearings, *([case.hearing] if case.hearing else [])]
    return {
        "filing": case.filing,
        "evidence": case.evidence,
        "panels": [hearing.panel for hearing in hearings],
        "votes": [vote for hearing in hearings for vote in hearing.votes],
        "decision": case.decision,
        "appeal": case.appeal,
        "executed": case.executed,
    }


def said(row: CaseRow, case: Case, reader: Reader) -> Iterator[RenderableType]:
    yield about_it(row, case, reader)
    if case.evidence:
        columns: dict[str, Justify] = dict.fromkeys(("evidence", "sort", "by", "kept at", "sha-256"), "left")
        rows = [(e.evidence, e.sort, reader.person(e.by), e.kept_at, e.sha256[:16]) for e in case.evidence]
        yield table("Evidence", columns, rows)
    for hearing in (*case.hearings, *([case.hearing] if case.hearing else [])):
        votes = {vote.member: vote for vote in hearing.votes}
        seats: list[tuple[object, ...]] = [
            (reader.person(seat.member), seat.seat, vote and in_short(vote.ruling), vote and vote.opinion)
            for seat in hearing.seated
            for vote in (votes.get(seat.member),)
        ]
        seats += [(reader.person(member), "recused", None, None) for member in hearing.recused]
        columns = dict.fromkeys(("member", "seat", "votes for", "reason"), "left")
        yield table(f"Hearing {hearing.number}", columns, seats)
    if case.decision:
        yield from ruling_said(case, reader)


def about_it(row: CaseRow, case: Case, reader: Reader) -> RenderableType:
    hearing = case.hearing
    deadlines = [
        ("to be accepted by", case.filing.accept_by if case.status == "filed" and case.filing else None),
        ("evidence until", case.evidence_until),
        ("to be decided by", hearing.decide_by if hearing else None),
        ("to be appealed by", case.decision.appeal_until if case.decision and not case.appeal else None),
        ("final since", row.final_at),
        ("carried out", row.executed_at),
    ]
    return pairs(
        f"Case {row.case}: {row.status}",
        [
            ("claim", row.claim),
            ("parties", ", ".join(reader.person(each) or each for each in row.parties)),
            ("about", ", ".join(f"{name} {value}" for name, value in row.matter.items())),
            ("should have been", money(row.expected, row.currency)),
            ("was", money(row.actual, row.currency)),
            ("heard by", row.policy),
            *((what, when(at, reader.zone)) for what, at in deadlines if at),
        ],
    )


def ruling_said(case: Case, reader: Reader) -> Iterator[RenderableType]:
    decision = case.decision
    assert decision, "there is a ruling to tell"
    ground = f"{decision.ruling.ground.by} {decision.ruling.ground.cites or ''}".strip()
    yield pairs(
        f"Ruling: {decision.ruling.finding}, by {decision.cause}",
        [
            ("effective from", when(decision.ruling.effective_from, reader.zone)),
            ("ground", ground),
            ("changes", in_short(decision.ruling)),
            ("for it", ", ".join(reader.person(each) or each for each in decision.carried)),
            ("otherwise", ", ".join(reader.person(each) or each for each in decision.dissent)),
            ("made at position", decision.position),
            ("policy", f"{decision.policy} {decision.policy_hash[:16]}"),
            ("engine", decision.engine),
            ("digest", decision.digest),
        ],
    )
    if decision.predicted:
        yield amounts("Predicted, over the whole contract", decision.predicted, reader)
    if case.executed and case.executed.amounts:
        yield amounts("As carried out", case.executed.amounts, reader)


def amounts(title: str, predicted: Iterable[Predicted], reader: Reader) -> RenderableType:
    columns: dict[str, Justify] = {
        "deal": "left",
        "payee": "left",
        "before": "right",
        "after": "right",
        "change": "right",
    }
    rows = [
        (each.deal, reader.person(each.payee) or "nobody", *(sums(n, each) for n in (each.before, each.after)), sums(each.after - each.before, each))
        for each in predicted
    ]  # fmt: skip
    return table(title, columns, rows)


def sums(amount: int, of: Predicted) -> str:
    return f"{major(amount, of.currency)} {of.currency}" if of.currency else f"{amount} bps of the pool"


def in_short(ruling: Ruling) -> str:
    """The finding, and each remedy in a few words."""
    told = []
    for remedy in ruling.remedies:
        fields = remedy.model_dump(mode="json", exclude_none=True, exclude={"remedy", "effective_from"})
        words = ", ".join(f"{name} {value}" for name, value in fields.items() if name != "parts")
        parts = " ".join(f"{part['rep']} {part['bps']}" for part in fields.get("parts", ()))
        since = f" from {remedy.effective_from:%Y-%m-%d}" if remedy.effective_from else ""
        told.append(f"{remedy.remedy} ({words}{': ' + parts if parts else ''}){since}")
    told += [f"{each.rep} loses {each.points} points ({each.clause})" for each in ruling.censures]
    return f"{ruling.finding}: {'; '.join(told)}" if told else ruling.finding
