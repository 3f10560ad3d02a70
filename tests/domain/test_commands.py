"""What bad input gets: a refusal with a stable code that names the field, and never its value."""

from typing import Any

import pytest

from domain.commands import COMMANDS, parse
from domain.refusals import Code, Refusal
from tests.domain.story import in_business, on, photo, signed, with_a_shop

AT = "2024-08-01T09:00:00+08:00"
PAYMENT = {"name": "receive-payment", "at": AT, "deal": "D", "payment": "P", "external_id": "b-1", "currency": "CNY"}
CLAIM = {"name": "claim-customer", "at": AT, "customer": "shop", "rep": "Li"}
VISIT = {"name": "record-visit", "at": AT, "customer": "shop", "visit": "V", "rep": "Li", "point": "31,121"}
JOIN = {"name": "join-rep", "at": AT, "rep": "Wu", "unit": "team-east"}
QUOTA = {"name": "set-quota", "at": AT, "rep": "Wu"}
NUL, LONE = "shop\x00", "shop\ud800"


def refused(body: dict[str, Any]) -> Refusal:
    answer = parse(body)
    assert isinstance(answer, Refusal), f"{body} is understood"
    return answer


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0.5, Code.AMOUNT_NOT_WHOLE),
        (100.0, Code.AMOUNT_NOT_WHOLE),
        ("100", Code.AMOUNT_NOT_WHOLE),
        (True, Code.AMOUNT_NOT_WHOLE),
        (None, Code.AMOUNT_NOT_WHOLE),
        (float("nan"), Code.AMOUNT_NOT_WHOLE),
        ([100], Code.AMOUNT_NOT_WHOLE),
        (0, Code.AMOUNT_NOT_POSITIVE),
        (-1, Code.AMOUNT_NOT_POSITIVE),
        (-(10**40), Code.AMOUNT_NOT_POSITIVE),
        (2**63, Code.MALFORMED),
        (10**400, Code.MALFORMED),
    ],
)
def test_an_amount_is_a_whole_number_of_minor_units_above_zero(amount: object, code: Code) -> None:
    answer = refused(PAYMENT | {"amount": amount})

    assert answer.code == code
    assert answer.detail is not None
    assert answer.detail.startswith("amount: ")


@pytest.mark.parametrize("amount", [1, 2**63 - 1])
def test_the_smallest_and_the_largest_amount_are_understood(amount: int) -> None:
    assert not isinstance(parse(PAYMENT | {"amount": amount}), Refusal)


@pytest.mark.parametrize("currency", ["cny", "RMB", "", "CNY ", "¥", "ZZZ"])
def test_a_currency_is_a_code_of_the_standard(currency: str) -> None:
    assert refused(PAYMENT | {"amount": 1, "currency": currency}).code == Code.UNKNOWN_CURRENCY


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("reason", NUL, Code.TEXT_NOT_STORABLE),
        ("reason", LONE, Code.TEXT_NOT_STORABLE),
        ("reason", "长" * 10_001, Code.TEXT_TOO_LONG),
        ("reason", "x" * 1_000_000, Code.TEXT_TOO_LONG),
        ("purpose", NUL, Code.TEXT_NOT_STORABLE),
        ("purpose", LONE, Code.TEXT_NOT_STORABLE),
        ("result", NUL, Code.TEXT_NOT_STORABLE),
        ("result", LONE, Code.TEXT_NOT_STORABLE),
        ("result", "x" * 1_000_000, Code.TEXT_TOO_LONG),
        ("point", LONE, Code.TEXT_NOT_STORABLE),
        ("result", "sealed.1.abc", Code.MALFORMED),
        ("result", "", Code.MALFORMED),
        ("photo", "not-a-hash", Code.MALFORMED),
        ("photo", photo("V").upper(), Code.MALFORMED),
    ],
)
def test_text_that_cannot_be_stored_is_refused_by_name(field: str, text: str, code: Code) -> None:
    answer = refused(VISIT | {"purpose": "introduction", field: text})

    assert answer.code == code
    assert answer.detail is not None
    assert answer.detail.startswith(f"{field}: ")
    assert text not in answer.detail or not text


def test_ten_thousand_characters_of_any_script_are_a_note() -> None:
    assert not isinstance(parse(CLAIM | {"reason": "长" * 10_000}), Refusal)


@pytest.mark.parametrize(
    "name", ["", "two words", "a/b", "a\nb", "a\x00", "x" * 81, "a'b", "a;b", '"', "\ud800", "a\u200bb"]
)
def test_an_id_is_letters_digits_and_a_few_signs(name: str) -> None:
    answer = refused(CLAIM | {"customer": name})

    assert answer.code in (Code.MALFORMED, Code.TEXT_NOT_STORABLE)
    assert str(answer.detail).startswith("customer: ")


@pytest.mark.parametrize("name", ["恒通", "C-1", "crm:42", "a.b@c_d", "x" * 80])
def test_an_id_may_be_of_any_script(name: str) -> None:
    assert not isinstance(parse(CLAIM | {"customer": name}), Refusal)


@pytest.mark.parametrize(
    "at", ["2024-08-01T09:00:00", "2024-08-01", "soon", "", None, "2024-02-30T09:00:00Z", [], "1e400"]
)
def test_a_time_names_its_zone(at: object) -> None:
    answer = refused(CLAIM | {"at": at})

    assert (answer.code, str(answer.detail)[:4]) == (Code.MALFORMED, "at: ")


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1850-01-01T00:00:00Z", 10**30]
)
def test_a_time_lies_where_calendars_and_databases_agree(at: object) -> None:
    assert refused(JOIN | {"at": at}).code == Code.MALFORMED


@pytest.mark.parametrize(
    ("name", "field"),
    [("plan-visit", "planned_for"), ("transfer-role", "effective_from"), ("assign-mentor", "until")],
)
def test_every_time_in_a_command_lies_there(name: str, field: str) -> None:
    told: dict[str, Any] = {"name": name, "at": AT, field: "9999-12-31T23:59:59-12:00"}

    assert f"{field}: a time lies between" in str(refused(told).detail)


@pytest.mark.parametrize(
    "body", [{}, {"name": "drop-table"}, {"name": None}, {"name": 7}, {"name": ["claim-customer"]}]
)
def test_a_command_without_a_known_name_is_told_what_there_is(body: dict[str, Any]) -> None:
    answer = refused(body)

    assert answer.code == Code.UNKNOWN_COMMAND
    assert all(name in str(answer.detail) for name in COMMANDS)


def test_a_field_that_no_command_knows_and_one_that_is_missing_are_both_named() -> None:
    answer = refused({"name": "claim-customer", "at": AT, "customer": "shop", "deadline": AT})

    assert answer.code == Code.MALFORMED
    assert "rep: Field required" in str(answer.detail)
    assert "deadline: Extra inputs are not permitted" in str(answer.detail)


@pytest.mark.parametrize("n", [-1, 0.5, 2**31, 10**30, "many"])
def test_a_quota_is_a_number_that_people_can_mean(n: object) -> None:
    assert refused(QUOTA | {"held": n}).code == Code.MALFORMED


@pytest.mark.parametrize("bps", [10**30, -(10**30), 0, 10_001])
def test_a_part_of_something_is_within_the_whole(bps: int) -> None:
    told: dict[str, Any] = {
        "effective_from": on("08-01 09:00"),
        "parts": [{"rep": "Li", "bps": bps}],
        "actor": "Kong",
        "role": "ENTRY",
    }

    assert signed().refuses("transfer-role", "08-01 09:00", **told).code == Code.PARTS_NOT_WHOLE


def test_scores_beyond_any_scale_are_refused_by_the_scale() -> None:
    refusal = with_a_shop().refuses("grade-customer", "08-01 09:00", by="Li", intent=10**300, potential=1)

    assert refusal.code == Code.SCORE_OUT_OF_RANGE


def test_ids_that_nobody_knows_are_refused_by_what_they_should_name() -> None:
    story = in_business()

    assert story.refuses("claim-customer", "08-01 09:00", rep="Li", customer="ghost").code == Code.UNKNOWN_CUSTOMER
    assert story.refuses("claim-customer", "08-01 09:00", rep="ghost").code == Code.UNKNOWN_REP
    assert story.refuses("refund-payment", "08-01 09:00", payment="P", refund="R", amount=1).code == Code.UNKNOWN_DEAL
    assert story.refuses("override-visit", "08-01 09:00", visit="V", verdict="verified").code == Code.UNKNOWN_VISIT


def test_a_command_may_be_ahead_of_the_clock_by_the_policys_five_minutes() -> None:
    story = with_a_shop()

    early = story.refuses("claim-customer", "08-01 09:06", rep="Li", recorded="08-01 09:00")

    assert (early.code, early.clause, early.until) == (Code.IN_THE_FUTURE, "B2B-1/clock", on("08-01 09:06"))
    assert story.judged("claim-customer", "08-01 09:05", rep="Li", recorded="08-01 09:00").refusal is None


def test_no_refusal_repeats_what_was_given() -> None:
    secret = "13800138000"
    told: dict[str, Any] = {
        "name": "register-customer",
        "at": AT,
        "customer": "C",
        "by": "Li",
        "customer_name": [secret],
        "phone": {"a": secret},
    }

    answer = refused(told)

    assert secret not in str(answer)
    assert answer.code == Code.MALFORMED
