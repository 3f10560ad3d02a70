"""Dates, numbers, amounts and names, as people and spreadsheets write them."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.importing.conventions import Conventions
from services.importing.reasons import NotIn, Reason
from services.importing.templates import TemplateWrong, drawn, parse

SHANGHAI = ZoneInfo("Asia/Shanghai")


def conventions(**others: Any) -> Conventions:
    given: dict[str, Any] = {
        "zone": SHANGHAI,
        "currency": "CNY",
        "minor": False,
        "dates": ("iso", "%d.%m.%Y", "excel"),
        "decimal": ".",
        "tables": {"stages": {"签约": "signed"}},
        "fingerprint": lambda kind, value: sha256(f"{kind}:{value}".encode()).hexdigest(),
    }
    return Conventions(**given | others)


def draws(template: str, **others: Any) -> Callable[[str], Any]:
    draw = drawn(parse(template), conventions(**others).function)
    return lambda text: draw({"c": text}, None)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1,234.50", 123_450),
        ("¥1,234.50", 123_450),
        ("￥１，２３４．５０", 123_450),
        ("1234.5 元", 123_450),
        ("RMB 1234.50", 123_450),
        ("1234", 123_400),
        ("1.05E+05", 10_500_000),
        ("12,345,678", 1_234_567_800),
        (" 0.01 ", 1),
        ("-5", -500),
    ],
)
def test_amounts_become_minor_units(text: str, minor: int) -> None:
    assert draws("{c | money}")(text) == minor


@pytest.mark.parametrize(
    "text", ["many", "1,23", "1.2.3", "", "--1", "1 2x", "NaN", "Infinity", "1E9999999999", "9" * 50]
)
def test_what_is_no_number_is_told(text: str) -> None:
    with pytest.raises(NotIn) as told:
        draws("{c | money}")(text)
    assert told.value.reason in (Reason.NUMBER_UNREADABLE, Reason.VALUE_MISSING)
    assert told.value.column == "c"


def test_an_amount_with_more_decimals_than_its_currency_is_told() -> None:
    for template, text in (("{c | money}", "1.005"), ("{c | money JPY}", "1.5")):
        with pytest.raises(NotIn) as told:
            draws(template)(text)
        assert told.value.reason is Reason.AMOUNT_NOT_WHOLE


def test_currencies_have_the_decimals_of_iso_4217() -> None:
    assert (draws("{c | money JPY}")("1200"), draws("{c | money KWD}")("1.234")) == (1200, 1234)


def test_a_comma_may_be_the_decimal_sign() -> None:
    assert draws("{c | money}", decimal=",")("1.234,50") == 123_450


def test_amounts_may_be_minor_units_already() -> None:
    assert draws("{c | money}", minor=True)("123450") == 123_450


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-03-05", "2024-03-05T00:00:00+08:00"),
        ("2024-03-05 14:30", "2024-03-05T14:30:00+08:00"),
        ("2024-03-05T14:30:00Z", "2024-03-05T14:30:00+00:00"),
        ("２０２４-０３-０５", "2024-03-05T00:00:00+08:00"),
        ("05.03.2024", "2024-03-05T00:00:00+08:00"),
        ("45356", "2024-03-05T00:00:00+08:00"),
        ("45356.604166666664", "2024-03-05T14:30:00+08:00"),
    ],
)
def test_dates_are_read_in_the_first_form_that_fits(text: str, at: str) -> None:
    assert draws("{c | date}")(text) == datetime.fromisoformat(at)


@pytest.mark.parametrize("text", ["03/05/2024", "2024-02-30", "0001-01-01", "-1", "99999999", "soon"])
def test_a_date_in_no_form_is_told(text: str) -> None:
    with pytest.raises(NotIn) as told:
        draws("{c | date}")(text)
    assert told.value.reason is Reason.DATE_UNREADABLE


def test_a_day_gets_its_time_of_day() -> None:
    assert draws("{c | date | at 18:00}")("2024-03-05") == datetime(2024, 3, 5, 18, tzinfo=SHANGHAI)


def test_a_form_of_its_own_takes_the_place_of_the_mappings() -> None:
    assert draws("{c | date %m/%d/%Y}")("03/05/2024") == datetime(2024, 3, 5, tzinfo=SHANGHAI)


def test_opaque_ids_are_equal_for_names_that_differ_in_width_case_and_spaces_only() -> None:
    opaque = draws("{c | opaque rep}")

    assert opaque("Wang  Ming") == opaque("ｗａｎｇ ming ")
    assert opaque("Wang Ming") != opaque("Wang Min")
    assert opaque("Wang Ming").startswith("rep-")
    assert "ang" not in opaque("Wang Ming")


def test_an_empty_value_stops_the_row_unless_it_is_optional_or_has_a_default() -> None:
    with pytest.raises(NotIn):
        draws("{c}")("")
    assert draws("{c?}")("") is None
    assert draws("x-{c?}")("") is None
    assert draws("{c | default none | id}")("") == "none"


def test_a_table_knows_its_values_only() -> None:
    assert draws("{c | table stages}")("签约") == "signed"
    with pytest.raises(NotIn) as told:
        draws("{c | table stages}")("签")
    assert told.value.reason is Reason.VALUE_UNKNOWN


@pytest.mark.parametrize("text", ["***", " ", "x" * 81])
def test_what_leaves_nothing_for_an_id_or_too_much_is_told(text: str) -> None:
    with pytest.raises(NotIn) as told:
        draws("{c | id}")(text)
    assert told.value.reason is Reason.KEY_UNUSABLE


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{c", "brace"),
        ("c}", "brace"),
        ("{}", "names a column"),
        ("{ | date}", "names a column"),
        ("{c | }", "nothing after"),
        ("{c | dat}", "no function dat"),
        ("{c | table no}", "no table no; the tables are stages"),
        ("{c | opaque}", "needs the kind"),
        ("{c | at noon}", "time of day"),
        ("{c | money XXX}", "no currency"),
    ],
)
def test_a_template_that_cannot_be_read_says_what_to_write(template: str, told: str) -> None:
    with pytest.raises(TemplateWrong, match=told):
        draws(template)
