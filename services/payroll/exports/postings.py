"""A statement as double entry: every row a posting, every statement a transaction that sums to zero.

What is earned is an expense, what is held and what is paid are owed, what carries forward is owed by the payee. What is paid in
another currency passes through equity in both, so that each statement is balanced in its own.
"""

import calendar
import re
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from services.payroll.exports.batches import money_text
from services.payroll.exports.text import joined, told_once
from services.payroll.statement import NOBODY, RESULTS

BESIDE: Final = "owed"
BETWEEN: Final = "\x1f"
PAYABLE: Final = "Liabilities:Commission:Payable:"
DETAILS: Final = ("deal", "payment", "role", "of", "cause", "line", "corrects_line", "corrects_period", "case")
"""What a posting says beside account and amount, where there is any."""

PLAIN: Final = re.compile(r"[^\W_](?:[^\W_]|-)*")


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows as postings. `begins` says which are the first of a statement; `amounts` are in whole units."""

    rows: pa.RecordBatch
    begins: pa.Array
    accounts: pa.Array
    amounts: pa.Array


class Books:
    """Turns batches into postings; knows across batches where a statement begins."""

    def __init__(self) -> None:
        self._last = ""

    def postings(self, rows: pa.RecordBatch) -> Postings | None:
        """The postings of a batch; None when it has no rows that belong into books."""
        kept = rows.filter(pc.not_equal(rows.column("section"), BESIDE))
        if not kept.num_rows:
            return None
        statements = pc.binary_join_element_wise(kept.column("currency"), kept.column("payee"), BETWEEN)
        before = pa.concat_arrays([pa.array([self._last], pa.string()), statements.slice(0, len(statements) - 1)])
        self._last = statements[-1].as_py()
        section, amount = kept.column("section"), kept.column("amount")
        result = pc.is_in(section, pa.array(RESULTS, pa.string()))
        signed = pc.if_else(result, pc.negate_checked(amount), amount)
        return Postings(
            rows=kept,
            begins=pc.not_equal(statements, before),
            accounts=accounts(kept),
            amounts=money_text(signed, kept.column("currency")),
        )


def accounts(rows: pa.RecordBatch) -> pa.Array:
    """The account of every row, below the five that every bookkeeping has."""
    section = rows.column("section")
    payee = pc.if_else(pc.equal(section, "payable"), rows.column("payee"), "")
    parts = [section, pc.fill_null(rows.column("role"), ""), pc.fill_null(rows.column("cause"), ""), payee]
    return told_once(pc.binary_join_element_wise(*parts, BETWEEN), account)


def account(key: str) -> str:
    section, role, cause, payee = key.split(BETWEEN)
    match section:
        case "accrual":
            return f"Expenses:Commission:{role_name(role)}"
        case "adjustment":
            return f"Expenses:Adjustments:{role_name(role)}"
        case "clawback":
            return "Expenses:Clawback-Borne" if cause == "borne" else "Assets:Commission:Clawback"
        case "conversion":
            return "Equity:Conversion"
        case "hold" | "release":
            return "Liabilities:Commission:Held"
        case "payable":
            return payable(payee)
        case _:
            return "Assets:Commission:Carried-Forward"


def payable(payee: str) -> str:
    """The account of what is paid to a payee."""
    return f"{PAYABLE}{payee_name(payee)}"


def role_name(role: str) -> str:
    """A role as part of an account; the posting has it as it is."""
    name = re.sub(r"[\W_]+", "-", role).strip("-")
    return name if name and (name[0].isupper() or name[0].isdecimal()) else f"R-{name}"


def payee_name(payee: str) -> str:
    """A payee as part of an account, in signs that Beancount and hledger allow; no two payees have the same.

    >>> payee_name("Wang"), payee_name("王-1"), payee_name("rep_1"), payee_name("")
    ('P-Wang', 'P-王-1', 'Q-rep-5F-1', 'Nobody')
    """
    if payee == NOBODY:
        return "Nobody"
    if PLAIN.fullmatch(payee):
        return f"P-{payee}"
    return "Q-" + "".join(escaped(sign) for sign in payee)


def escaped(sign: str) -> str:
    if sign == "-":
        return "--"
    return sign if sign.isalpha() or sign.isdecimal() else f"-{ord(sign):X}-"


def last_day(period: str) -> str:
    """The last day of a month `YYYY-MM`, by which its commission is booked."""
    year, month = map(int, period.split("-"))
    return f"{period}-{calendar.monthrange(year, month)[1]:02d}"


def transactions(postings: Postings, heads: pa.Array, parts: list[pa.Array | str]) -> pa.Array:
    """The text of every row: its posting, and before the first of a statement the transaction's head."""
    return joined([pc.if_else(postings.begins, heads, ""), *parts])
