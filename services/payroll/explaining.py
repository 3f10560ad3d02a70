"""Why a statement, or a month, comes to what it does: row by row down to events, plan versions and rounding steps."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from heapq import nsmallest
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from domain.money import WHOLE, converted, major
from domain.payroll.facts import Totals
from domain.policy.terms import ClawbackTerms
from projections.explain import Explained, Reason, explain_line
from projections.statements import StatementRow, StatementSums
from services.payroll.difference import TOLD
from services.payroll.payouts import outcomes
from services.payroll.payouts import told as payout_told
from services.payroll.statements import Opened

STEPS_OF: Final = 12
"""Of how many lines the steps are told at once; those of the rest are asked for by the line."""

STATES: Final = {
    "closed": "",
    "settled": ", which was settled elsewhere",
    "preview": ", as it would be closed now",
}

ZONE: Final = "SELECT version->>'time_zone' FROM commission_plan WHERE policy = %s"

SOURCE: Final = "SELECT rate, source FROM payroll_rate WHERE position = %s"

STILL_HELD: Final = (
    "SELECT d.position || '.' || d.number, d.\"case\", d.clause, l.amount, l.currency, l.deal, d.position FROM held_line d"
    " JOIN commission_line l USING (position, number) WHERE l.payee = %s AND d.released IS NULL ORDER BY d.position, d.number"
)


def explain_statement(found: Opened, payee: str, terms: ClawbackTerms) -> Iterator[Explained]:
    """A payee's statements of a month, one a currency; where there is none, why."""
    sums = list(found.sums(payee))
    rows = list(found.rows(payee))
    for each in sums:
        told = list(reasons(found, each, rows, terms))
        told += paid(found, each)
        yield Explained(found.heading.position, about(found, payee), int(each.payable), each.currency, told)
    if not sums:
        yield Explained(found.heading.position, about(found, payee), 0, None, list(why_none(found, payee)))


def paid(found: Opened, sums: StatementSums) -> Iterator[Reason]:
    """Whether what a closed month's statement pays was paid."""
    if found.heading.state == "preview" or not sums.payable:
        return
    payout = outcomes(found, sums.payee).get((sums.currency, sums.payee))
    zone = found.connection.execute(ZONE, [found.heading.policy]).fetchone() or ("UTC",)
    yield Reason(payout_told(payout, found.heading.state, ZoneInfo(zone[0])), None, "payroll/payout")


def about(found: Opened, payee: str) -> str:
    return f"{payee or 'nobody'} for {found.heading.period}{STATES[found.heading.state]}"


def reasons(found: Opened, sums: StatementSums, rows: Sequence[StatementRow], terms: ClawbackTerms) -> Iterator[Reason]:
    """Each row of one statement as a sentence, then how they come to what is paid and carried. `rows` are all of the payee's."""
    steps = 0
    for row in (each for each in rows if each.currency == sums.currency):
        yield from told(row)
        if row.section == "conversion":
            yield conversion(found.connection, row, rows)
        if row.section in ("accrual", "adjustment") and row.line and steps < STEPS_OF:
            steps += 1
            yield from steps_of(found.connection, row.line)
    yield from reckoned(found, sums, terms)


def told(row: StatementRow) -> Iterator[Reason]:
    """What a row says; nothing of the results, which are told together."""
    amount = money(int(row.amount), row.currency)
    where = f"for {row.role} of payment {row.payment} of deal {row.deal} (line {row.line})"
    clause = f"{row.policy}/commission/roles/{row.role}"
    match row.section:
        case "opening":
            yield Reason(
                f"{amount} was carried from the month before: paid earlier, due no longer, not yet taken back."
            )
        case "accrual":
            yield Reason(f"{amount} {where}, because of a {row.cause}.", row.position, clause)
        case "adjustment":
            why = TOLD.get(row.cause or "", f"{row.cause} of {{period}}").format(period=row.corrects_period)
            corrected = (
                f"line {row.corrects_line} of {row.corrects_period}" if row.corrects_line else row.corrects_period
            )
            yield Reason(f"{amount} {where}: {why}. It corrects {corrected}.", row.position, clause)
        case "clawback":
            text = f"{amount} of it was paid by line {row.corrects_line} of {row.corrects_period}, too long ago to be taken back"
            yield Reason(f"{text}: the company bears it.", None, f"{row.policy}/payroll/clawback/window")
        case "hold" if row.case:
            yield Reason(f"{amount} {where} waits for case {row.case}.", row.position, row.cause)
        case "hold":
            yield Reason(f"{amount} {where} was earned by nobody, so nobody is paid it.", row.position, clause)
        case "release":
            text = f"{amount} {where}, held since {row.corrects_period}, is let go by case {row.case}."
            yield Reason(text, row.position, row.cause)
        case "owed" if row.cause == "raised":
            text = (
                f"{amount} was paid by line {row.corrects_line} of {row.corrects_period} and is due no longer: a debt."
            )
            yield Reason(text, None, f"{row.policy}/payroll/clawback")
        case _:
            return


def conversion(connection: Connection[Any], row: StatementRow, rows: Sequence[StatementRow]) -> Reason:
    """What was paid in another currency: the rate, who published it where, and the rounding step."""
    both = [each for each in rows if each.section == "conversion" and each.position == row.position]
    given, got = sorted(both, key=lambda each: each.amount)
    rate, source = connection.execute(SOURCE, [row.position]).fetchone() or ("", "")
    comes_to, exact = converted(-int(given.amount), given.currency, got.currency, rate)
    text = (
        f"{money(-int(given.amount), given.currency)} is paid as {money(comes_to, got.currency)}, at {rate} ({source}):"
    )
    text += f" {decimal(exact)} minor units of {got.currency}, rounded to the nearest, a half up."
    return Reason(text, row.position, f"payroll/rate/{given.currency}/{got.currency}")


def decimal(exact: Fraction) -> str:
    """A fraction whose denominator divides a power of ten, in digits.

    >>> decimal(Fraction(356205617, 5000)), decimal(Fraction(7))
    ('71241.1234', '7')
    """
    return f"{Decimal(exact.numerator) / exact.denominator:f}"


def steps_of(connection: Connection[Any], line: str) -> Iterator[Reason]:
    """The steps of a line after what it is: pool, share, floor and leftover unit, who holds the role and why."""
    explained = explain_line(connection, line)
    yield from explained.reasons[1:] if explained else ()


def reckoned(found: Opened, sums: StatementSums, terms: ClawbackTerms) -> Iterator[Reason]:
    """How the flows come to what is paid and what is carried."""
    flows = {
        "accruals": sums.accrual,
        "adjustments": sums.adjustment,
        "taken as a debt instead": sums.raised,
        "borne by the company": sums.borne,
        "held": sums.hold,
        "released": sums.release,
    }
    named = ", ".join(f"{name} {money(int(amount), sums.currency)}" for name, amount in flows.items() if amount)
    earned = int(sum(flows.values()))
    yield Reason(f"{named or 'Nothing moved'}: together {money(earned, sums.currency)}.")
    if debt := int(sums.raised - sums.opening):
        text = f"{money(debt, sums.currency)} is owed of earlier months. At most {terms.cap * 100 / WHOLE:g} % of"
        text += f" {money(max(earned, 0), sums.currency)} settles it: {money(int(sums.offset), sums.currency)}."
        yield Reason(text, None, f"{found.heading.policy}/payroll/clawback/cap")
    on = "elsewhere, before" if found.heading.state == "settled" else f"on {found.heading.pay_day.isoformat()}"
    paid = f"{money(int(sums.payable), sums.currency)} is paid {on}"
    carried = f", and {money(int(sums.closing), sums.currency)} is carried" if sums.closing else ""
    left = ". The payee has left, so it is a receivable" if sums.gone and sums.closing else ""
    yield Reason(f"{paid}{carried}{left}.", None, f"{found.heading.policy}/payroll")


def why_none(found: Opened, payee: str) -> Iterator[Reason]:
    """Why a payee has no statement: nothing came in for them, and what there is may wait."""
    position = found.heading.position
    text = f"Nothing between positions {found.since + 1} and {position} earned {payee} anything, or changed what was earned."
    yield Reason(f"{text} Nothing was owed either.")
    for line, case, clause, amount, currency, deal, at in found.connection.execute(STILL_HELD, [payee]):
        waits = f"Line {line} of deal {deal}, {money(int(amount), currency)}, waits for case {case}."
        yield Reason(waits, at, clause)
    yield Reason(f"Which deals concern {payee}, and what is missing in each: salesledger explain {payee}.")


def explain_total(found: Opened, totals: Totals) -> Explained:
    """A month's total in one currency, section by section, and who has most of it."""
    told = [
        Reason(f"{name}: {money(amount, totals.currency)}.")
        for name, amount in (
            ("Carried from the month before", totals.opening),
            ("Accruals", totals.accrual),
            ("Adjustments of closed months", totals.adjustment),
            ("Borne by the company", totals.clawback),
            ("Held", totals.hold),
            ("Released", totals.release),
            ("Paid in, or from, another currency", totals.conversion),
            ("Paid", totals.payable),
            ("Carried to the next month", totals.closing),
        )
        if amount
    ]
    ours = (each for each in found.sums() if each.currency == totals.currency)
    for each in nsmallest(STEPS_OF, ours, key=lambda each: (-each.payable, each.payee)):
        text = f"{each.payee or 'nobody'} has {money(int(each.payable), each.currency)} of it"
        told.append(Reason(f"{text}: salesledger explain {each.payee} --period {each.period}."))
    heading = found.heading
    subject = f"all statements of {heading.period} up to position {heading.position}, digest {heading.digest[:16]}"
    return Explained(heading.position, subject, totals.payable, totals.currency, told)


def money(amount: int, currency: str) -> str:
    return f"{major(amount, currency)} {currency}"
