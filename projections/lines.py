"""Commission lines: what `attribute` says of every deal, booked as the difference to what was booked before.

Nothing is ever edited: a refund, a ruling or a sharing agreement books what it changes, under its own cause. So the lines of
a deal always sum, by payment, role and payee, to what `attribute` says of the deal as it stands.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, cast

from psycopg import Connection

from domain.commission import attribute
from domain.contract.facts import ContractSigned
from domain.fact import OfCustomer, OfDeal, OfOrganisation, OfPayee, OfPayroll, OfSubject
from domain.facts import DealStreamFact
from domain.payroll.facts import PeriodClosed
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from domain.streams import DealStream, evolve_deal
from projections import periods
from projections.booking import BookedLine, Difference, LineKey, booked_line, cause_of
from projections.closing import Arranged
from projections.converting import RATE
from projections.desk import Desk
from projections.reading import Found, Page, bounded, instant, page
from projections.statements import TABLES
from projections.table import Table

DEALS_AT_HAND: Final = 5_000
"""How many deals are kept folded between batches."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    policy: str
    version: dict[str, Any]


LINE: Final = Table(
    "commission_line",
    BookedLine,
    key=("position", "number"),
    kept="appended",
    indexes=(
        "(deal, position, number)",
        "(payee, position, number)",
        "(period, position, number)",
        "(payment, position, number)",
    ),
)
PLAN: Final = Table("commission_plan", PlanRow, key=("policy",))


@dataclass(slots=True)
class DealAtHand:
    """A deal folded up to a version, and what is booked of it, by the lines' keys in minor units."""

    stream: DealStream = field(default_factory=DealStream)
    booked: dict[LineKey, int] = field(default_factory=dict)


class Lines:
    name: ClassVar[str] = "lines"
    version: ClassVar[int] = 3
    money: ClassVar[bool] = True
    tables: ClassVar[tuple[Table[Any], ...]] = (LINE, PLAN, RATE, *TABLES)

    def __init__(self) -> None:
        self.kept: Arranged | None = None
        """Statements that whoever closes the period has arranged and written down, in the transaction that folds the closing."""
        self.deals: OrderedDict[str, DealAtHand] = OrderedDict()
        self.plans: dict[str, PolicyVersion] = {}

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        self._bring(batch, desk)
        self._plans(batch, desk)
        for recorded in batch:
            match recorded.fact:
                case PolicyPublished() as fact:
                    self.plans[fact.policy] = fact.version
                    desk.open(PLAN).put(PlanRow(fact.policy, fact.version.model_dump(mode="json")))
                case OfDeal():
                    before = self.deals[recorded.stream].stream.holds
                    for line in self._booked(recorded):
                        desk.open(LINE).append(line)
                    periods.hold(recorded, before, self.deals[recorded.stream].stream.holds, desk)
                case OfPayroll():
                    periods.open_or_close(recorded, desk, LINE, self.plans, self.kept)
                case OfOrganisation():
                    periods.come_or_go(recorded, desk)
                case OfCustomer() | OfSubject() | OfPayee():
                    continue
        while len(self.deals) > DEALS_AT_HAND:
            self.deals.popitem(last=False)

    def _booked(self, recorded: Recorded) -> Iterator[BookedLine]:
        """Fold a fact into its deal, and book the difference that it makes."""
        at_hand = self.deals[recorded.stream]
        fact = cast(DealStreamFact, recorded.fact)
        at_hand.stream = evolve_deal(at_hand.stream, fact, recorded.position)
        cause, signing = cause_of(recorded), at_hand.stream.contract.signing
        if cause is None or signing is None:
            return
        plan = self.plans[signing.policy]
        now = {line.key: line for line in attribute(at_hand.stream, plan)}
        number = 0
        for key in [*now, *(key for key in at_hand.booked if key not in now)]:
            difference = Difference(key, at_hand.booked.get(key, 0), now.get(key))
            if difference.due != difference.before:
                number += 1
                yield booked_line(recorded, number, cause, difference, signing, plan)
                at_hand.booked[key] = difference.due

    def _bring(self, batch: Sequence[Recorded], desk: Desk) -> None:
        """Have every deal of the batch at hand as it was before; from the log and the lines where it is not."""
        first: dict[str, int] = {}
        for recorded in batch:
            if isinstance(recorded.fact, OfDeal):
                first.setdefault(recorded.stream, recorded.version)
        missing: list[tuple[str, int]] = []
        for stream, version in first.items():
            at_hand = self.deals.get(stream)
            if at_hand is None or at_hand.stream.version != version - 1:
                self.deals[stream] = DealAtHand()
                if version > 1:
                    missing.append((stream, version))
            self.deals.move_to_end(stream)
        for stream, history in desk.log.before(desk.connection, missing).items():
            for recorded in history:
                fact = cast(DealStreamFact, recorded.fact)
                at_hand = self.deals[stream]
                at_hand.stream = evolve_deal(at_hand.stream, fact, recorded.position)
        for deal, *key, amount in booked_before(desk, [stream for stream, _ in missing]):
            self.deals[f"deal/{deal}"].booked[cast(LineKey, tuple(key))] = int(amount)

    def _plans(self, batch: Sequence[Recorded], desk: Desk) -> None:
        """Have the plans at hand that contracts in the batch have pinned, and by which its months are closed."""
        wanted = {r.fact.policy for r in batch if isinstance(r.fact, ContractSigned | PeriodClosed)}
        deals = (self.deals[r.stream].stream for r in batch if isinstance(r.fact, OfDeal))
        wanted |= {deal.contract.signing.policy for deal in deals if deal.contract.signing}
        published = {r.fact.policy for r in batch if isinstance(r.fact, PolicyPublished)}
        shelf = desk.load(PLAN, ((policy,) for policy in {*wanted - self.plans.keys(), *published}))
        for row in list(shelf.rows.values()):
            if row:
                self.plans[row.policy] = PolicyVersion.model_validate(row.version)


def booked_before(desk: Desk, streams: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    if not streams:
        return iter(())
    return desk.select(
        LINE,
        "SELECT deal, payment, role, of, payee, sum(amount) FROM {} WHERE deal = ANY(%s) GROUP BY 1, 2, 3, 4, 5"
        " ORDER BY min(position), min(number)",
        [[stream.removeprefix("deal/") for stream in streams]],
    )


def lines(
    connection: Connection[Any],
    *,
    deal: str | None = None,
    payment: str | None = None,
    payee: str | None = None,
    period: str | None = None,
    limit: int = 200,
    after: tuple[Any, ...] | None = None,
) -> Page[BookedLine]:
    """Booked lines in the order of booking, of a deal, a payment, a payee, a month `YYYY-MM`, or all."""
    asked = {"deal": deal, "payment": payment, "payee": payee, "period": period}
    given = {column: value for column, value in asked.items() if value is not None}
    where = "".join(f" AND {column} = %({column})s" for column in given)
    statement = (
        f"SELECT {', '.join(LINE.columns)} FROM commission_line"  # noqa: S608 (our own words)
        f" WHERE (position, number) > (%(position)s, %(number)s){where} ORDER BY position, number LIMIT %(limit)s"
    )
    position, number = after or (0, 0)
    parameters = {**given, "position": position, "number": number, "limit": bounded(limit) + 1}
    with instant(connection, Lines) as true_until:
        rows = [LINE.read(row) for row in connection.execute(statement.encode(), parameters)]
    return page(true_until, rows, limit, lambda row: (row.position, row.number))


def line(connection: Connection[Any], name: str) -> Found[BookedLine]:
    """One line by its id, such as `42.1`. Raises `ValueError` for what is no id."""
    position, _, number = name.partition(".")
    statement = f"SELECT {', '.join(LINE.columns)} FROM commission_line WHERE position = %s AND number = %s"  # noqa: S608 (our own words)
    with instant(connection, Lines) as true_until:
        row = connection.execute(statement.encode(), [int(position), int(number or 1)]).fetchone()
    return Found(true_until, LINE.read(row) if row else None)
