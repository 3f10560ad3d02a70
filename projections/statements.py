"""The tables that statements stand in: the periods, one row a statement with its sums, and its rows in their one order.

They belong to the read model of the commission lines, and are arranged when a closing is folded; see `closing`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from projections.table import Sum, Table

SCHEMA_VERSION: Final = 1
"""The version of a statement's rows: it rises whenever a column or the meaning of one changes."""

NOBODY: Final = ""
"""The payee of what nobody earned: no role is held, nor any that it falls to. It is held back, never paid."""

Section = Literal[
    "opening", "accrual", "adjustment", "clawback", "hold", "release", "conversion", "payable", "closing", "owed",
]  # fmt: skip

FLOWS: Final[tuple[Section, ...]] = ("opening", "accrual", "adjustment", "clawback", "hold", "release", "conversion")
"""What comes in and goes out. Signed: what is taken back, offset or held is negative."""

RESULTS: Final[tuple[Section, ...]] = ("payable", "closing")
"""What is paid, and what carries forward (zero or negative)."""

SECTIONS: Final[tuple[Section, ...]] = (*FLOWS, *RESULTS, "owed")
"""`owed` is beside the sum: how the debt moved that `opening` and `closing` carry, `raised` up and `offset` down."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One row of a statement; `amount` is signed, in minor units of `currency` (ISO 4217).

    `payee` is `NOBODY` where nobody holds the role. `cause` says why: of an accrual or adjustment that of the commission
    line, or `late` for what happened in a month that was closed already; of a clawback `borne`: an adjustment takes back what
    was paid too long ago, so the company bears it; of owed `raised` (paid earlier, due no longer) or `offset` (settled by this
    month's pay, negative); of a hold or release the clause; of a conversion the rate, with the position of its event; of closing `receivable` where the payee has left, otherwise None. `line` is the id of
    the commission line (`position.number`), `position` that of its event. An adjustment names the earlier line that it corrects
    and the period in which that stood. Sums have no deal, and everything that does not apply is None.
    """

    period: str
    number: int
    payee: str
    currency: str
    section: Section
    amount: Sum
    deal: str | None = None
    customer: str | None = None
    payment: str | None = None
    role: str | None = None
    of: str | None = None
    cause: str | None = None
    line: str | None = None
    position: int | None = None
    occurred_at: datetime | None = None
    recorded_at: datetime | None = None
    corrects_line: str | None = None
    corrects_period: str | None = None
    case: str | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class StatementSums:
    """A statement's sums in minor units, as `domain.settlement` has them; `gone` says that the payee had left by then.

    What would be paid in this currency and is paid in another is `conversion`, negative here and positive there.
    """

    period: str
    currency: str
    payee: str
    gone: bool
    opening: Sum
    accrual: Sum
    adjustment: Sum
    raised: Sum
    borne: Sum
    offset: Sum
    hold: Sum
    release: Sum
    payable: Sum
    closing: Sum
    conversion: Sum = 0


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A month as it was opened; `position` is that of its opening."""

    period: str
    policy: str
    begins: datetime
    ends: datetime
    pay_day: date
    position: int


@dataclass(frozen=True, slots=True)
class ClosingRow:
    """What a closing at `position` pinned: lines after `since` and up to `until`. `found` is the digest that they have."""

    period: str
    position: int
    since: int
    until: int
    closed_at: datetime
    recorded_at: datetime
    digest: str
    found: str
    pinned: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HoldRow:
    """Lines of a deal that a case holds back since an event; None stands for every payment, role or payee."""

    position: int
    deal: str
    case: str
    payment: str | None
    role: str | None
    payee: str | None
    clause: str


@dataclass(frozen=True, slots=True)
class LiftedRow:
    """The end of a hold, by an event."""

    hold: int
    position: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A line that a closing held out, and the period whose closing let it in again; None: it is held still."""

    position: int
    number: int
    period: str
    case: str | None
    clause: str
    released: str | None


@dataclass(frozen=True, slots=True)
class ComingRow:
    """Someone coming to the organisation or leaving it, by an event."""

    position: int
    rep: str
    gone: bool


STATEMENT_ROW: Final = Table(
    "statement_row",
    StatementRow,
    key=("period", "currency", "payee", "number"),
    kept="appended",
)
STATEMENT: Final = Table(
    "statement", StatementSums, key=("period", "currency", "payee"), kept="appended", indexes=("(payee, period)",)
)
PERIOD: Final = Table("payroll_period", PeriodRow, key=("period",), kept="appended")
CLOSING: Final = Table("payroll_closing", ClosingRow, key=("period",), kept="appended")
HOLD: Final = Table("payout_hold", HoldRow, key=("position",), kept="appended", indexes=("(deal)",))
LIFTED: Final = Table("payout_hold_lifted", LiftedRow, key=("hold",), kept="appended")
HELD: Final = Table("held_line", HeldRow, key=("position", "number"), kept="state")
COMING: Final = Table("payee_coming", ComingRow, key=("position",), kept="appended", indexes=("(rep, position)",))

TABLES: Final[tuple[Table[Any], ...]] = (STATEMENT_ROW, STATEMENT, PERIOD, CLOSING, HOLD, LIFTED, HELD, COMING)
