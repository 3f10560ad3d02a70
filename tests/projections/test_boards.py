"""What the pool board, the quotas, ownership and the customer's history tell, in stories with dates to check by hand."""

from typing import Any

import pytest
from psycopg import Connection

from projections import history, ownership, pool, quotas
from projections.catalogue import READ_MODELS
from projections.runner import Runner
from services.ledger.application import Ledger
from tests.projections.conftest import Clock
from tests.projections.generated import FAR, HERE
from tests.projections.stories import Story, on, phone_of


@pytest.fixture
def story(ledger: Ledger, clock: Clock) -> Story:
    told = Story(ledger, clock)
    told.opening("Li", "Zhou")
    return told


def test_the_board_shows_owner_deadline_and_warning_and_only_sealed_names(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.customer("02-01 09:00", "shop", "Li")
    claimed = story.tell("02-01 10:00", "claim-customer", customer="shop", rep="Li")
    runner.catch_up()

    found = pool.one(reading, "shop")

    assert found.position == claimed
    assert found.row
    assert (found.row.owner, found.row.since, found.row.deadline) == ("Li", on("02-01 10:00"), on("02-08 10:00"))
    assert found.row.warn_at == on("02-06 10:00")
    assert found.row.customer_name.startswith("sealed.1.")
    assert pool.one(reading, "nobody").row is None


def test_a_drop_makes_the_customer_public_and_its_owner_wait(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.customer("02-01 09:00", "shop", "Li")
    story.tell("02-01 10:00", "claim-customer", customer="shop", rep="Li")
    story.tell("02-07 12:00", "bring-clock", customer="shop")
    runner.catch_up()
    warned = pool.one(reading, "shop").row
    story.tell("02-09 12:00", "bring-clock", customer="shop")
    runner.catch_up()

    assert warned
    assert warned.warned_at == on("02-06 10:00")
    [row] = pool.public(reading).rows
    assert (row.owner, row.since, row.warned_at) == (None, on("02-08 10:00"), None)
    assert [former["owner"] for former in row.given_up] == ["Li"]
    [waiting] = quotas.cooling_down(reading, "shop", on("02-15 09:59")).rows
    assert (waiting.owner, waiting.until, waiting.clause) == ("Li", on("02-15 10:00"), "TEST-1/cool-down")
    assert quotas.cooling_down(reading, "shop", on("02-15 10:00")).rows == []


def test_lists_are_read_page_by_page_in_order(story: Story, runner: Runner, reading: Connection[Any]) -> None:
    names = [f"shop-{n}" for n in range(7)]
    for n, name in enumerate(names):
        story.customer(f"02-0{n + 1} 09:00", name, "Li")
    for n, name in enumerate(names[:5]):
        story.tell(f"02-08 09:0{9 - n}", "claim-customer", customer=name, rep="Li")
    runner.catch_up()

    first = pool.private(reading, "Li", limit=3)
    rest = pool.private(reading, "Li", limit=3, after=first.after)

    assert [row.customer for row in [*first.rows, *rest.rows]] == names[4::-1]
    assert rest.after is None
    assert [row.customer for row in pool.public(reading, limit=1).rows] == ["shop-5"]
    assert [row.customer for row in pool.public(reading, limit=1, after=pool.public(reading, limit=1).after).rows] == [
        "shop-6"
    ]
    assert [row.customer for row in pool.due_soon(reading, on("02-15 09:07")).rows] == ["shop-4", "shop-3"]
    with pytest.raises(ValueError, match="1 to 1000 rows"):
        pool.public(reading, limit=1001)


def test_a_won_customer_has_no_deadline_and_comes_last(story: Story, runner: Runner, reading: Connection[Any]) -> None:
    for name in ("shop", "mill"):
        story.customer("02-01 09:00", name, "Li")
        story.tell("02-01 10:00", "claim-customer", customer=name, rep="Li")
    story.signed("02-02 09:00", "D1", "mill", "Li", 1_000)
    runner.catch_up()

    rows = pool.private(reading, "Li").rows

    assert [(row.customer, row.tier, row.deadline) for row in rows][1] == ("mill", "won", None)
    page = pool.private(reading, "Li", limit=1)
    assert [row.customer for row in pool.private(reading, "Li", after=page.after).rows] == ["mill"]


def test_quotas_count_what_is_held_and_claimed_and_a_quota_of_ones_own_goes_first(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    for name in ("shop", "mill"):
        story.customer("02-01 09:00", name, "Li")
        story.tell("02-01 10:00", "claim-customer", customer=name, rep="Li")
    story.tell("02-01 11:00", "release-customer", customer="mill", rep="Li")
    story.tell("02-01 12:00", "set-quota", rep="Li", held=4, actor="Boss")
    runner.catch_up()

    before, after = (quotas.quota_left(reading, "Li", on(at)).row for at in ("02-01 11:30", "02-01 12:00"))
    tomorrow = quotas.quota_left(reading, "Li", on("02-02 09:00")).row

    assert before
    assert after
    assert tomorrow
    assert (before.held.allowed, before.held.left) == (40, 39)
    assert (after.held.allowed, after.held.used, after.held.left) == (4, 1, 3)
    assert (after.claims_today.used, tomorrow.claims_today.used) == (2, 0)
    assert (after.close.allowed, after.policy) == (10, "TEST-1")
    assert quotas.quota_left(reading, "Nobody", on("02-02 09:00")).row is None


def test_ownership_is_half_open_intervals_that_say_how_they_began_and_ended(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.customer("02-01 09:00", "shop", "Li")
    story.tell("02-01 10:00", "claim-customer", customer="shop", rep="Li")
    story.tell("02-09 09:00", "claim-customer", customer="shop", rep="Zhou")
    story.tell("02-10 09:00", "reassign-customer", customer="shop", to="Li", ground="balance", actor="Boss")
    runner.catch_up()

    rows = ownership.of_customer(reading, "shop").rows

    assert [(row.owner, row.began, row.since, row.ended, row.until) for row in rows] == [
        ("Li", "claimed", on("02-01 10:00"), "dropped", on("02-08 10:00")),
        ("Zhou", "claimed", on("02-09 09:00"), "reassigned", on("02-10 09:00")),
        ("Li", "reassigned", on("02-10 09:00"), None, None),
    ]
    assert rows[0].ended_why == "TEST-1/retention (deadline)"
    assert [row.owner for row in ownership.of_owner(reading, "Zhou").rows] == ["Zhou"]
    owners = [ownership.owner_at(reading, "shop", on(at)).row for at in ("02-08 09:59", "02-08 10:00", "02-10 09:00")]
    assert [row.owner if row else None for row in owners] == ["Li", None, "Li"]


def test_ownership_as_known_before_a_drop_was_recorded_is_still_the_former_owners(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.customer("02-01 09:00", "shop", "Li")
    story.tell("02-01 10:00", "claim-customer", customer="shop", rep="Li")
    story.tell("02-12 09:00", "bring-clock", customer="shop")
    runner.catch_up()

    known = ownership.owner_at(reading, "shop", true_at=on("02-09 09:00"), known_at=on("02-10 09:00")).row
    later = ownership.owner_at(reading, "shop", true_at=on("02-09 09:00"), known_at=on("02-12 09:00")).row

    assert known
    assert known.owner == "Li"
    assert later is None


def test_history_has_both_times_and_can_be_cut_by_either(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.customer("02-01 09:00", "shop", "Li")
    visit = {"visit": "V1", "rep": "Li", "purpose": "talk", "point": HERE, "photo": "0" * 64}
    story.tell_late("02-02 17:00", "02-03 10:00", "record-visit", customer="shop", **visit)
    story.tell_late("02-02 18:00", "02-03 11:00", "open-deal", deal="D1", customer="shop", rep="Li")
    moved = {
        "role": "SOLUTION",
        "parts": [{"rep": "Zhou", "bps": 10_000}],
        "effective_from": on("02-10 09:00").isoformat(),
    }
    story.tell("02-05 09:00", "transfer-role", deal="D1", ground="ruling", actor="Panel", **moved)
    runner.catch_up()

    told = history.history(reading, "shop").rows
    known = history.history(reading, "shop", known_at=on("02-03 09:59")).rows
    true = history.history(reading, "shop", true_at=on("02-09 09:00")).rows

    assert [row.kind for row in told][:2] == ["customer-registered.v1", "visit-recorded.v1"]
    assert (told[1].occurred_at, told[1].recorded_at) == (on("02-02 17:00"), on("02-03 10:00"))
    assert told[1].told["point"].startswith("sealed.1.")
    assert told[-1].effective_at == on("02-10 09:00")
    assert [row.kind for row in known] == ["customer-registered.v1"]
    assert [row.kind for row in true] == [row.kind for row in told[:-1]]
    first = history.history(reading, "shop", limit=2)
    again = history.history(reading, "shop", after=first.after)
    assert [*first.rows, *again.rows] == told


def test_a_merged_record_brings_its_history_along(story: Story, runner: Runner, reading: Connection[Any]) -> None:
    story.tell("01-02 09:00", "join-rep", rep="Office", unit="company", duty="mid-office")
    story.customer("02-01 09:00", "shop", "Li")
    story.customer("02-02 09:00", "shop-again", "Zhou")
    merged = {"customer": "shop", "absorbed": "shop-again", "ground": "one shop", "actor": "Office"}
    story.tell("02-03 09:00", "merge-customers", **merged)
    runner.catch_up()

    assert {row.customer for row in history.history(reading, "shop").rows} == {"shop", "shop-again"}
    assert {row.customer for row in history.history(reading, "shop", known_at=on("02-02 12:00")).rows} == {"shop"}
    assert [row.customer for row in pool.public(reading).rows] == ["shop"]
    absorbed = pool.one(reading, "shop-again").row
    assert absorbed
    assert absorbed.merged_into == "shop"


def test_nothing_personal_stands_in_the_open_in_any_table(
    story: Story, runner: Runner, reading: Connection[Any]
) -> None:
    story.customer("02-01 09:00", "shop", "Li")
    story.tell("02-02 09:00", "correct-customer-place", customer="shop", place=FAR, ground="moved")
    visit = {"visit": "V1", "rep": "Li", "purpose": "talk", "point": HERE, "photo": "0" * 64, "result": "they like us"}
    story.tell("02-02 17:00", "record-visit", customer="shop", **visit)
    runner.catch_up()

    whole = ""
    for model in READ_MODELS:
        for table in model.tables:
            row = reading.execute(f"SELECT string_agg(t::text, ' ') FROM {table.name} t").fetchone()
            whole += str(row)

    clear = (FAR, HERE, "Shop shop", phone_of("shop"), "they like us", "Li the rep")
    assert [text for text in clear if text in whole] == []
    assert "sealed.1." in whole
