"""The inbox is killed at moments of chance: every message is recorded once and in order, and every one is answered."""

import json
from multiprocessing import get_context
from threading import Event

from consumers.cluster import Cluster
from consumers.inbound.inbox import Inbox
from consumers.inbound.topics import InboundTopics
from domain.deal.decisions import OpenDeal
from services.ledger.application import Ledger, open_ledger
from services.vault import Vault
from tests.conftest import MASTER_KEY
from tests.consumers.inbound.conftest import HOUR, doors_of, held, signed
from tests.consumers.inbound.senders import payment, send
from tests.consumers.soaking import ROUNDS, chance
from tests.samples import BEGIN
from tests.waiting import wait_until

DEALS = [f"K-{number}" for number in range(25)]


def deal_of(number: int) -> str:
    return DEALS[number % len(DEALS)]


def opened(deal: str) -> OpenDeal:
    return OpenDeal(at=BEGIN + HOUR, deal=deal, customer="C-1", rep="Li")


def take_in(dsn: str, schema: str, kafka: str, prefix: str) -> None:
    """What a process of its own does until it is killed."""
    with open_ledger(dsn, schema, Vault(MASTER_KEY)) as ledger:
        topics = InboundTopics(prefix, replication=1)
        Inbox(Cluster(kafka), topics, doors_of(ledger), f"{prefix}-inbox", "the one").run(Event())


def test_inboxes_killed_in_the_middle_record_each_message_once_and_answer_it(
    kafka: str, prefix: str, ledger: Ledger
) -> None:
    for deal in DEALS:
        assert ledger.record(opened(deal), command_id=f"open/{deal}").accepted
        assert ledger.record(signed(deal), command_id=f"sign/{deal}").accepted
    when, sent, before = chance("inbox killed"), 0, ledger.head().position
    for _ in range(ROUNDS):
        send(kafka, prefix, *(payment(f"{number}", deal_of(number)) for number in range(sent, sent + 500)))
        sent += 500
        process = get_context("spawn").Process(target=take_in, args=(ledger.dsn, ledger.schema, kafka, prefix))
        process.start()
        here = ledger.head().position
        somewhere = here + when.randrange(before + sent - here)
        wait_until(lambda: ledger.head().position >= somewhere, 180)  # noqa: B023 (called before the next round)
        process.kill()
        process.join()
    process = get_context("spawn").Process(target=take_in, args=(ledger.dsn, ledger.schema, kafka, prefix))
    process.start()
    wait_until(lambda: ledger.head().position >= before + sent, 180)
    wait_until(lambda: len(answered(kafka, prefix)) >= sent, 180)
    process.kill()
    process.join()

    for deal in DEALS:
        recorded = [e.command_id for e in ledger.read(f"deal/{deal}") if e.fact.kind == "payment-received.v1"]
        assert recorded == [f"/payments#{number}" for number in range(sent) if deal_of(number) == deal]
    answers = answered(kafka, prefix)
    assert {len(positions) for positions in answers.values()} == {1}, "a message is answered the same each time"


def answered(kafka: str, prefix: str) -> dict[str, set[int]]:
    """The positions that each message was answered with."""
    found: dict[str, set[int]] = {}
    for record in held(kafka, f"{prefix}.in.answers"):
        body = json.loads(record.value)
        found.setdefault(body["id"], set()).add(body["last"])
    return found
