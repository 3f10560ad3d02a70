"""Who is paid what: the disputes of the handbook to the fen, and arithmetic that loses nothing whatever happens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commission import Line, attribute
from domain.facts import AnyFact
from domain.money import WHOLE
from tests.domain.story import Story, in_business, metres_north, on, shipped, signed, with_a_deal

PAYEES = ["Li", "Zhou", "Feng", "Wang", "Chen"]
B2B_ROLES = ["ENTRY", "FIRST_VISIT", "MAINTAINER", "SOLUTION", "CLOSER", "COLLECTOR"]


def lines(story: Story, deal: str = "deal") -> list[Line]:
    stream = story.world.deal(deal)
    assert stream.contract.signing is not None
    return attribute(stream, story.world.policies[stream.contract.signing.policy])


def by_role(story: Story, payment: str = "P-1") -> dict[str, int]:
    found = [line for line in lines(story) if line.payment == payment]
    return {
        role: sum(line.amount for line in found if line.role == role) for role in dict.fromkeys(x.role for x in found)
    }


def by_payee(found: list[Line], payment: str = "P-1") -> dict[str | None, int]:
    found = [line for line in found if line.payment == payment]
    return {payee: sum(x.amount for x in found if x.payee == payee) for payee in dict.fromkeys(x.payee for x in found)}


def pays(story: Story, at: str, amount: int, payment: str = "P-1") -> Story:
    told: dict[str, Any] = {"payment": payment, "external_id": f"bank-{payment}", "amount": amount}
    return story.given("receive-payment", at, **told)


def earns(story: Story, at: str, role: str, rep: str, kind: str) -> Story:
    return story.given("earn-role", at, role=role, rep=rep, artefact={"kind": kind, "ref": f"{role}-1"})


def transfers(story: Story, at: str, role: str, since: str, *parts: tuple[str, int], actor: str = "Kong") -> Story:
    told = [{"rep": rep, "bps": bps} for rep, bps in parts]
    return story.given("transfer-role", at, actor=actor, role=role, parts=told, effective_from=on(since))


def first_view_poached() -> Story:
    story = in_business().registers("house", "03-01 09:00", "Ren", place=metres_north(0))
    for rep in ("Wang", "Chen"):
        story.given("transfer-rep", "03-01 10:00", rep=rep, unit="re-team")
    story.given("open-deal", "03-02 09:00", customer="house", rep="Ren")
    for role, rep, kind in [
        ("ENTRY", "Ren", "house-entry"),
        ("SURVEY", "Feng", "survey-report"),
        ("MANDATE", "Li", "mandate"),
        ("KEY", "Chen", "key-receipt"),
    ]:
        earns(story, "03-03 09:00", role, rep, kind)
    story.visits("Ding", "03-25 11:00", "V-2", customer="house")
    return story.given("sign-contract", "03-25 15:00", rep="Ding", contract="C-1", amount=5_000_003, actor="Ma")


def test_the_first_view_poached_comes_out_before_and_after_the_ruling() -> None:
    story = pays(first_view_poached(), "03-29 09:00", 5_000_003)
    before = by_payee(lines(story))
    transfers(story, "03-28 09:00", "FIRST_VIEW", "03-17 17:00", ("Wang", WHOLE))

    after = by_payee(lines(story))

    assert (before["Ding"], after["Ding"], after["Wang"]) == (3_150_002, 2_700_002, 450_000)
    assert list(by_role(story).values()) == [450_001, 225_000, 225_000, 450_000, 450_000, 2_700_002]
    assert lines(story)[0].pool.fee == 500_000


def test_a_drop_after_a_rejected_visit_comes_out_with_and_without_the_ruling() -> None:
    story = with_a_deal("Li", "08-02 09:00")
    story.visits("Zhou", "08-12 09:00", "V-2", metres=35)
    for role, kind in [("MAINTAINER", "follow-up-record"), ("COLLECTOR", "collection-record")]:
        earns(story, "08-13 09:00", role, "Zhou", kind)
    told: dict[str, Any] = {"stage": "solution", "artefact": {"kind": "accepted-solution", "ref": "S-1"}, "rep": "Zhou"}
    story.given("advance-stage", "08-14 09:00", actor="Ma", **told)
    story.given("sign-contract", "08-19 09:00", rep="Zhou", contract="C-1", amount=20_000_055, actor="Ma")
    pays(story, "08-28 09:00", 20_000_055)
    assert by_payee(lines(story)) == {"Li": 60_000, "Zhou": 540_001}

    transfers(story, "08-20 09:00", "FIRST_VISIT", "08-08 09:00", ("Li", WHOLE))
    transfers(story, "08-20 09:00", "MAINTAINER", "08-08 09:00", ("Li", 5_000), ("Zhou", 5_000))

    assert by_payee(lines(story)) == {"Li": 180_000, "Zhou": 420_001}
    assert list(by_role(story).values()) == [60_000, 60_000, 120_000, 90_000, 210_001, 60_000]


def test_a_leaver_and_four_milestones_come_out_on_every_receipt() -> None:
    story = signed("Feng", amount=99_999_999, usual_milestones=True)
    for role in B2B_ROLES:
        transfers(story, "02-20 10:00", role, "02-20 09:00", ("Feng", WHOLE))
    for role in B2B_ROLES:
        pinned = role not in ("MAINTAINER", "COLLECTOR")
        transfers(story, "07-31 09:00", role, "12-27 00:00" if pinned else "07-01 00:00", ("Chen", WHOLE))
    receipts = [("03-01", 30_000_000), ("07-20", 30_000_000), ("12-15", 34_999_999), ("2025-12-20", 5_000_000)]
    for i, (day, amount) in enumerate(receipts):
        pays(story, f"{day} 09:00", amount, f"P-{i}")

    found = lines(story)

    assert [by_payee(found, f"P-{i}") for i in range(4)] == [
        {"Feng": 900_000},
        {"Feng": 630_000, "Chen": 270_000},
        {"Feng": 734_999, "Chen": 315_000},
        {"Chen": 150_000},
    ]
    assert list(by_role(story, "P-2").values()) == [105_000, 105_000, 210_000, 157_500, 367_499, 105_000]


def test_a_newcomer_shares_with_mentor_and_origin_to_the_fen() -> None:
    story = signed("Li")
    parts = [{"rep": "Li", "bps": 8_500}, {"rep": "Feng", "bps": 1_000}, {"rep": "Zhou", "bps": 500}]
    story.given("agree-sharing", "06-12 09:00", of="Li", parts=parts, effective_from=on("06-12 09:00"), actor="Kong")

    pays(story, "07-12 09:00", 3_333_333)

    assert sum(line.amount for line in lines(story)) == 99_999
    assert by_payee(lines(story)) == {"Li": 84_999, "Feng": 10_000, "Zhou": 5_000}


def test_an_empty_role_falls_to_the_plans_fallback_and_says_so() -> None:
    story = pays(signed("Li"), "03-01 09:00", 1_000_000)
    maintainer = next(line for line in lines(story) if line.role == "MAINTAINER")

    assert (maintainer.payee, maintainer.held_by, maintainer.amount) == ("Li", "CLOSER", 6_000)
    assert maintainer.ground == "earned by signed-contract contract"
    assert maintainer.ground_position == max(
        i
        for i, fact in enumerate(story.log, 1)
        if fact.kind == "role-earned.v1" and getattr(fact, "role", "") == "CLOSER"
    )


def test_what_nobody_holds_and_nothing_falls_back_to_is_nobodys_and_still_counted() -> None:
    story = pays(signed("Li"), "03-01 09:00", 1_000_000)
    story.given("revoke-role", "03-02 09:00", role="CLOSER", effective_from=on("02-20 09:00"), actor="Kong")

    assert by_payee(lines(story)) == {"Li": 3_000, None: 27_000}


def test_a_refund_takes_back_and_a_full_refund_leaves_nobody_anything() -> None:
    story = pays(signed("Li"), "03-01 09:00", 1_000_000)
    story.given("refund-payment", "03-02 09:00", payment="P-1", refund="R-1", amount=333_333)
    assert sum(line.amount for line in lines(story)) == 20_000

    story.given("refund-payment", "03-03 09:00", payment="P-1", refund="R-2", amount=666_667)

    assert {line.amount for line in lines(story)} == {0}


def test_money_from_before_the_signing_is_divided_as_at_the_signing() -> None:
    story = pays(signed("Li", at="02-20 09:00"), "02-10 09:00", 1_000_000)

    assert by_payee(lines(story)) == {"Li": 30_000}


def test_nothing_is_attributed_without_a_contract_or_a_receipt() -> None:
    assert attribute(with_a_deal().world.deal("deal"), shipped("b2b-1")) == []
    assert lines(signed()) == []


days = st.integers(1, 120).map(lambda n: f"2024-{2 + n // 28:02d}-{1 + n % 28:02d} 09:00")
parts_of = st.lists(
    st.tuples(st.sampled_from(PAYEES), st.integers(1, 97)), min_size=1, max_size=4, unique_by=lambda p: p[0]
)


def whole(weights: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """Parts by weight that sum to the whole."""
    total = sum(weight for _, weight in weights)
    shares = [WHOLE * weight // total for _, weight in weights]
    shares[0] += WHOLE - sum(shares)
    return [{"rep": rep, "bps": bps} for (rep, _), bps in zip(weights, shares, strict=True)]


happenings = st.one_of(
    st.tuples(st.just("pay"), days, st.integers(1, 10**10)),
    st.tuples(st.just("refund"), days, st.integers(1, 10**10)),
    st.tuples(st.just("transfer"), days, st.tuples(st.sampled_from(B2B_ROLES), parts_of)),
    st.tuples(st.just("revoke"), days, st.sampled_from(B2B_ROLES)),
    st.tuples(st.just("share"), days, st.tuples(st.sampled_from(PAYEES), parts_of)),
)


def happen(story: Story, what: str, day: str, detail: Any, n: int) -> tuple[AnyFact, ...]:
    told: dict[str, Any] = {"actor": "Kong", "effective_from": on(day)}
    late = "2024-12-31 09:00"
    match what:
        case "pay":
            fields: dict[str, Any] = {"payment": f"P-{n}", "external_id": f"b-{n}", "amount": detail}
            return tuple(story.when("receive-payment", day, recorded=late, **fields).facts)
        case "refund":
            receipts = story.world.deal("deal").payments.received
            if not receipts:
                return ()
            payment = list(receipts)[n % len(receipts)]
            fields = {"payment": payment, "refund": f"R-{n}", "amount": detail % (receipts[payment].net or 1) or 1}
            return tuple(story.when("refund-payment", day, recorded=late, **fields).facts)
        case "transfer":
            role, parts = detail
            return tuple(story.when("transfer-role", late, role=role, parts=whole(parts), **told).facts)
        case "revoke":
            return tuple(story.when("revoke-role", late, role=detail, **told).facts)
        case _:
            of, parts = detail
            return tuple(story.when("agree-sharing", late, of=of, parts=whole(parts), **told).facts)


def a_history(what: list[tuple[str, str, Any]]) -> Story:
    story = signed("Li", amount=10**12)
    for n, (kind, day, detail) in enumerate(what):
        happen(story, kind, day, detail, n)
    return story


@given(st.lists(happenings, max_size=12))
def test_the_lines_of_a_receipt_sum_to_its_pool_whatever_happened(what: list[tuple[str, str, Any]]) -> None:
    found = lines(a_history(what))

    for payment in {line.payment for line in found}:
        of_payment = [line for line in found if line.payment == payment]
        assert sum(line.amount for line in of_payment) == of_payment[0].pool.amount
        assert all(line.amount >= 0 for line in of_payment)
        assert len({line.key for line in of_payment}) == len(of_payment)


@given(st.lists(happenings, max_size=12))
def test_refunding_everything_nets_zero_for_every_payee(what: list[tuple[str, str, Any]]) -> None:
    story = a_history(what)
    for n, (payment, receipt) in enumerate(story.world.deal("deal").payments.received.items()):
        if receipt.net:
            told: dict[str, Any] = {"payment": payment, "refund": f"all-{n}", "amount": receipt.net}
            story.given("refund-payment", "2024-12-31 10:00", **told)

    assert {line.amount for line in lines(story)} <= {0}


@given(st.lists(happenings.filter(lambda each: each[0] != "refund"), max_size=8), st.randoms(use_true_random=False))
def test_the_order_in_which_unrelated_facts_are_recorded_pays_nobody_more(
    what: list[tuple[str, str, Any]], chance: Any
) -> None:
    rulings = [each for each in what if each[0] != "pay"]
    payments = [each for each in what if each[0] == "pay"]
    mixed = [*rulings, *payments]
    orders = sorted(range(len(mixed)), key=lambda _: chance.random())
    shuffled = [mixed[i] for i in orders if i >= len(rulings)]
    interleaved = [*shuffled, *rulings]

    def paid(found: list[Line]) -> list[tuple[int, str, str | None, int]]:
        return sorted((line.pool.net, line.role, str(line.payee), line.amount) for line in found)

    assert paid(lines(a_history(mixed))) == paid(lines(a_history(interleaved)))


@pytest.mark.parametrize("amount", [1, 33, 34, 3_333, 99_999_999, 2**62])
def test_every_step_of_the_division_is_shown_and_adds_up(amount: int) -> None:
    for line in lines(pays(signed("Li"), "03-01 09:00", amount)):
        assert line.share.floor == line.pool.amount * line.share.bps // WHOLE
        assert line.share.leftover in (0, 1)
        assert line.part.amount == line.amount == line.share.amount
