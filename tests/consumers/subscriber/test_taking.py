"""What becomes of records: once, in order, and set aside with those behind them when they cannot be handled."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger_subscriber.event import Delivery
from ledger_subscriber.start import Start
from tests.consumers.subscriber.conftest import Subject
from tests.consumers.subscriber.letters import Ledger, paid


def elsewhere(deliveries: Sequence[Delivery], topic: str) -> list[Delivery]:
    """The same events again, from another topic."""
    return [replace(each, topic=topic) for each in deliveries]


def test_events_are_handled_once_whatever_comes_again(subject: Subject) -> None:
    events = Ledger().payments("ABAB")

    assert subject.take(*events) == {"handled": 4}
    assert subject.take(*events) == {"repeated": 4}
    assert subject.take(*elsewhere(events, "again")) == {"repeated": 4}

    assert subject.effects() == [("deal/A", 1), ("deal/B", 1), ("deal/A", 2), ("deal/B", 2)]


def test_an_event_that_comes_twice_in_one_batch_is_handled_once(subject: Subject) -> None:
    [event] = Ledger().payments("A")

    assert subject.take(event, replace(event, offset=7), replace(event, offset=8)) == {"handled": 1, "repeated": 2}
    assert subject.effects() == [("deal/A", 1)]


def test_an_event_that_cannot_be_handled_parks_its_key_and_no_other(subject: Subject) -> None:
    subject.disliked = {"id-2"}

    counts = subject.take(*Ledger().payments("ABABCA"))

    assert counts == {"handled": 4, "parked": 1, "waiting": 1}
    assert subject.effects() == [("deal/A", 1), ("deal/A", 2), ("deal/C", 1), ("deal/A", 3)]
    assert subject.reasons() == [("id-2", "handler-failed"), ("id-4", None)]
    [first, _] = subject.mending.parked("deal/B")
    assert (first.attempts, first.detail, first.delivery.offset) == (2, "Refused: not id-2", 1)


def test_nothing_of_a_failed_event_remains(subject: Subject) -> None:
    subject.disliked = {"id-3"}

    subject.take(*Ledger().payments("ABC"))

    assert subject.effects() == [("deal/A", 1), ("deal/B", 1)]


def test_a_replayed_key_goes_on_in_order_and_then_as_usual(subject: Subject) -> None:
    ledger = Ledger()
    subject.disliked = {"id-1"}
    subject.take(*ledger.payments("AAB"))
    subject.disliked = set()

    assert subject.mending.replay("deal/A") == 2
    assert subject.take(*ledger.payments("A")) == {"handled": 1}

    assert subject.effects() == [("deal/B", 1), ("deal/A", 1), ("deal/A", 2), ("deal/A", 3)]
    assert subject.reasons() == []


def test_a_replay_in_vain_counts_the_attempt_and_keeps_the_order(subject: Subject) -> None:
    subject.disliked = {"id-1"}
    subject.take(*Ledger().payments("AA"))

    assert subject.mending.replay() == 0

    assert [(each.reason, each.attempts) for each in subject.mending.parked()] == [("handler-failed", 3), (None, 0)]
    assert subject.effects() == []


def test_a_discarded_event_lets_those_behind_it_go_on(subject: Subject) -> None:
    subject.disliked = {"id-1"}
    subject.take(*Ledger().payments("AAA"))
    first, second, _ = subject.mending.parked()

    with pytest.raises(LookupError):
        subject.mending.discard(second.number)
    subject.mending.discard(first.number)

    assert subject.mending.replay() == 2
    assert subject.effects() == [("deal/A", 2), ("deal/A", 3)]


def test_a_missing_version_is_noticed_and_parks_the_key(subject: Subject) -> None:
    first, _, third, fourth = Ledger().payments("AAAA")

    assert subject.take(first, third, fourth) == {"handled": 1, "parked": 1, "waiting": 1}

    assert subject.reasons() == [("id-3", "gap"), ("id-4", None)]
    assert subject.mending.replay() == 0
    assert subject.mending.replay(accept_gap=True) == 2
    assert subject.effects() == [("deal/A", 1), ("deal/A", 3), ("deal/A", 4)]


def test_a_gap_is_filled_from_where_nothing_is_lost(subject: Subject) -> None:
    events = Ledger().payments("AAAA")
    subject.take(events[0], events[3])
    subject.missing = lambda stream, after, before: [e for e in events[after : before - 1] if e.key == stream]

    assert subject.mending.replay() == 1

    assert subject.effects() == [("deal/A", number) for number in (1, 2, 3, 4)]


def test_a_stream_that_does_not_begin_with_its_first_event_is_a_gap_for_who_began_at_the_beginning(
    subject: Subject,
) -> None:
    assert subject.take(paid("A", 2, 2)) == {"parked": 1}


def test_a_version_that_was_there_under_another_id_is_reordered(subject: Subject) -> None:
    subject.take(*Ledger().payments("AA"))

    assert subject.take(paid("A", 1, 3)) == {"parked": 1}
    assert subject.reasons() == [("id-3", "reordered")]


@pytest.mark.parametrize(("start", "seen"), [(3, [3, 4]), (datetime(2024, 1, 1, 9, 0, 4, tzinfo=UTC), [4])])
def test_who_begins_later_misses_nothing_of_what_comes_then(
    subject: Subject, start: int | datetime, seen: list[int]
) -> None:
    subject.start = Start.at_position(start) if isinstance(start, int) else Start.at_time(start)

    assert subject.take(*Ledger().payments("AAAA")) == {"handled": len(seen), "skipped": 4 - len(seen)}
    assert subject.effects() == [("deal/A", version) for version in seen]
    assert subject.take(paid("A", 6, 6)) == {"parked": 1}


def test_a_kind_of_a_newer_ledger_parks_its_key_or_is_passed_over_as_stated(subject: Subject) -> None:
    newer: dict[str, Any] = {"ce_type": "payment-forgiven.v1", "value": '{"kind":"payment-forgiven.v1"}'}

    assert subject.take(paid("A", 1, 1, **newer), paid("A", 2, 2)) == {"parked": 1, "waiting": 1}
    subject.unknown = "pass"
    assert subject.take(paid("B", 1, 3, **newer), paid("B", 2, 4)) == {"passed": 1, "handled": 1}

    assert subject.reasons() == [("id-1", "unknown-kind"), ("id-2", None)]
    assert subject.effects() == [("deal/B", 2)]


@pytest.mark.parametrize(
    ("delivery", "reason"),
    [
        (replace(paid("A", 1, 1), value=None), "no-value"),
        (paid("A", 1, 1, value="not json"), "not-json"),
        (paid("A", 1, 1, value='{"kind":"payment-received.v1"}'), "not-the-kind"),
        (paid("A", 1, 1, value="x" * 5_000_000), "too-large"),
        (replace(paid("A", 1, 1), headers={}), "not-a-cloudevent"),
        (paid("A", 1, 1, ce_specversion="0.3"), "not-a-cloudevent"),
        (paid("A", 1, 1, ce_id=""), "not-a-cloudevent"),
        (paid("A", 1, 1, ce_streamversion="one"), "not-a-cloudevent"),
        (replace(paid("A", 1, 1), key="deal/B"), "key-not-subject"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_that_is_no_event_parks_its_key_with_the_reason_and_the_next_key_goes_on(
    subject: Subject, delivery: Delivery, reason: str
) -> None:
    counts = subject.take(delivery, replace(paid("C", 1, 2), offset=1))

    assert counts == {"parked": 1, "handled": 1}
    [parked] = subject.mending.parked()
    assert (parked.reason, parked.key, parked.delivery.value) == (reason, delivery.key, delivery.value)
    assert subject.mending.replay() == 0
    subject.mending.discard(parked.number)
    assert subject.mending.parked() == []


def test_a_bad_event_among_a_thousand_costs_few_more_calls(subject: Subject) -> None:
    subject.disliked = {"id-700"}

    counts = subject.take(*Ledger().payments(f"D{number}" for number in range(1000)))

    assert counts == {"handled": 999, "parked": 1}
    assert subject.calls < 40
