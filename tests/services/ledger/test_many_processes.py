"""Several processes on one ledger: the lock serialises them, and readers see every event once and in order."""

import json
import subprocess
import sys
from threading import Event, Thread

from domain.refusals import Code
from services.ledger.application import Ledger
from tests.samples import opening, register

CUSTOMERS = 1_000

CLAIMER = """
import json, sys
from services.ledger.application import open_ledger
from services.vault import Vault
from tests.samples import claim

dsn, schema, rep, customers = sys.argv[1:]
with open_ledger(dsn, schema, Vault(bytes(range(32)))) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(0, int(customers), 5):
        wishes = [(f"{rep}/{k}", claim(f"C-{k}", rep)) for k in range(n, n + 5)]
        for answer in ledger.record_many(wishes):
            print(json.dumps([answer.last, answer.refusal and answer.refusal.code]), flush=True)
"""

WRITER = """
import sys
from services.ledger.application import open_ledger
from services.vault import Vault
from tests.samples import register

dsn, schema, name, commands = sys.argv[1:]
with open_ledger(dsn, schema, Vault(bytes(range(32)))) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(int(commands)):
        assert ledger.record(register(f"{name}-{n}"), command_id=f"{name}/{n}").accepted
"""


def run_together(program: str, arguments: list[list[str]]) -> list[list[str]]:
    """Start the program once for each list of arguments, let all go at the same instant, and return what each printed."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *each], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for each in arguments
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=120)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return printed


def test_two_processes_claim_a_thousand_customers_and_each_has_one_owner_and_one_refused_rival(ledger: Ledger) -> None:
    begun = [*opening("Li", "Zhou"), *((f"r{n}", register(f"C-{n}")) for n in range(CUSTOMERS))]
    assert all(answer.accepted for answer in ledger.record_many(begun))

    printed = run_together(CLAIMER, [[ledger.dsn, ledger.schema, rep, str(CUSTOMERS)] for rep in ("Li", "Zhou")])

    answers = [[json.loads(line) for line in lines] for lines in printed]
    for of_li, of_zhou in zip(*answers, strict=True):
        assert sorted((of_li[1], of_zhou[1]), key=str) == sorted((None, Code.CUSTOMER_HELD.value), key=str)
    kinds = [each.fact.kind for each in ledger.read_all(after=len(begun), limit=5 * CUSTOMERS)]
    assert kinds.count("customer-claimed.v1") == kinds.count("claim-refused.v1") == CUSTOMERS
    assert all(lost[1] is None or lost[0] for lines in answers for lost in lines)
    assert ledger.refold().difference is None


def test_eight_writers_and_a_tailing_reader_that_misses_and_repeats_nothing(ledger: Ledger) -> None:
    assert all(answer.accepted for answer in ledger.record_many(opening("Li")))
    begun, each = ledger.head().position, 60
    last = begun + 8 * each
    subscribed, paged = [], []
    finished = Event()

    def follow() -> None:
        with ledger.recorder.subscribe(gt=begun) as subscription:
            for notification in subscription:
                subscribed.append(notification.id)
                if notification.id == last:
                    break
        finished.set()

    def read_pages() -> None:
        at = begun
        while at < last:
            for notification in ledger.notification_log.select(at + 1, 7):
                paged.append(notification.id)
                at = notification.id

    readers = [Thread(target=follow, daemon=True), Thread(target=read_pages, daemon=True)]
    for reader in readers:
        reader.start()
    run_together(WRITER, [[ledger.dsn, ledger.schema, f"W{n}", str(each)] for n in range(8)])
    for reader in readers:
        reader.join(30)

    assert finished.is_set()
    assert subscribed == paged == list(range(begun + 1, last + 1))
    recorded = [event.recorded_at for event in ledger.read_all(after=begun, limit=10_000)]
    assert recorded == sorted(recorded)
    assert ledger.refold().difference is None
