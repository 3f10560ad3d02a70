"""The sweeper brings the clock's facts in early; whether it runs on time, late or never, the history comes out the same."""

from datetime import datetime, timedelta

import pytest

from domain.organisation.decisions import LeaveRep
from services.ledger.application import Ledger
from services.sweeper import ClockSilent, sweep
from tests.conftest import OpenLedger
from tests.samples import BEGIN, claim, opening, policy, register

DAY = timedelta(days=1)


class Watch:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def shop(open_here: OpenLedger, watch: Watch) -> Ledger:
    """Policy: seven days to work a customer, a warning two days before, seven days to wait after losing one."""
    ledger = open_here(watch)
    begun = [*opening("Li", "Zhou", terms=policy(days=7)), *((f"r{n}", register(f"C-{n}", at=BEGIN)) for n in range(3))]
    assert all(answer.accepted for answer in ledger.record_many(begun))
    return ledger


def history(ledger: Ledger, customer: str = "C-0") -> list[tuple[str, datetime]]:
    return [(each.fact.kind.removesuffix(".v1"), each.occurred_at) for each in ledger.read(f"customer/{customer}")[1:]]


@pytest.mark.parametrize("at_hours", [(), (121, 169), (169,), (300,), (121, 122, 168, 169, 170, 300)])
def test_the_history_is_the_same_whenever_the_sweeper_runs(
    shop: Ledger, watch: Watch, at_hours: tuple[int, ...]
) -> None:
    assert shop.record(claim("C-0", at=BEGIN), command_id="c1").accepted
    for hours in at_hours:
        watch.now = BEGIN + timedelta(hours=hours)
        sweep(shop)
    watch.now = BEGIN + 20 * DAY
    assert shop.record(claim("C-0", "Zhou", at=BEGIN + 20 * DAY), command_id="c2").accepted

    assert history(shop) == [
        ("customer-claimed", BEGIN),
        ("retention-warned", BEGIN + 5 * DAY),
        ("customer-dropped", BEGIN + 7 * DAY),
        ("customer-claimed", BEGIN + 20 * DAY),
    ]
    assert shop.refold().difference is None


def test_a_sweep_ends_when_nothing_is_due_and_a_second_one_finds_nothing(shop: Ledger, watch: Watch) -> None:
    for n in range(3):
        assert shop.record(claim(f"C-{n}", at=BEGIN), command_id=f"c{n}").accepted
    assert sweep(shop) == 0

    watch.now = BEGIN + 8 * DAY

    assert sweep(shop, limit=1) == 6
    assert sweep(shop) == 0


def test_what_is_told_late_of_whoever_has_left_is_brought_to_its_end_too(shop: Ledger, watch: Watch) -> None:
    watch.now = BEGIN + DAY
    leave = LeaveRep(at=BEGIN + DAY, rep="Li", ground="moved away", actor="Boss")
    assert shop.record(leave, command_id="l").accepted
    assert shop.record(claim("C-0", at=BEGIN), command_id="c0").accepted

    assert sweep(shop) == 1
    assert history(shop)[-1] == ("customer-dropped", BEGIN + DAY)


def test_two_sweepers_bring_nothing_in_twice(shop: Ledger, watch: Watch, open_here: OpenLedger) -> None:
    assert shop.record(claim("C-0", at=BEGIN), command_id="c0").accepted
    watch.now = BEGIN + 8 * DAY

    assert (sweep(shop), sweep(open_here(watch))) == (2, 0)


def test_an_alarm_without_a_reason_is_told_rather_than_rung_for_ever(shop: Ledger, watch: Watch) -> None:
    with shop.log_recorder.readers.connection() as connection:
        connection.execute("insert into alarm values ('customer/C-2', 'retention', %s, 'Li', 1)", (BEGIN,))
    watch.now = BEGIN + DAY

    with pytest.raises(ClockSilent, match="customer/C-2"):
        sweep(shop)
