"""A layout gives a payroll system the columns that it wants, and tells each mistake by its place."""

import csv
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from services.cli.exporting import layout_of
from services.cli.failing import Failure
from services.payroll.exports.formats import Format
from services.payroll.exports.layout import LayoutWrong, read_layout
from services.payroll.exports.run import LayoutUnusable, export
from tests.services.payroll.made_up import statements

OURS = """
name: ours
sections: [payable]
delimiter: ";"
origin: false
columns:
  - {header: 员工编号, field: payee}
  - {header: 币种, field: currency, values: {CNY: 人民币}}
  - {header: 金额, field: amount}
  - {header: 代扣税, constant: ""}
  - {header: 发放日, field: pay_day}
"""


def mistakes(folder: Path, text: str) -> list[str]:
    path = folder / "layout.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(LayoutWrong) as wrong:
        read_layout(path)
    return wrong.value.mistakes


def laid_out(connection: Connection[Any], folder: Path, text: str, state: Any = "closed") -> list[list[str]]:
    path = folder / "layout.yaml"
    path.write_text(text, "utf-8")
    with statements(connection, state=state) as select:
        done = export(connection, select, "2024-06", Format.CSV, folder, read_layout(path))
    with done.path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def test_a_file_has_the_columns_rows_and_words_of_its_layout(connection: Connection[Any], tmp_path: Path) -> None:
    header, *rows = laid_out(connection, tmp_path, OURS)

    assert header == ["员工编号", "币种", "金额", "代扣税", "发放日"]
    assert ["王伟", "人民币", "4200.02", "", "2024-07-15"] in rows
    assert ["王伟", "JPY", "1200", "", "2024-07-15"] in rows
    assert len(rows) == 6


def test_a_layout_may_have_nothing_but_what_is_the_same_in_every_row(
    connection: Connection[Any], tmp_path: Path
) -> None:
    text = "name: ours\nsections: [payable]\norigin: false\ncolumns:\n  - {header: a, constant: '=x'}\n"

    assert laid_out(connection, tmp_path, text) == [["a"], *[["'=x"]] * 6]


def test_a_preview_says_so_in_every_row_whatever_its_layout_leaves_out(
    connection: Connection[Any], tmp_path: Path
) -> None:
    header, *rows = laid_out(connection, tmp_path, OURS, state="preview")

    assert {row[header.index("state")] for row in rows} == {"preview"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("field: payee}", "field: payeee}", "layout.yaml:7:20: there is no field payeee; did you mean payee?"),
        ("header: 代扣税", "header: 金额", "layout.yaml:9:6: 金额 heads another column too; each header stands once"),
        ('constant: ""}', 'constant: "", field: payee}', "a column has either a `field` or a `constant`"),
        ("field: amount}", "field: amount, values: {1: one}}", "only text has other values"),
        ("sections: [payable]", "sections: [paid]", "layout.yaml:3:12: must be 'opening'"),
        ("delimiter: ", "delimeter: ", "there is no delimeter here; did you mean delimiter?"),
        ("columns:", "columns: []\nx:", "columns"),
        ("name: ours", "name: [", "layout.yaml:"),
    ],
)
def test_each_mistake_is_told_by_its_place(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in OURS

    told = mistakes(tmp_path, OURS.replace(old, new))

    assert any(expected in each for each in told), told
    assert all(each.startswith("layout.yaml:") for each in told)


def test_a_journal_takes_no_layout(connection: Connection[Any], tmp_path: Path) -> None:
    with statements(connection) as select, pytest.raises(LayoutUnusable, match="leave --layout away"):
        export(connection, select, "2024-06", Format.HLEDGER, tmp_path, layout_of("payables"))


def test_the_layouts_that_are_shipped_are_found_by_name_and_no_others() -> None:
    assert layout_of("payables").columns[0].field == "payee"
    with pytest.raises(Failure, match="no layout of this name is shipped: payables"):
        layout_of("payable")
    with pytest.raises(Failure, match="No such file"):
        layout_of("nowhere.yaml")
