"""The inbox is killed at moments of chance: every message is recorded once and in order, and every one is answered."""

import json
from multiprocessing import get_context
from threading import Event

from consumers.cluster import Cluster
from consumers.inbound.inbox import Inbox
from consumers.inbound.topics import InboundTopics
from services.ledger.application import Ledger, open_ledger
from services.vault import Vault
from tests.conftest import MASTER_KEY
from tests.consumers.inbound.conftest import doors_of, held
from tests.consumers.inbound.senders import payment, send
from tests.consumers.soaking import ROUNDS, chance
from tests.waiting import wait_until


def take_in(dsn: str, schema: str, kafka: str, prefix: str) -> None:
    """What a process of its own does until it is killed."""
    with open_ledger(dsn, schema, Vault(MASTER_KEY)) as ledger:
        topics = InboundTopics(prefix, replication=1)
        Inbox(Cluster(kafka), topics, doors_of(ledger), f"{prefix}-inbox", "the one").run(Event())


def test_inboxes_killed_in_the_middle_record_each_message_once_and_answer_it(
    kafka: str, prefix: str, ledger: Ledger
) -> None:
    when, sent, before = chance("inbox killed"), 0, ledger.head().position
    for _ in range(ROUNDS):
        send(kafka, prefix, *(payment(f"{number}") for number in range(sent, sent + 500)))
        sent += 500
        process = get_context("spawn").Process(target=take_in, args=(ledger.dsn, ledger.schema, kafka, prefix))
        process.start()
        here = ledger.head().position
        somewhere = here + when.randrange(before + sent - here)
        wait_until(lambda: ledger.head().position >= somewhere, 60)  # noqa: B023 (called before the next round)
        process.kill()
        process.join()
    process = get_context("spawn").Process(target=take_in, args=(ledger.dsn, ledger.schema, kafka, prefix))
    process.start()
    wait_until(lambda: ledger.head().position >= before + sent, 60)
    wait_until(lambda: len(answered(kafka, prefix)) >= sent, 60)
    process.kill()
    process.join()

    recorded = [each.command_id for each in ledger.read("deal/D-1") if each.fact.kind == "payment-received.v1"]
    assert recorded == [f"/payments#{number}" for number in range(sent)]
    answers = answered(kafka, prefix)
    assert {len(positions) for positions in answers.values()} == {1}, "a message is answered the same each time"


def answered(kafka: str, prefix: str) -> dict[str, set[int]]:
    """The positions that each message was answered with."""
    found: dict[str, set[int]] = {}
    for record in held(kafka, f"{prefix}.in.answers"):
        body = json.loads(record.value)
        found.setdefault(body["id"], set()).add(body["last"])
    return found
