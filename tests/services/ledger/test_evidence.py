"""What is stored can be trusted: altered bytes are found, what is kept beside the log follows from it, nobody is in the clear."""

import pytest

from domain.customer.decisions import RegisterCustomer
from domain.personal import Personal
from services.database import connect
from services.ledger.application import Ledger
from services.ledger.chain import START, link
from tests.samples import BEGIN, claim, opening, register

PLANTED = ("Wang Xiaoming", "13800138000", "No 7 Lotus Lane", "31.2304,121.4737", "Li the rep")


@pytest.fixture
def shop(ledger: Ledger) -> Ledger:
    commands = [*opening("Li", "Zhou"), ("r1", register("C-1")), ("r2", register("C-2")), ("c1", claim("C-1"))]
    assert all(answer.accepted for answer in ledger.record_many(commands))
    return ledger


def alter(ledger: Ledger, statement: str) -> None:
    with connect(ledger.dsn, ledger.schema) as connection:
        connection.execute(statement)


def test_an_untouched_ledger_follows_from_its_log(shop: Ledger) -> None:
    refolded = shop.refold()

    assert (refolded.events, refolded.difference) == (shop.head().position, None)


def test_the_chain_can_be_computed_from_the_stored_texts_alone(shop: Ledger) -> None:
    chain = START
    for notification in shop.recorder.select_notifications(1, 1_000):
        chain = link(chain, notification.state)

    assert chain == shop.head().chain


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "update event set record = replace(record::text, 'North', 'Norte')::json where position = 2",
            "event 2: its stored",
        ),
        (
            "update event set record = replace(record::text, ',\"v', ', \"v')::json where position = 5",
            "event 5: its stored",
        ),
        ("update event set occurred_at = occurred_at + interval '1 hour' where position = 3", "event 3: its column"),
        ("delete from event where position = 4", "event 4: its position is 5"),
        ("delete from event where position = (select max(position) from event)", "the head is not"),
        ("update tally set n = n + 1 where kind = 'held'", "tally has held, Li"),
        ("delete from held_key", "held_key lacks"),
        ("update alarm set at = at + interval '1 day'", "alarm has customer/C-1, retention"),
    ],
)
def test_whatever_is_altered_is_found_and_named(shop: Ledger, statement: str, told: str) -> None:
    alter(shop, statement)

    assert told in str(shop.refold().difference)


def planted() -> RegisterCustomer:
    name, phone, address, place, _ = PLANTED
    return RegisterCustomer(
        at=BEGIN,
        customer="C-9",
        by="Li",
        customer_name=Personal(name),
        phone=Personal(phone),
        contact=Personal(name),
        address=Personal(address),
        place=Personal(place),
    )


def every_stored_text(ledger: Ledger) -> str:
    with connect(ledger.dsn, ledger.schema) as connection:
        tables = connection.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = %s::regnamespace", (ledger.schema,)
        ).fetchall()
        rows = [connection.execute(f"select t::text from {table} t").fetchall() for (table,) in tables]
    return "\n".join(str(row[0]) for each in rows for row in each)


def test_personal_data_stands_nowhere_in_the_clear_neither_of_accepted_nor_of_refused_commands(shop: Ledger) -> None:
    assert shop.record(planted(), command_id="p1").accepted
    assert not shop.record(planted(), command_id="p2").accepted

    stored = every_stored_text(shop)

    assert "C-9" in stored
    assert [value for value in PLANTED if value in stored] == []


def test_sealed_values_can_be_revealed_until_their_key_is_destroyed(shop: Ledger) -> None:
    assert shop.record(planted(), command_id="p1").accepted
    stored = shop.recorder.select_events("customer/C-9")[0].state.decode()
    sealed = stored.partition('"phone":"')[2].partition('"')[0]
    assert shop.reveal(sealed) == "13800138000"

    alter(shop, "update personal_key set wrapped = null where subject = 'customer/C-9'")

    assert fresh(shop).reveal(sealed) is None
    assert shop.refold().difference is None


def fresh(ledger: Ledger) -> Ledger:
    """The same ledger as a process sees it that opens it now."""
    return Ledger(ledger.dsn, ledger.schema, ledger.keyring.safe)


def test_a_destroyed_key_stops_no_command_about_its_customer(shop: Ledger) -> None:
    assert shop.record(planted(), command_id="p1").accepted
    alter(shop, "update personal_key set wrapped = null where subject = 'customer/C-9'")

    with fresh(shop) as later:
        assert later.record(claim("C-9"), command_id="c9").accepted
