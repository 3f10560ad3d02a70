"""Recording: what is answered, what is kept, and what a batch does when one of its commands is bad."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from eventsourcing.persistence import ProgrammingError

from domain.commands import AnyCommand
from domain.refusals import Code
from domain.visit.decisions import PlanVisit
from services.ledger.answer import Answer
from services.ledger.application import Ledger
from tests.conftest import OpenLedger
from tests.samples import BEGIN, claim, opening, register


@pytest.fixture
def open_shop(ledger: Ledger) -> Ledger:
    """A ledger with a policy, reps Li and Zhou, and customer C-1."""
    for answer in ledger.record_many([*opening("Li", "Zhou"), ("r1", register("C-1"))]):
        assert answer.accepted, answer.refusal
    return ledger


def kinds(ledger: Ledger, stream: str) -> list[str]:
    return [each.fact.kind for each in ledger.read(stream)]


def test_a_command_is_recorded_and_read_back(open_shop: Ledger) -> None:
    claimed = open_shop.record(claim("C-1"), command_id="c1")

    assert claimed.accepted
    assert kinds(open_shop, "customer/C-1") == ["customer-registered.v1", "customer-claimed.v1"]
    assert open_shop.head().position == claimed.last


def test_the_envelope_tells_who_when_why_and_because_of_what(open_shop: Ledger) -> None:
    asked = claim("C-1").model_copy(update={"reason": 'a "walk\nin"', "causation": "message/7"})
    answer = open_shop.record(asked, command_id="c1")

    recorded = open_shop.read("customer/C-1")[-1]

    assert (recorded.actor, recorded.command_id, recorded.causation) == ("Li", "c1", "message/7")
    assert (recorded.reason, recorded.position, recorded.version) == ('a "walk\nin"', answer.last, 2)
    assert recorded.occurred_at == BEGIN + timedelta(hours=2) < recorded.recorded_at


def test_a_refused_claim_is_itself_recorded_and_names_the_rivals_event(open_shop: Ledger) -> None:
    won = open_shop.record(claim("C-1", "Li"), command_id="c1")
    lost = open_shop.record(claim("C-1", "Zhou", at=BEGIN + timedelta(hours=3)), command_id="c2")

    assert lost.refusal is not None
    assert (lost.refusal.code, lost.refusal.rival, lost.refusal.rival_position) == (Code.CUSTOMER_HELD, "Li", won.last)
    assert kinds(open_shop, "customer/C-1")[-1] == "claim-refused.v1"
    assert len(lost.positions) == 1


def test_the_same_command_again_gets_the_first_answer_and_records_nothing(open_shop: Ledger) -> None:
    first = open_shop.record(register("C-2", phone="13800138000"), command_id="r2")
    again = open_shop.record(register("C-2", phone="13800138000"), command_id="r2")

    assert again == first.again()
    assert again.repeated
    assert len(open_shop.read("customer/C-2")) == 1


def test_the_same_id_with_another_body_is_refused_by_name_though_only_a_sealed_field_differs(open_shop: Ledger) -> None:
    open_shop.record(register("C-2", phone="13800138000"), command_id="r2")
    head = open_shop.head()
    other = open_shop.record(register("C-2", phone="13800138001"), command_id="r2")

    assert other.refusal is not None
    assert other.refusal.code == Code.COMMAND_ID_REUSED
    assert open_shop.head() == head


def test_the_same_id_twice_in_one_batch_is_one_command(open_shop: Ledger) -> None:
    first, again, other = open_shop.record_many(
        [("r2", register("C-2")), ("r2", register("C-2")), ("r2", register("C-3"))]
    )

    assert again == first.again()
    assert other.refusal is not None
    assert other.refusal.code == Code.COMMAND_ID_REUSED
    assert open_shop.read("customer/C-3") == []


def test_a_refused_command_is_answered_the_same_when_it_is_repeated(open_shop: Ledger) -> None:
    first = open_shop.record(claim("C-9"), command_id="c9")
    again = open_shop.record(claim("C-9"), command_id="c9")

    assert first.refusal is not None
    assert first.refusal.code == Code.UNKNOWN_CUSTOMER
    assert again == first.again()


def test_a_malformed_command_id_is_refused_and_leaves_the_rest_alone(open_shop: Ledger) -> None:
    bad, good = open_shop.record_many([("has space", register("C-2")), ("r3", register("C-3"))])

    assert bad.refusal is not None
    assert bad.refusal.code == Code.MALFORMED
    assert good.accepted
    assert open_shop.record(register("C-4"), command_id='"}').refusal == bad.refusal


def test_ids_that_spell_null_or_hold_other_scripts_are_kept_as_they_are(open_shop: Ledger) -> None:
    for customer, command_id in (("NULL", "null"), ("恒通便利店", "行/1#2")):
        assert open_shop.record(register(customer), command_id=command_id).accepted
        assert open_shop.record(register(customer), command_id=command_id).repeated
        assert open_shop.read(f"customer/{customer}")[0].command_id == command_id


def test_a_batch_loses_only_its_bad_commands(open_shop: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Sequence[str]:
        raise ZeroDivisionError

    monkeypatch.setattr("domain.judgement.visit.plan", broken)
    plan = PlanVisit(at=BEGIN, customer="C-1", visit="V-1", rep="Li", planned_for=BEGIN, purpose="greet")
    answers = put_together(open_shop, [("r2", register("C-2")), ("v1", plan), ("r3", register("C-3"))])

    assert isinstance(answers[1], ZeroDivisionError)
    assert [isinstance(answer, Answer) and answer.accepted for answer in answers] == [True, False, True]
    assert open_shop.refold().difference is None


def put_together(ledger: Ledger, commands: list[tuple[str, AnyCommand]]) -> list[Answer | Exception]:
    """Record commands from as many threads at once."""
    answers: list[Answer | Exception] = [RuntimeError()] * len(commands)
    together = Barrier(len(commands))

    def ask(index: int, command_id: str, command: AnyCommand) -> None:
        together.wait()
        try:
            answers[index] = ledger.record(command, command_id=command_id)
        except ZeroDivisionError as error:
            answers[index] = error

    threads = [Thread(target=ask, args=(index, *command)) for index, command in enumerate(commands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_many_callers_at_once_get_each_their_own_answer(open_shop: Ledger) -> None:
    commands: list[tuple[str, AnyCommand]] = [(f"d{n}", register(f"D-{n}")) for n in range(64)]
    answers = put_together(open_shop, commands)

    positions = [answer.last for answer in answers if isinstance(answer, Answer)]
    assert len(set(positions)) == 64
    for (_, command), answer in zip(commands, answers, strict=True):
        assert isinstance(answer, Answer), answer
        assert answer.accepted, answer
        assert open_shop.read(command.stream)[0].position == answer.last


def test_callers_in_an_event_loop_are_answered_beside_threads(open_shop: Ledger) -> None:
    async def ask_all() -> list[Answer]:
        wishes = (open_shop.submit(register(f"E-{n % 40}"), command_id=f"e{n % 40}") for n in range(80))
        return await asyncio.gather(*wishes, open_shop.submit(register("E-0"), command_id="has space"))

    *answers, malformed = asyncio.run(ask_all())

    assert all(answer.accepted for answer in answers)
    assert sum(answer.repeated for answer in answers) == 40
    assert malformed.refusal is not None
    assert open_shop.record(claim("E-0"), command_id="ec").accepted
    assert open_shop.refold().difference is None


def test_another_process_sees_and_is_seen_at_once(open_shop: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    assert open_shop.record(register("C-2"), command_id="r2").accepted
    assert other.record(claim("C-2", "Zhou"), command_id="c2").accepted
    assert open_shop.record(claim("C-2", "Li"), command_id="c3").refusal is not None
    assert list(other.record_many(opening("Wang")))[-1].accepted
    assert open_shop.record(claim("C-1", "Wang"), command_id="c4").accepted


def test_facts_come_in_by_no_other_door(open_shop: Ledger) -> None:
    with pytest.raises(ProgrammingError, match="record"):
        open_shop.save()
