"""What a return file says, understood cell by cell or refused line by line, and held against the statements."""

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from projections.payouts import Outcome
from services.payroll.returned.mapping import ReturnMapping, ReturnUnusable, read_return_mapping
from services.payroll.returned.matching import Findings, Known, Missing, match
from services.payroll.returned.reading import Payment, payments

HEADER = "External ID,payee,amount,date,status"


def read(folder: Path, *lines: str, header: str = HEADER, currencies: Any = ("CNY",), **told: Any) -> list[Payment]:
    path = folder / "return.csv"
    path.write_text("\n".join([header, *lines, ""]), "utf-8")
    return payments(path, ReturnMapping(**told), currencies)


def refusal(folder: Path, *lines: str, **told: Any) -> str:
    with pytest.raises(ReturnUnusable) as wrong:
        read(folder, *lines, **told)
    return "\n".join(wrong.value.mistakes)


def paid(payee: str, amount: int, external_id: str = "", *, currency: str = "CNY", rejected: bool = False) -> Payment:
    return Payment(2, external_id or f"B-{payee}", payee, currency, amount, date(2024, 7, 15), rejected)


def test_a_line_is_understood_as_banks_write_it(tmp_path: Path) -> None:
    found = read(tmp_path, "B-1,王伟,4200.02,2024-07-15,成功", "B-2,'-Zhao,7,2024-07-16T09:30:00,FAILED")

    assert found == [
        Payment(2, "B-1", "王伟", "CNY", 420_002, date(2024, 7, 15), rejected=False),
        Payment(3, "B-2", "-Zhao", "CNY", 700, date(2024, 7, 16), rejected=True),
    ]


def test_a_workbook_is_read_as_a_text_file_is(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ([*HEADER.split(","), "currency"], [7001, "Li", 1200, date(2024, 7, 15), "paid", "JPY"], [None] * 6):
        sheet.append(row)
    book.save(tmp_path / "return.xlsx")

    found = payments(tmp_path / "return.xlsx", ReturnMapping(), ("CNY", "JPY"))

    assert found == [Payment(2, "7001", "Li", "JPY", 1200, date(2024, 7, 15), rejected=False)]


def test_a_mapping_says_what_columns_words_and_ids_mean(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(
        "columns: {external_id: Txn, payee: Emp}\npaid: [S]\nrejected: [F]\ndates: ['%d/%m/%Y']\namounts: minor\n"
        "payees: {E-1: Li}\n"
    )
    header = "Txn,Emp,amount,date,status"
    path_of_file = tmp_path / "return.csv"
    path_of_file.write_text(f"{header}\nB-1,E-1,420002,15/07/2024,S\n")

    assert payments(path_of_file, read_return_mapping(path), ["CNY"]) == [paid("Li", 420_002, "B-1")]


def test_a_mistake_in_a_mapping_is_told_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("paid: [S]\nrejects: [F]\n")

    with pytest.raises(ReturnUnusable, match=r"mapping.yaml:2:1: there is no rejects here; did you mean rejected\?"):
        read_return_mapping(path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('B-1,Li,"4,500.01",2024-07-15,paid', "return.csv:2: 4,500.01 has thousands separated; write plain digits"),
        ("B-1,Li,4 500.01,2024-07-15,paid", "has thousands separated"),
        ("B-1,Li,¥5,2024-07-15,paid", "'¥5' is no amount"),
        ("B-1,Li,1.234,2024-07-15,paid", "1.234 has more decimals than CNY, which has 2"),
        ("B-1,Li,0,2024-07-15,paid", "0 is not more than zero"),
        ("B-1,Li,-5,2024-07-15,paid", "-5 is not more than zero"),
        ("B-1,Li,99999999999999999999,2024-07-15,paid", "is more than can be paid"),
        ("B-1,Li,5,15.7.2024,paid", "'15.7.2024' is no date"),
        ("B-1,Li,5,2024-07-15,maybe", "'maybe' is no status that is known: paid, success"),
        (",Li,5,2024-07-15,paid", "'' is no external id"),
        ("B-1,L i,5,2024-07-15,paid", "'L i' is no payee"),
        ("B-1,Li,5,2024-07-15", "return.csv:2:"),
    ],
)
def test_a_line_that_cannot_be_understood_is_told_by_its_number(tmp_path: Path, line: str, expected: str) -> None:
    assert expected in refusal(tmp_path, line)


def test_a_wrong_header_names_the_nearest_columns(tmp_path: Path) -> None:
    told = refusal(tmp_path, header="Extern ID,payees,amount,date")

    assert "there is no column external_id; the nearest is Extern ID" in told
    assert "there is no column payee; the nearest is payees" in told
    assert "there is no column status; " in told


def test_a_column_that_is_there_twice_is_told(tmp_path: Path) -> None:
    assert "amount, 金额 are both the amount; keep one" in refusal(tmp_path, header=f"{HEADER},金额")


def test_two_currencies_in_a_file_are_refused(tmp_path: Path) -> None:
    lines = ("B-1,Li,5,2024-07-15,paid,CNY", "B-2,Li,5,2024-07-15,paid,JPY")

    told = refusal(tmp_path, *lines, header=f"{HEADER},currency", currencies=("CNY", "JPY"))

    assert told == "return.csv: CNY and JPY in one file; give a file for each currency"


def test_a_currency_that_is_not_said_or_not_paid_is_refused(tmp_path: Path) -> None:
    line = "B-1,Li,5,2024-07-15,paid"
    assert "add a column `currency`" in refusal(tmp_path, line, currencies=("CNY", "JPY"))
    assert "the period pays nothing in USD" in refusal(tmp_path, f"{line},USD", header=f"{HEADER},currency")
    assert "XXX is no currency" in refusal(tmp_path, f"{line},XXX", header=f"{HEADER},currency")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\xff\xfea\x00"])
def test_what_is_no_return_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "return.xlsx"
    path.write_bytes(content)

    with pytest.raises(ReturnUnusable, match=r"return\.xlsx"):
        payments(path, ReturnMapping(), ["CNY"])


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReturnUnusable, match="No such file"):
        payments(tmp_path / "return.csv", ReturnMapping(), ["CNY"])


PAYABLE = {("CNY", name): 100 for name in ("Li", "Zhou", "Feng", "Wang", "Chen")} | {
    ("CNY", "Sun"): 0,
    ("JPY", "Li"): 7,
}


PAID: frozenset[Outcome] = frozenset({"paid"})
SENT_BACK: frozenset[Outcome] = frozenset({"rejected"})


def test_every_payment_and_every_statement_is_told_once() -> None:
    found = match(
        [
            paid("Li", 100),
            paid("Zhou", 99),
            paid("Feng", 100, rejected=True),
            paid("Sun", 5),
            paid("Li", 100, "B-again"),
            paid("Wang", 100, "B-Li"),
        ],
        PAYABLE,
        {},
        {},
    )

    assert found.matched == [paid("Li", 100)]
    assert [(each.payment, each.payable) for each in found.different] == [(paid("Zhou", 99), 100)]
    assert found.rejected == [paid("Feng", 100, rejected=True)]
    assert found.extra == [paid("Sun", 5)]
    assert found.twice == [paid("Li", 100, "B-again"), paid("Wang", 100, "B-Li")]
    assert found.missing == [Missing("Wang", "CNY", 100), Missing("Chen", "CNY", 100)]
    assert not found.clean


def test_what_was_confirmed_before_is_no_finding_and_what_is_paid_again_is() -> None:
    confirmed = {("CNY", "Li"): Known("B-Li", 100), ("CNY", "Zhou"): Known("B-Zhou", 100)}

    found = match(
        [paid("Li", 100), paid("Zhou", 100, "B-new"), paid("Feng", 100, "B-old")],
        {("CNY", name): 100 for name in ("Li", "Zhou", "Feng")},
        confirmed,
        {"B-old": PAID, "B-Li": PAID, "B-Zhou": PAID},
    )

    assert found.before == [paid("Li", 100)]
    assert found.twice == [paid("Zhou", 100, "B-new"), paid("Feng", 100, "B-old")]
    assert found.missing == [Missing("Feng", "CNY", 100)]


def test_a_payment_that_the_bank_rejected_and_then_made_is_matched() -> None:
    back = paid("Li", 100, "B-1", rejected=True)

    found = match([paid("Li", 100, "B-2"), back], {("CNY", "Li"): 100}, {}, {})

    assert found == Findings(matched=[paid("Li", 100, "B-2")], rejected=[back], sent_back=[back])


def test_a_payment_that_came_back_after_it_was_confirmed_stands_no_more() -> None:
    back, payable = paid("Li", 100, "B-1", rejected=True), {("CNY", "Li"): 100}
    confirmed = {("CNY", "Li"): Known("B-1", 100)}

    again = match([back, paid("Li", 100, "B-2")], payable, confirmed, {"B-1": PAID})
    both = match([paid("Li", 100, "B-1"), back], payable, confirmed, {"B-1": PAID})

    assert again == Findings(matched=[paid("Li", 100, "B-2")], rejected=[back], sent_back=[back])
    assert both == Findings(twice=[paid("Li", 100, "B-1")], rejected=[back], sent_back=[back])


def test_what_was_rejected_is_recorded_once_and_no_finding_once_it_is_paid() -> None:
    back, payable, told = paid("Li", 100, "B-1", rejected=True), {("CNY", "Li"): 100}, {"B-1": SENT_BACK}

    unpaid = match([back], payable, {}, told)
    since = match([back], payable, {("CNY", "Li"): Known("B-2", 100)}, told)
    nobodys = match([paid("Sun", 5, "B-3", rejected=True)], payable, {}, {})

    assert unpaid == Findings(rejected=[back])
    assert since == Findings(before=[back])
    assert (nobodys.sent_back, len(nobodys.rejected)) == ([], 1)
