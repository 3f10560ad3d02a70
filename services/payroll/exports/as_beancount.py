"""Double entry for Beancount 3: a transaction a statement, its accounts opened by the plugin that Beancount ships for it."""

from typing import BinaryIO, Final

import pyarrow as pa

from services.payroll.exports.postings import DETAILS, Books, last_day, transactions
from services.payroll.exports.text import between, content, joined, mended, told_once
from services.payroll.statement import NOBODY, Heading

UNSAFE: Final = r'[\x00-\x1f"\\]'


class BeancountWriter:
    """Transactions are dated to the last day of the month and flagged `*`, those of a preview `!`.

    A file that includes this one must itself say `plugin "beancount.plugins.auto_accounts"`.
    """

    def __init__(self, out: BinaryIO, heading: Heading) -> None:
        self._out = out
        self._books = Books()
        self._head = f'\n{last_day(heading.period)} {"!" if heading.state == "preview" else "*"} "'
        self._narration = f'" "commission {heading.period}"\n'
        lines = [*(f"; {line}" for line in comments(heading)), 'plugin "beancount.plugins.auto_accounts"', ""]
        out.write("\n".join(lines).encode())

    def write(self, rows: pa.RecordBatch) -> None:
        postings = self._books.postings(rows)
        if postings is None:
            return
        kept = postings.rows
        heads = joined([self._head, told_once(kept.column("payee"), payee), self._narration])
        parts = ["  ", postings.accounts, "  ", postings.amounts, " ", kept.column("currency"), "\n"]
        parts += [part for name in DETAILS for part in detail(name, kept.column(name))]
        self._out.write(content(transactions(postings, heads, parts)))

    def finish(self) -> None:
        """Nothing follows the transactions."""

    def abandon(self) -> None:
        """Nothing is held."""


def detail(name: str, values: pa.Array) -> tuple[pa.Array | str, ...]:
    return between(mended(values, UNSAFE, quoted), f'    {name.replace("_", "-")}: "', '"\n')


def payee(name: str) -> str:
    return "nobody" if name == NOBODY else quoted(name)


def quoted(text: str) -> str:
    """Text as it stands between quotes: quotes and backslashes escaped, white space a blank."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')


def comments(heading: Heading) -> list[str]:
    """What a journal says of its period."""
    preview = ["PREVIEW of an open period: nothing here is final, and nothing may be paid by it"]
    return [
        *(preview if heading.state == "preview" else []),
        f"commission of {heading.period}, {heading.state}, payable on {heading.pay_day.isoformat()}",
        f"as of position {heading.position} under policy {heading.policy}, statement rows v{heading.schema_version}",
        f"digest {heading.digest}",
    ]
