"""When two records are the same customer: one form for every way of writing a name, a phone, a licence, a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity import LEGAL_FORMS, normal_licence, normal_name, normal_phone
from domain.personal import masked
from domain.place import coordinates, distance_m

letters = st.text(st.sampled_from("恒通便利店市A b.c·/-（）()Ｂ１2,&_ 　İßﬁ"), min_size=1, max_size=12)
pieces = st.lists(
    st.one_of(letters, st.sampled_from([*LEGAL_FORMS, *(f" {form}" for form in LEGAL_FORMS)])), max_size=5
)
names = pieces.map("".join).filter(lambda name: any(letter.isalnum() for letter in name))


@pytest.mark.parametrize(
    "others",
    [
        (
            "恒通便利店",
            "恒通便利.店",
            "恒通/便利店",
            " 恒通　便利·店 ",
            "恒通便利店有限公司",
            "恒通便利店（有限公司）",
            "恒通便利店 有限 公司",
        ),
        (
            "Acme Trading",
            "ACME  TRADING Co., Ltd.",
            "Acme-Trading Inc",
            "ａｃｍｅ trading GmbH",
            "Acme Trading Company Limited",
        ),
        ("恒通有限责任公司", "恒通股份有限公司", "恒通公司", "恒通"),
    ],
)
def test_a_name_is_one_name_however_it_is_written(others: tuple[str, ...]) -> None:
    assert len({normal_name(name) for name in others}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Texco", "Tex"), ("恒通便利店", "恒通超市"), ("Disco", "Dis"), ("公司", "")]
)
def test_names_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert normal_name(one) != normal_name(other)


@given(names)
def test_a_normal_name_is_its_own_normal_form(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)


@given(names)
def test_case_spaces_and_dots_make_no_other_name(name: str) -> None:
    assert normal_name(f" {name.upper()}. ") == normal_name(name)


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_no_name_is_without_a_form(name: str) -> None:
    assert normal_name(name)


@pytest.mark.parametrize(
    "phone", ["138 0013 8000", "13800138000", "+86 138-0013-8000", "0086 13800138000", "(+86)138.0013.8000"]
)
def test_a_phone_is_one_number_however_it_is_dialled(phone: str) -> None:
    assert normal_phone(phone, "CN") == "+8613800138000"


@pytest.mark.parametrize("phone", ["12", "", "call me", "+999 1", "１" * 40, "\x00"])
def test_what_cannot_be_dialled_is_no_phone(phone: str) -> None:
    assert normal_phone(phone, "CN") is None


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_normal_phone_is_its_own_normal_form_in_every_region(phone: str) -> None:
    normal = normal_phone(phone, "CN")

    assert normal is not None
    assert {normal_phone(normal, region) for region in ("CN", "US", "DE")} == {normal}


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY-  ", max_size=24))
def test_a_licence_is_in_its_own_normal_form_or_none_at_all(licence: str) -> None:
    normal = normal_licence(licence)

    assert normal is None or normal_licence(normal) == normal


def test_a_wrong_check_digit_is_no_licence() -> None:
    valid = "91110000600037341L"
    wrong = [digit for digit in "0123456789ABCDEFGHJKLMNPQRTUWXY" if digit != "L"]

    assert normal_licence(valid) == valid
    assert {normal_licence(valid[:-1] + digit) for digit in wrong} == {None}


points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(points, points)
def test_it_is_as_far_there_as_back_and_nowhere_to_oneself(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    assert distance_m(one, other) == distance_m(other, one) >= 0
    assert distance_m(one, one) == 0


@given(points)
def test_a_place_is_read_as_it_is_written(point: tuple[float, float]) -> None:
    assert coordinates(f"{point[0]!r}, {point[1]!r}") == point


@pytest.mark.parametrize(
    "place", ["", "31", "31,121,0", "here,there", "91,0", "0,181", "nan,0", "0,inf", "-inf,0", "31;121"]
)
def test_what_is_no_place_on_earth_is_none(place: str) -> None:
    assert coordinates(place) is None


@given(st.text(min_size=1, max_size=40))
def test_the_public_pool_never_shows_the_middle(contact: str) -> None:
    shown = masked(contact)

    assert "**" in shown
    assert len(shown.replace("*", "")) <= max(1, 7)
