"""The library's own tests of a recorder, run against ours. Where we deviate, it is named here with the reason.

- Ids are texts: a stream is `customer/C-1`, not a UUID.
- The state of an event is JSON, because the stored text is read by SQL and by auditors; the library's samples are bare bytes,
  so they go in quoted and come out unquoted.
- Every test has a schema of its own, so that it begins with an empty log as the library expects.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import Notification, StoredEvent, Subscription
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase

from services.ledger.application import Ledger
from services.ledger.recorder import LedgerRecorder


class SampleRecorder(LedgerRecorder):
    """Our recorder, with the library's bare sample bytes put into JSON."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        quoted = [replace(each, state=json.dumps(each.state.decode()).encode()) for each in stored_events]
        return super().insert_events(quoted, **kwargs)

    def select_events(self, originator_id: UUID | str, **kwargs: Any) -> Sequence[Notification]:
        return [unquoted(each) for each in super().select_events(originator_id, **kwargs)]

    def select_notifications(self, *args: Any, **kwargs: Any) -> Sequence[Notification]:
        return [unquoted(each) for each in super().select_notifications(*args, **kwargs)]


def unquoted(notification: Notification) -> Notification:
    return replace(notification, state=json.loads(notification.state).encode())


class OnAFreshLedger:
    recorder: LedgerRecorder

    @pytest.fixture(autouse=True)
    def fresh(self, ledger: Ledger) -> Iterator[None]:
        self.recorder = SampleRecorder(ledger.dsn, ledger.schema)
        yield
        self.recorder.close()

    def create_recorder(self) -> LedgerRecorder:
        return self.recorder

    def new_originator_id(self) -> str:
        return f"customer/{uuid4()}"


class TestApplicationRecorder(OnAFreshLedger, ApplicationRecorderTestCase[LedgerRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPositionsDoNotInterleave(OnAFreshLedger, NonInterleavingNotificationIDsBaseCase):
    pass


def test_a_subscription_is_the_librarys_and_begins_where_it_is_told(ledger: Ledger) -> None:
    recorder = SampleRecorder(ledger.dsn, ledger.schema)
    recorder.insert_events([StoredEvent("customer/C-1", version, "sample", b"x") for version in (1, 2, 3)])

    with recorder.subscribe(gt=1) as subscription:
        assert isinstance(subscription, Subscription)
        assert [next(subscription).id for _ in range(2)] == [2, 3]
    recorder.close()
