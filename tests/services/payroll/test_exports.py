"""The files of a period: what each says, that all say the same, and that no cell does harm."""

import csv
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from psycopg import Connection
from pyarrow import parquet

from domain.money import MINOR_UNITS
from projections.statements import StatementRow
from services.payroll.exports import as_xlsx
from services.payroll.exports.batches import batches
from services.payroll.exports.columns import ORIGIN
from services.payroll.exports.digests import export_digests
from services.payroll.exports.formats import SUFFIXES, Format
from services.payroll.exports.run import ContentDiffers, Exported, export
from tests.services.payroll.made_up import MONTH, earned, in_order, statements

PAID = {
    (row.currency, row.payee): Decimal(row.amount).scaleb(-MINOR_UNITS[row.currency])
    for row in MONTH
    if row.section == "payable"
}


def written(
    connection: Connection[Any],
    form: Format,
    folder: Path,
    rows: list[StatementRow] | None = None,
    state: Any = "closed",
    **how: Any,
) -> Exported:
    with statements(connection, rows or MONTH, state) as select:
        return export(connection, select, "2024-06", form, folder, **how)


def table_of(form: Format, path: Path) -> list[dict[str, Any]]:
    """The rows of a file as whoever opens it sees them."""
    match form:
        case Format.CSV:
            with path.open(encoding="utf-8-sig", newline="") as file:
                return list(csv.DictReader(file))
        case Format.JSON:
            told = json.loads(path.read_text("utf-8"))
            heading = {"as_of_position": told["heading"]["position"], **told["heading"]}
            return [{**{name: heading[name] for name in ORIGIN}, **row} for row in told["rows"]]
        case Format.PARQUET:
            return list(parquet.read_table(path).to_pylist())
        case _:
            header, *rows = openpyxl.load_workbook(path)["Lines"].iter_rows(values_only=True)
            return [dict(zip(map(str, header), row, strict=True)) for row in rows]


@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX, Format.JSON, Format.PARQUET])
def test_whoever_opens_a_file_finds_the_same_sums_and_where_it_comes_from(
    connection: Connection[Any], tmp_path: Path, form: Format
) -> None:
    done = written(connection, form, tmp_path)
    rows = table_of(form, done.path)

    payable = [row for row in rows if row["section"] == "payable"]
    told = {(row["currency"], (row["payee"] or "").removeprefix("'")): Decimal(str(row["amount"])) for row in payable}
    assert told == PAID
    minor = {
        name: sum(int(row["amount_minor"]) for row in rows if row["section"] == name) for name in ("accrual", "owed")
    }
    assert minor == {name: sum(row.amount for row in MONTH if row.section == name) for name in ("accrual", "owed")}
    origin = {
        tuple(str(row[name]) for name in ("period", "state", "as_of_position", "digest", "schema_version"))
        for row in rows
    }
    assert origin == {("2024-06", "closed", "42", done.heading.digest, "1")}


def test_csv_begins_as_excel_wants_it_or_plain_on_request(connection: Connection[Any], tmp_path: Path) -> None:
    for_excel = written(connection, Format.CSV, tmp_path / "a.csv").path.read_bytes()
    plain = written(connection, Format.CSV, tmp_path / "b.csv", plain=True).path.read_bytes()

    assert for_excel == b"\xef\xbb\xbf" + plain
    assert plain.startswith(b"period,payee,currency,section,amount,")
    assert "王伟" in plain.decode()


def test_no_cell_is_taken_for_a_formula_and_negative_amounts_stay_numbers(
    connection: Connection[Any], tmp_path: Path
) -> None:
    risky = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'a "b", c']
    rows = [earned("Li", -5, cause=text) for text in risky] + [earned("Li", 35), *MONTH[:0]]
    rows.append(StatementRow("2024-06", 0, "Li", "CNY", "payable", 0))

    found = table_of(Format.CSV, written(connection, Format.CSV, tmp_path, rows).path)

    assert [row["cause"] for row in found[:7]] == [f"'{text}" for text in risky[:6]] + ['a "b", c']
    assert {row["amount"] for row in found[:7]} == {"-0.05"}


def test_a_workbook_has_typed_cells_a_frozen_header_and_its_small_sheets(
    connection: Connection[Any], tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(written(connection, Format.XLSX, tmp_path).path)

    assert book.sheetnames == ["Lines", "Adjustments", "Totals", "About"]
    assert {book[name].freeze_panes for name in book.sheetnames[:3]} == {"A2"}
    lines = list(book["Lines"].iter_rows(min_row=2))
    formats = {(row[2].value, row[4].number_format, type(row[4].value)) for row in lines if row[4].value}
    assert {(currency, shape) for currency, shape, _ in formats} == {
        ("CNY", "#,##0.00"), ("JPY", "#,##0"), ("KWD", "#,##0.000"),
    }  # fmt: skip
    assert {kind for *_, kind in formats} <= {int, float}
    [earned_at] = {str(row[15].value) for row in lines if row[3].value == "accrual"}
    assert earned_at.startswith("2024-06-10 01:02:03")
    assert [[cell.value for cell in row][4] for row in book["Adjustments"].iter_rows(min_row=2)] == [-300]
    header, *sums = book["Totals"].iter_rows(values_only=True)
    totals = {row[0]: row[header.index("payable")] for row in sums}
    assert totals == {"CNY": 4225.02, "JPY": 1200, "KWD": 1.008}


def test_a_workbook_goes_on_in_another_sheet_where_one_is_full(
    connection: Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_xlsx, "MOST_ROWS", 8)
    book = openpyxl.load_workbook(written(connection, Format.XLSX, tmp_path).path)

    assert book.sheetnames[:3] == ["Lines", "Lines 2", "Lines 3"]
    assert [book[name].max_row - 1 for name in book.sheetnames[:3]] == [8, 8, len(MONTH) - 16]


def test_text_that_xml_cannot_hold_as_it_is_comes_back_from_a_workbook(
    connection: Connection[Any], tmp_path: Path
) -> None:
    rows = [earned("Li", 0, cause="a < b & c"), StatementRow("2024-06", 0, "Li", "CNY", "payable", 0)]
    book = openpyxl.load_workbook(written(connection, Format.XLSX, tmp_path, rows).path)

    assert book["Lines"]["M2"].value == "a < b & c"


def test_parquet_has_decimals_and_times_and_streams_its_row_groups(connection: Connection[Any], tmp_path: Path) -> None:
    rows = [earned("Li", 1) for _ in range(45_000)] + [StatementRow("2024-06", 0, "Li", "CNY", "payable", 45_000)]
    file = parquet.ParquetFile(written(connection, Format.PARQUET, tmp_path, rows).path)

    assert str(file.schema_arrow.field("amount").type) == "decimal128(38, 3)"
    assert str(file.schema_arrow.field("recorded_at").type) == "timestamp[us, tz=UTC]"
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [20_000, 20_000, 5_001]
    assert json.loads(file.schema_arrow.metadata[b"sales-ledger"])["position"] == 42


@pytest.mark.parametrize("form", list(Format))
def test_a_preview_says_so_in_its_name_and_in_the_file(
    connection: Connection[Any], tmp_path: Path, form: Format
) -> None:
    asked = written(connection, form, tmp_path / f"june{SUFFIXES[form]}", state="preview")
    unasked = written(connection, form, tmp_path, state="preview")

    assert asked.path.name == f"june.preview{SUFFIXES[form]}"
    assert unasked.path.name.startswith("payroll-2024-06.preview.")
    if form in (Format.BEANCOUNT, Format.HLEDGER):
        text = asked.path.read_text("utf-8")
        assert text.startswith("; PREVIEW of an open period")
        assert "2024-06-30 ! " in text
        assert "2024-06-30 * " not in text
    else:
        assert {row["state"] for row in table_of(form, asked.path)} == {"preview"}


@pytest.mark.parametrize("form", list(Format))
def test_an_empty_month_makes_a_file_that_opens(connection: Connection[Any], tmp_path: Path, form: Format) -> None:
    with statements(connection, []) as select:
        done = export(connection, select, "2024-06", form, tmp_path)

    if form not in (Format.BEANCOUNT, Format.HLEDGER):
        assert table_of(form, done.path) == []
    assert done.rows == 0


def test_the_digests_that_a_closing_pins_are_those_of_the_files(connection: Connection[Any], tmp_path: Path) -> None:
    with statements(connection) as select, select(connection, "2024-06") as (heading, query):
        pinned = export_digests(heading, batches(connection, query))

    for form in (Format.CSV, Format.JSON, Format.BEANCOUNT, Format.HLEDGER):
        path = written(connection, form, tmp_path).path
        assert hashlib.sha256(path.read_bytes()).hexdigest() == pinned[form]
    assert pinned[Format.XLSX] == pinned[Format.PARQUET] == heading.digest


def test_rows_that_are_not_those_that_were_pinned_are_not_written(connection: Connection[Any], tmp_path: Path) -> None:
    for form in Format:
        with statements(connection) as select:
            connection.execute("UPDATE made_up SET amount = amount + 1 WHERE number = 1")
            with pytest.raises(ContentDiffers, match="is pinned: nothing was written"):
                export(connection, select, "2024-06", form, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_order_of_a_made_up_month_is_that_of_every_export() -> None:
    assert [(row.currency, row.payee) for row in in_order(MONTH)][:3] == [("CNY", ""), ("CNY", ""), ("CNY", "")]


def test_a_csv_of_an_open_month_without_rows_says_that_it_is_a_preview(
    connection: Connection[Any], tmp_path: Path
) -> None:
    with statements(connection, [], "preview") as select:
        path = export(connection, select, "2024-06", Format.CSV, tmp_path).path
    with statements(connection, []) as select:
        closed = export(connection, select, "2024-06", Format.CSV, tmp_path).path

    [row] = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    assert (row["state"], row["amount"]) == ("preview", "")
    assert len(closed.read_text("utf-8-sig").splitlines()) == 1
