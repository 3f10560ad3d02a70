"""What a person should look at before a month is closed. Nothing of it forbids the closing; all of it needs a reason."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from psycopg import Connection, sql

from domain.money import WHOLE, major
from domain.payroll.facts import Payroll, Period, Unusual
from domain.policy.terms import PayrollTerms
from services.payroll.statements import Opened

NAMED: Final = 5
"""How many of those concerned a finding names; `payroll statement` and `lines` list the rest."""

MONTHS_COMPARED: Final = 3

WITHOUT_PAYEE: Final = (
    "SELECT deal, -amount, currency FROM {rows} WHERE section = 'hold' AND payee = '' ORDER BY number"
)

LEFT: Final = (
    "SELECT payee, payable + closing, currency FROM {sums} WHERE gone AND (payable <> 0 OR closing <> 0)"
    " ORDER BY payee, currency"
)

NEGATIVE: Final = "SELECT payee, closing, currency FROM {sums} WHERE closing < 0 ORDER BY payee, currency"

OPEN_CASES: Final = (
    "SELECT \"case\" || ' on ' || payee, -sum(amount), currency FROM {rows} WHERE section = 'hold' AND payee <> ''"
    ' GROUP BY "case", payee, currency ORDER BY "case", payee, currency'
)

UNATTRIBUTED: Final = (
    "SELECT r.deal || ' ' || r.payment, r.amount - coalesce(b.amount, 0), r.currency FROM payment_receipt r"
    " LEFT JOIN (SELECT deal, payment, sum(amount) AS amount FROM payment_refund WHERE position <= {until} GROUP BY 1, 2) b"
    "   USING (deal, payment)"
    " WHERE r.position > {since} AND r.position <= {until} AND r.amount > coalesce(b.amount, 0)"
    " AND NOT EXISTS (SELECT 1 FROM commission_line l WHERE l.payment = r.payment AND l.deal = r.deal AND l.position <= {until})"
    " ORDER BY r.position"
)

EARLIER: Final = (
    "SELECT deal || ' ' || payment, sum(amount), currency FROM {rows} WHERE section = 'accrual' AND cause = 'payment'"
    " AND occurred_at < {begins} GROUP BY deal, payment, currency ORDER BY deal, payment"
)

ASKED: Final = (
    (
        "earlier-receipts",
        EARLIER,
        "receipts of months that were never closed (paid by another system? Close the last of those with --settled-elsewhere)",
    ),
    ("lines-without-payee", WITHOUT_PAYEE, "lines that nobody earned, held back"),
    ("people-who-left", LEFT, "statements of people who have left"),
    ("negative-balances", NEGATIVE, "statements that end with something owed"),
    ("open-cases", OPEN_CASES, "payees of whom an open case holds lines back"),
    ("receipts-without-attribution", UNATTRIBUTED, "receipts of which nothing is attributed"),
)


OF_HELD_LINES: Final = (WITHOUT_PAYEE, OPEN_CASES)


def unusual(found: Opened, period: Period, payroll: Payroll, terms: PayrollTerms, now: datetime) -> tuple[Unusual, ...]:
    """Everything unusual about an open period's statements, in a fixed order."""
    return (
        *not_over(period, now),
        *(each for kind, statement, told in asked_of(found) for each in listed(found, period, kind, statement, told)),
        *jumps(found, payroll, terms),
        *differing(found.connection),
    )


def asked_of(found: Opened) -> Iterator[tuple[str, str, str]]:
    """What there is to ask, of held lines only where there are any, of earlier months only before the first closing."""
    held = found.counted is None or "hold" in found.counted.sections
    left_out = (*(() if held else OF_HELD_LINES), *((EARLIER,) if found.since else ()))
    return (each for each in ASKED if each[1] not in left_out)


def not_over(period: Period, now: datetime) -> Iterator[Unusual]:
    if now < period.opening.ends:
        told = f"the month is not over until {period.opening.ends.isoformat()}"
        yield Unusual(kind="month-not-over", count=1, told=told)


def listed(found: Opened, period: Period, kind: str, statement: str, told: str) -> Iterator[Unusual]:
    asked = sql.SQL(statement).format(
        rows=found.shelves.rows,
        sums=found.shelves.sums,
        begins=sql.Literal(period.opening.begins),
        since=sql.Literal(found.since),
        until=sql.Literal(found.heading.position),
    )
    count, named = 0, list[str]()
    with found.connection.cursor("unusual") as cursor:
        cursor.execute(asked)
        while rows := cursor.fetchmany(1_000):
            named += [f"{who} {major(int(amount), currency)} {currency}" for who, amount, currency in rows][
                : NAMED - len(named)
            ]
            count += len(rows)
    if count:
        more = f" and {count - NAMED} more" if count > NAMED else ""
        yield Unusual(kind=kind, count=count, told=f"{count} {told}: {', '.join(named)}{more}")


def jumps(found: Opened, payroll: Payroll, terms: PayrollTerms) -> Iterator[Unusual]:
    """Totals that differ from the mean of the months before by more than the policy's part of it."""
    before = list(payroll.closed())[-MONTHS_COMPARED:]
    if not before:
        return
    now = {each.currency: each.payable for each in found.heading.sums}
    then = [{each.currency: each.payable for each in closing.totals} for closing in before]
    for currency in sorted({*now, *(name for totals in then for name in totals)}):
        earlier = sum(totals.get(currency, 0) for totals in then)
        payable = now.get(currency, 0)
        if abs(payable * len(then) - earlier) * WHOLE > terms.unusual_jump * earlier:
            mean = major(earlier // len(then), currency)
            told = f"{major(payable, currency)} {currency} would be paid, after {mean} {currency} a month before"
            yield Unusual(kind="total-jumps", count=1, told=told)


def differing(connection: Connection[Any]) -> Iterator[Unusual]:
    """Closed periods whose statements are not those that their closing pinned."""
    for (period,) in connection.execute("SELECT period FROM payroll_closing WHERE digest <> found ORDER BY period"):
        yield Unusual(kind="digest-differs", count=1, told=f"the statements of {period} are not those that were closed")
