"""Double entry for hledger: a transaction a statement; accounts and commodities declared, so that strict checks pass."""

from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc

from domain.money import MINOR_UNITS
from services.payroll.exports.as_beancount import comments
from services.payroll.exports.postings import DETAILS, PAYABLE, Books, last_day, payable, transactions
from services.payroll.exports.text import between, content, joined, mended, told_once
from services.payroll.statement import NOBODY, Heading

UNSAFE: Final = r"[\x00-\x1f,;|]"


class HledgerWriter:
    """Transactions are dated to the last day of the month and marked `*`, those of a preview `!`. Details are tags."""

    def __init__(self, out: BinaryIO, heading: Heading) -> None:
        self._out = out
        self._books = Books()
        self._used: set[str] = set()
        self._head = f"\n{last_day(heading.period)} {'!' if heading.state == 'preview' else '*'} "
        self._note = f" | commission {heading.period}\n"
        lines = [f"; {line}" for line in comments(heading)]
        lines += ["decimal-mark .", *(f"commodity {sample(each.currency)}" for each in heading.sums)]
        out.write("".join(f"{line}\n" for line in lines).encode())

    def write(self, rows: pa.RecordBatch) -> None:
        postings = self._books.postings(rows)
        if postings is None:
            return
        kept, accounts = postings.rows, postings.accounts
        self._used.update(name for name in pc.unique(accounts).to_pylist() if not name.startswith(PAYABLE))
        payees = kept.column("payee")
        heads = joined(["\naccount ", told_once(payees, payable), self._head, told_once(payees, payee), self._note])
        parts = ["    ", accounts, "  ", postings.amounts, " ", kept.column("currency"), "  ; section:"]
        details = (part for name in DETAILS for part in tag(name, kept.column(name)))
        self._out.write(content(transactions(postings, heads, [*parts, kept.column("section"), *details, "\n"])))

    def finish(self) -> None:
        """Declare the accounts that payees share; a declaration counts wherever it stands."""
        self._out.write("".join(["\n", *(f"account {name}\n" for name in sorted(self._used))]).encode())

    def abandon(self) -> None:
        """Nothing is held."""


def sample(currency: str) -> str:
    """How amounts of a currency are written.

    >>> sample("CNY"), sample("JPY")
    ('1000.00 CNY', '1000. JPY')
    """
    return f"1000.{'0' * MINOR_UNITS[currency]} {currency}"


def tag(name: str, values: pa.Array) -> tuple[pa.Array | str, ...]:
    return between(mended(values, UNSAFE, plain), f", {name.replace('_', '-')}:", "")


def payee(name: str) -> str:
    return "nobody" if name == NOBODY else plain(name)


def plain(text: str) -> str:
    """Text without the signs that end a tag or a payee.

    >>> plain("a, b; c")
    'a b c'
    """
    return " ".join(text.translate(dict.fromkeys(map(ord, ",;|"), " ")).split())
