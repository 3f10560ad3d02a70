"""How answers look: columns that line up whatever the script, amounts by their currency, cells that run nothing."""

from datetime import UTC, datetime
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from services.cli.lines import cell
from services.cli.output import money, paragraph, table, when
from services.cli.pages import after_of, mark

SHANGHAI = ZoneInfo("Asia/Shanghai")


def width(text: str) -> int:
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def printed(part: object) -> list[str]:
    console = Console(width=80, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(part)
    return captured.get().splitlines()


def test_columns_line_up_under_chinese_names() -> None:
    rows = [("恒通便利店", "李"), ("Shop", "Li"), (None, "")]
    lines = [line for line in printed(table("Who", {"name": "left", "by": "left"}, rows)) if line.strip()]

    starts = [width(line[: line.index(by)]) for line, by in zip(lines[3:5], ("李", "Li"), strict=True)]
    assert starts[0] == starts[1]
    assert lines[5].split() == ["—", "—"]


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    assert printed(paragraph("[bold]no[/bold] [RE-1/renewal]")) == ["[bold]no[/bold] [RE-1/renewal]"]
    assert "[red]Li" in "".join(printed(table("", {"name": "left"}, [("[red]Li",)])))


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(5_000_003, "CNY", "50,000.03 CNY"), (1_200, "JPY", "1,200 JPY"), (-1, "KWD", "-0.001 KWD"), (None, "CNY", None)],
)
def test_amounts_have_the_decimals_of_their_currency(amount: int | None, currency: str, shown: str | None) -> None:
    assert money(amount, currency) == shown


def test_times_are_those_of_the_policys_place() -> None:
    assert when(datetime(2024, 3, 29, 16, 0, tzinfo=UTC), SHANGHAI) == "2024-03-30 00:00"
    assert when(datetime(2024, 3, 29, 16, 0, 7, tzinfo=UTC), SHANGHAI) == "2024-03-30 00:00:07"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_an_amount_stays_a_number_in_a_cell() -> None:
    assert cell(-450_001) == -450_001


def test_a_mark_leads_back_to_where_the_page_ended() -> None:
    after = (datetime(2024, 3, 29, tzinfo=UTC), "客户-1", None, 7)

    assert after_of(mark(after)) == after
