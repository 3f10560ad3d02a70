"""Disputes as they stand: where each has come to, whose turn it is, and by when."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, cast

from psycopg import Connection

from domain.case.agenda import next_steps
from domain.case.course import Status
from domain.case.facts import CaseFact, DisputeFiled
from domain.fact import OfCase
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from domain.streams import CaseStream, evolve_case
from projections.desk import Desk, Shelf
from projections.reading import Found, Page, bounded, instant, page
from projections.table import Table

CASES_AT_HAND: Final = 2_000
"""How many cases are kept folded between batches."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as the last of its facts left it, at `position`; amounts in minor units.

    `turns` are everybody's next steps, each `who`, `do` and `by` (ISO 8601, or None), the earliest first. What the clock has
    to say since then is not in it: a deadline that has passed shows as one.
    """

    case: str
    status: Status
    filed_at: datetime
    by: str
    parties: list[str]
    customer: str | None
    deal: str | None
    matter: dict[str, Any]
    claim: str
    expected: int
    actual: int
    currency: str
    policy: str
    hearing: int
    members: list[str]
    votes: int
    evidence: int
    finding: str | None
    cause: str | None
    final_at: datetime | None
    executed_at: datetime | None
    turns: list[dict[str, str | None]]
    position: int


@dataclass(frozen=True, slots=True)
class TermsRow:
    policy: str
    version: dict[str, Any]


CASE: Final = Table("case_state", CaseRow, key=("case",), indexes=('(status, "case")',))
TERMS: Final = Table("case_terms", TermsRow, key=("policy",))


class Cases:
    name: ClassVar[str] = "cases"
    version: ClassVar[int] = 1
    money: ClassVar[bool] = False
    tables: ClassVar[tuple[Table[Any], ...]] = (CASE, TERMS)

    def __init__(self) -> None:
        self.cases: OrderedDict[str, CaseStream] = OrderedDict()
        self.policies: dict[str, PolicyVersion] = {}

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        self._bring(batch, desk)
        terms, rows = self._terms(batch, desk), desk.load(CASE, ((r.fact.case,) for r in of_cases(batch)))
        for recorded in batch:
            fact = recorded.fact
            if isinstance(fact, PolicyPublished) and fact.version.disputes:
                self.policies[fact.policy] = fact.version
                terms.put(TermsRow(fact.policy, fact.version.model_dump(mode="json")))
            if isinstance(fact, OfCase):
                stream = evolve_case(self.cases[recorded.stream], fact, recorded.position)
                self.cases[recorded.stream] = stream
                rows.put(self._row(stream))
        while len(self.cases) > CASES_AT_HAND:
            self.cases.popitem(last=False)

    def _row(self, stream: CaseStream) -> CaseRow:
        case, filing = stream.case, stream.case.filing
        assert filing, "a dispute is filed before anything else"
        terms = self.policies[filing.policy].disputes
        assert terms, "a case is heard where disputes are regulated"
        hearing, decision = case.hearing, case.decision
        return CaseRow(
            case=filing.case,
            status=case.status,
            filed_at=filing.at,
            by=filing.by,
            parties=list(filing.parties),
            customer=getattr(filing.matter, "customer", None),
            deal=filing.matter.deal,
            matter=filing.matter.model_dump(mode="json", exclude_none=True),
            claim=filing.claim,
            expected=filing.expected,
            actual=filing.actual,
            currency=filing.currency,
            policy=filing.policy,
            hearing=hearing.number if hearing else len(case.hearings),
            members=list(hearing.members if hearing else case.hearings[-1].members if case.hearings else ()),
            votes=len(hearing.votes if hearing else case.hearings[-1].votes if case.hearings else ()),
            evidence=len(case.evidence),
            finding=decision.ruling.finding if decision else None,
            cause=decision.cause if decision else None,
            final_at=case.final.at if case.final else None,
            executed_at=case.executed.at if case.executed else None,
            turns=[
                {"who": step.who, "do": step.do, "by": step.by.isoformat() if step.by else None}
                for step in next_steps(case, terms.panel)
            ],
            position=case.position,
        )

    def _bring(self, batch: Sequence[Recorded], desk: Desk) -> None:
        """Have every case of the batch at hand as it was before; from the log where it is not."""
        first: dict[str, int] = {}
        for recorded in of_cases(batch):
            first.setdefault(recorded.stream, recorded.version)
        missing = [
            (stream, version)
            for stream, version in first.items()
            if stream not in self.cases or self.cases[stream].version != version - 1
        ]
        for stream, history in desk.log.before(desk.connection, missing).items():
            folded = CaseStream()
            for recorded in history:
                folded = evolve_case(folded, cast(CaseFact, recorded.fact), recorded.position)
            self.cases[stream] = folded
        for stream in first:
            self.cases.move_to_end(stream)

    def _terms(self, batch: Sequence[Recorded], desk: Desk) -> Shelf[TermsRow]:
        """Have the policies at hand by which the batch's cases are heard."""
        wanted = {r.fact.policy for r in batch if isinstance(r.fact, DisputeFiled | PolicyPublished)}
        filings = (self.cases[r.stream].case.filing for r in of_cases(batch))
        wanted |= {filing.policy for filing in filings if filing}
        shelf = desk.load(TERMS, ((policy,) for policy in wanted))
        for row in list(shelf.rows.values()):
            if row:
                self.policies.setdefault(row.policy, PolicyVersion.model_validate(row.version))
        return shelf


def of_cases(batch: Sequence[Recorded]) -> Iterator[Any]:
    return (recorded for recorded in batch if isinstance(recorded.fact, OfCase))


def cases(
    connection: Connection[Any],
    *,
    who: str | None = None,
    due: datetime | None = None,
    status: str | None = None,
    deal: str | None = None,
    limit: int = 200,
    after: tuple[Any, ...] | None = None,
) -> Page[CaseRow]:
    """Cases by their id: those in which it is somebody's turn (`who`), in which a step is due by a time, or all."""
    turn = "(%(who)s::text IS NULL OR t->>'who' = %(who)s)"
    soon = "(%(due)s::timestamptz IS NULL OR (t->>'by')::timestamptz <= %(due)s)"
    asked = "%(who)s::text IS NULL AND %(due)s::timestamptz IS NULL"
    columns = ", ".join(f'"{column}"' for column in CASE.columns)
    statement = (
        f'SELECT {columns} FROM case_state WHERE "case" > %(after)s'  # noqa: S608 (our own words)
        f" AND ({asked} OR EXISTS (SELECT 1 FROM jsonb_array_elements(turns) t WHERE {turn} AND {soon}))"
        " AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(deal)s::text IS NULL OR deal = %(deal)s)"
        ' ORDER BY "case" LIMIT %(limit)s'
    )
    given = {"who": who, "due": due, "status": status, "deal": deal, "after": (after or ("",))[0]}
    with instant(connection, Cases) as position:
        rows = [
            CASE.read(row) for row in connection.execute(statement.encode(), {**given, "limit": bounded(limit) + 1})
        ]
    return page(position, rows, limit, lambda row: (row.case,))


def case_of(connection: Connection[Any], case: str) -> Found[CaseRow]:
    """One case by its id."""
    columns = ", ".join(f'"{column}"' for column in CASE.columns)
    statement = f'SELECT {columns} FROM case_state WHERE "case" = %s'  # noqa: S608 (our own words)
    with instant(connection, Cases) as position:
        row = connection.execute(statement.encode(), [case]).fetchone()
    return Found(position, CASE.read(row) if row else None)
