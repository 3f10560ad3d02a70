"""A subscriber is killed at moments of chance, and members come and go in a storm: nothing is missing, nothing twice."""

from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import pytest
from psycopg import Connection

from ledger_subscriber import Event, Subscriber
from ledger_subscriber.kinds.payment import PaymentReceived
from ledger_subscriber.postgresql import PostgresInbox
from tests.consumers.soaking import ROUNDS, chance
from tests.consumers.subscriber.letters import Ledger, publish
from tests.consumers.subscriber.test_subscriber import INSERT, by_stream
from tests.waiting import wait_until

DEALS = "ABCDEFGHIJ"


def subscribe(dsn: str, kafka: str, topic: str, member: str | None) -> None:
    """What a process of its own does until it is killed."""
    settings = {"bootstrap_servers": kafka, "group_instance_id": member, "heartbeat_interval_ms": 200}
    subscriber = Subscriber(
        PostgresInbox(dsn), topic=topic, group=topic, kafka={**settings, "session_timeout_ms": 6_000}, unknown="park"
    )

    @subscriber.on(PaymentReceived)
    def paid(event: Event[PaymentReceived], connection: Connection[object]) -> None:
        connection.execute(INSERT, (event.stream, event.version, event.id))

    subscriber.run()


def started(*about: object) -> BaseProcess:
    process = get_context("spawn").Process(target=subscribe, args=about)
    process.start()
    return process


@dataclass(frozen=True, slots=True)
class Handled:
    """What was handled so far."""

    inbox: PostgresInbox

    def number(self) -> int:
        with self.inbox.transaction() as connection:
            row = connection.execute("select count(*) from effect").fetchone()
        return int(row[0]) if row else 0

    def by_stream(self) -> dict[str, list[int]]:
        """The versions of each stream in the order of handling."""
        with self.inbox.transaction() as connection:
            return by_stream(list(connection.execute("select stream, version from effect order by number")))


@pytest.fixture
def handled(postgres_inbox: PostgresInbox) -> Handled:
    return Handled(postgres_inbox)


def test_subscribers_killed_in_the_middle_handle_each_event_once(
    kafka: str, topic: str, postgres_dsn: str, handled: Handled
) -> None:
    ledger, when, published = Ledger(), chance("subscriber killed"), 0
    for _ in range(ROUNDS):
        publish(kafka, topic, ledger.payments(DEALS * 100))
        published += 1_000
        process = started(postgres_dsn, kafka, topic, "the one")
        somewhere = handled.number() + when.randrange(published - handled.number())
        wait_until(lambda: handled.number() >= somewhere, 180)  # noqa: B023 (called before the next round)
        process.kill()
        process.join()
    publish(kafka, topic, ledger.payments(DEALS * 10))
    process = started(postgres_dsn, kafka, topic, "the one")
    wait_until(lambda: handled.number() >= published + 100, 180)
    process.terminate()
    process.join()

    assert process.exitcode == 0
    assert handled.by_stream() == {f"deal/{deal}": list(range(1, 100 * ROUNDS + 11)) for deal in DEALS}


def test_a_storm_of_rebalances_loses_nothing_and_repeats_nothing(
    kafka: str, topic: str, postgres_dsn: str, handled: Handled
) -> None:
    ledger, when, members = Ledger(), chance("storm"), list[BaseProcess]()
    for published in range(500, 500 * ROUNDS + 1, 500):
        members.append(started(postgres_dsn, kafka, topic, None))
        publish(kafka, topic, ledger.payments(DEALS * 50))
        wait_until(lambda: handled.number() >= when.randrange(published), 180)  # noqa: B023 (called before the next round)
        if len(members) > 2:
            leaving = members.pop(when.randrange(len(members)))
            when.choice((leaving.terminate, leaving.kill))()
            leaving.join()
    wait_until(lambda: handled.number() >= 500 * ROUNDS, 180)
    for each in members:
        each.terminate()
        each.join()

    assert handled.by_stream() == {f"deal/{deal}": list(range(1, 50 * ROUNDS + 1)) for deal in DEALS}
