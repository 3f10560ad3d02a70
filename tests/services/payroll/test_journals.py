"""Double entry that the tools themselves accept, and that balances to zero."""

import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core.data import Transaction
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection

from services.payroll.exports.formats import Format
from services.payroll.exports.postings import account, payee_name, role_name
from services.payroll.exports.run import export
from tests.services.payroll.journals import beancount_errors, checkers, hledger, hledger_errors, own_errors, run
from tests.services.payroll.made_up import MONTH, earned, line, statements

JOURNALS = [Format.BEANCOUNT, Format.HLEDGER]


def journal(connection: Connection[Any], form: Format, folder: Path, rows: Any = MONTH, state: Any = "closed") -> Path:
    with statements(connection, rows, state) as select:
        return export(connection, select, "2024-06", form, folder).path


def errors(form: Format, path: Path) -> list[str]:
    return beancount_errors(path) if form == Format.BEANCOUNT else hledger_errors(path)


@pytest.mark.parametrize("state", ["closed", "preview"])
@pytest.mark.parametrize("form", JOURNALS)
def test_the_tools_accept_the_journal_of_a_month_with_all_that_is_awkward(
    connection: Connection[Any], tmp_path: Path, form: Format, state: str, record_property: Any
) -> None:
    record_property("checked by", checkers())

    assert errors(form, journal(connection, form, tmp_path, state=state)) == []


@pytest.mark.parametrize("form", JOURNALS)
def test_the_tools_accept_any_id_that_the_ledger_accepts(
    connection: Connection[Any], tmp_path: Path, form: Format
) -> None:
    ids = [
        "-a",
        "@b",
        ".c",
        ":d",
        "a:b",
        "a::b",
        "1",
        "_",
        "É-é",
        "Ω",
        "李.四",
        "ﾊﾟ",
        "a-",
        "-",
        "Nobody",
        "P-a",
        "٣",
        "x" * 80,
    ]
    rows = [row for name in ids for row in (earned(name, 100, role=name, of=name), line(name, "payable", 100))]

    assert errors(form, journal(connection, form, tmp_path, rows)) == []


@pytest.mark.parametrize("form", JOURNALS)
def test_the_tools_would_have_noticed_a_journal_that_is_out_by_a_fen(
    connection: Connection[Any], tmp_path: Path, form: Format
) -> None:
    path = journal(connection, form, tmp_path)
    text = path.read_text("utf-8")
    path.write_text(text.replace("  4500.01 CNY", "  4500.02 CNY", 1), "utf-8")

    assert "4500.01 CNY" in text
    assert errors(form, path) != []


def test_beancount_finds_in_the_books_what_the_statements_say(connection: Connection[Any], tmp_path: Path) -> None:
    entries, _, _ = loader.load_file(str(journal(connection, Format.BEANCOUNT, tmp_path)))
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for each in entries:
        if isinstance(each, Transaction):
            for posting in each.postings:
                assert posting.units is not None
                assert posting.units.number is not None
                sums[posting.account, posting.units.currency] += posting.units.number

    assert {key: amount for key, amount in sums.items() if "Payable" in key[0] and amount} == {
        ("Liabilities:Commission:Payable:P-王伟", "CNY"): Decimal("-4200.02"),
        ("Liabilities:Commission:Payable:P-王伟", "JPY"): Decimal(-1200),
        ("Liabilities:Commission:Payable:Q--40-li-5F-1", "CNY"): Decimal("-25.00"),
        ("Liabilities:Commission:Payable:Q-Qi-2E-2", "KWD"): Decimal("-1.008"),
    }
    assert sums["Assets:Commission:Carried-Forward", "CNY"] == Decimal("-25.00")
    assert sums["Expenses:Clawback-Borne", "KWD"] == Decimal("0.007")
    assert sums["Liabilities:Commission:Held", "CNY"] == Decimal("-1005.99")
    for currency in ("CNY", "JPY", "KWD"):
        assert sum(amount for (_, each), amount in sums.items() if each == currency) == 0


def test_hledger_finds_that_everything_sums_to_zero(connection: Connection[Any], tmp_path: Path) -> None:
    path = journal(connection, Format.HLEDGER, tmp_path)
    text = path.read_text("utf-8")

    assert list(own_errors(text)) == []
    assert text.count("\n2024-06-30 * ") == len({(row.currency, row.payee) for row in MONTH})
    if program := hledger():
        told = run(program, "-f", str(path), "balance", "--depth", "1")
        assert re.search(r"-+\n\s+0\s*$", told.stdout), told.stdout + told.stderr


@given(st.sets(st.from_regex(r"\A[\w.:@-]{1,12}\Z"), min_size=2, max_size=20))
def test_no_two_payees_share_an_account_and_every_account_is_one_for_beancount(names: set[str]) -> None:
    component = re.compile(r"[^\W_](?:-|[^\W_])*")

    made = [payee_name(name) for name in sorted({*names, ""})]

    assert len(set(made)) == len(made)
    assert [each for each in [*made, *map(role_name, names)] if not component.fullmatch(each)] == []
    assert [each for each in made if not (each[0].isupper() or each[0].isdecimal())] == []


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("accrual", "Expenses:Commission:FIRST-VISIT"),
        ("adjustment", "Expenses:Adjustments:FIRST-VISIT"),
        ("clawback", "Expenses:Clawback-Borne"),
        ("hold", "Liabilities:Commission:Held"),
        ("release", "Liabilities:Commission:Held"),
        ("payable", "Liabilities:Commission:Payable:P-Li"),
        ("opening", "Assets:Commission:Carried-Forward"),
        ("closing", "Assets:Commission:Carried-Forward"),
    ],
)
def test_every_section_has_its_account(section: str, expected: str) -> None:
    assert account(f"{section}\x1fFIRST_VISIT\x1fborne\x1fLi") == expected
