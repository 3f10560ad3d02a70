"""A person asks what is held, and to be forgotten: everything is shown, the key is destroyed, and all proofs still hold."""

import json

import pytest

from domain.commands import AnyCommand
from domain.customer.decisions import RegisterCustomer
from domain.person.decisions import EraseSubject
from domain.personal import Personal
from domain.refusals import Code
from domain.visit.decisions import RecordVisit
from services.database import connect
from services.ledger.application import Ledger
from tests.samples import BEGIN, claim, opening

NAME, PHONE, POINT = "王小明", "13800138000", "31.2304,121.4737"


def register(customer: str = "C-1") -> RegisterCustomer:
    return RegisterCustomer(at=BEGIN, customer=customer, by="Li", customer_name=Personal(NAME), phone=Personal(PHONE))


def visit(name: str) -> RecordVisit:
    return RecordVisit(
        at=BEGIN, customer="C-1", visit=name, rep="Li", purpose="hello", point=Personal(POINT), photo=name[-1] * 64
    )


def erase(whose: str = "customer/C-1") -> EraseSubject:
    return EraseSubject(at=BEGIN, whose=whose, ground="asked by the person")


@pytest.fixture
def known(ledger: Ledger) -> Ledger:
    commands = [*opening("Li", "Zhou"), ("r1", register()), ("c1", claim("C-1")), ("v1", visit("V-a"))]
    assert [answer.refusal for answer in ledger.record_many(commands) if answer.refusal] == []
    return ledger


def sealed_values(ledger: Ledger, stream: str = "customer/C-1") -> set[str]:
    texts = (event.state.decode() for event in ledger.recorder.select_events(stream))
    return {word for text in texts for word in text.split('"') if word.startswith("sealed.")}


def test_erasing_destroys_the_key_with_the_event_that_says_so(known: Ledger) -> None:
    sealed = sealed_values(known)
    assert {known.reveal(each) for each in sealed} == {NAME, PHONE, POINT}

    assert known.record(erase(), command_id="e1").accepted

    assert {known.reveal(each) for each in sealed} == {None}
    with connect(known.dsn, known.schema) as connection:
        keys = connection.execute("select wrapped from personal_key where subject = 'customer/C-1'").fetchall()
    assert keys == [(None,)]
    assert known.refold().difference is None


def test_what_is_said_of_the_erased_is_refused_and_is_kept_by_nobody(known: Ledger) -> None:
    assert known.record(erase(), command_id="e1").accepted

    refusal = known.record(visit("V-b"), command_id="v2").refusal

    assert refusal is not None
    assert refusal.code == Code.SUBJECT_ERASED
    with connect(known.dsn, known.schema) as connection:
        (text,) = connection.execute("select command::text from receipt where command_id = 'v2'").fetchone() or ("",)
    kept = json.loads(str(text))
    assert (kept["visit"], known.reveal(kept["point"])) == ("V-b", None)
    assert known.record(visit("V-b"), command_id="v2").repeated


def test_business_goes_on_and_the_phone_may_be_registered_anew(known: Ledger) -> None:
    assert known.record(erase(), command_id="e1").accepted

    assert known.record(register("C-2"), command_id="r2").accepted


def test_a_process_that_had_the_key_in_memory_writes_nothing_with_it_afterwards(known: Ledger) -> None:
    with Ledger(known.dsn, known.schema, known.keyring.safe) as other:
        assert other.record(visit("V-c"), command_id="v3").accepted
        assert known.record(erase(), command_id="e1").accepted

        refusal = other.record(visit("V-d"), command_id="v4").refusal

    assert refusal is not None
    assert refusal.code == Code.SUBJECT_ERASED


def test_several_in_one_batch_are_erased_in_their_order(known: Ledger) -> None:
    batch: list[tuple[str, AnyCommand]] = [
        ("v5", visit("V-e")),
        ("e1", erase()),
        ("v6", visit("V-f")),
        ("e2", erase("rep/Li")),
        ("e3", erase()),
    ]

    refusals = [answer.refusal.code if answer.refusal else None for answer in known.record_many(batch)]

    assert refusals == [None, None, Code.SUBJECT_ERASED, None, Code.SUBJECT_ERASED]
    assert known.refold().difference is None
