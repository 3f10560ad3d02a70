"""Two processes that write in turn judge as one would: what the other wrote counts in what this one decides."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from domain.commands import AnyCommand
from domain.policy.terms import PolicyVersion
from domain.pool.decisions import ChangeTier, ReassignCustomer, ReleaseCustomer
from domain.refusals import Code
from services.ledger import sights
from services.ledger.answer import Answer
from services.ledger.application import Ledger, open_ledger
from services.ledger.sights import FEW
from services.vault import Vault
from tests.conftest import MASTER_KEY, OpenLedger
from tests.samples import BEGIN, claim, opening, policy, register

REPS = ("Li", "Zhou", "Wu")
COMMANDS = 160


def test_a_quota_counts_what_was_claimed_and_released_through_another_process(open_here: OpenLedger) -> None:
    clock = Clock(BEGIN + timedelta(hours=5))
    one, other = open_here(clock), open_here(clock)
    begun = [*opening("Li", terms=narrow(held=3, claims_a_day=9)), *((f"r{n}", register(f"C-{n}")) for n in range(6))]
    assert {refused(answer) for answer in one.record_many(begun)} == {None}
    for number, ledger in enumerate((one, other, one)):
        assert ledger.record(claim(f"C-{number}"), command_id=f"c{number}").accepted

    assert refused(other.record(claim("C-3"), command_id="c3")) == Code.POOL_FULL

    released = ReleaseCustomer(at=BEGIN + timedelta(hours=3), customer="C-0", rep="Li")
    assert other.record(released, command_id="free").accepted
    assert one.record(claim("C-4", at=BEGIN + timedelta(hours=4)), command_id="c4").accepted
    assert refused(one.record(claim("C-5", at=BEGIN + timedelta(hours=4)), command_id="c5")) == Code.POOL_FULL


def test_a_tier_is_changed_by_a_process_that_never_counted_what_the_rep_holds(open_here: OpenLedger) -> None:
    one = open_here()
    begun = [*opening("Li"), ("r1", register("C-1")), ("c1", claim("C-1"))]
    assert {refused(answer) for answer in one.record_many(begun)} == {None}

    closer = ChangeTier(at=BEGIN + timedelta(hours=3), customer="C-1", rep="Li", tier="close", ground="an offer")
    assert open_here().record(closer, command_id="close").accepted


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("few", [0, FEW], ids=["forgotten", "folded in"])
def test_commands_given_to_two_processes_in_turn_leave_what_one_process_would(
    seed: int, few: int, dsn: str, schema: str, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sights, "FEW", few)
    clock = Clock(BEGIN)
    ledgers = [open_here(clock), open_here(clock)]
    by_turns = played(ledgers, clock, seed)
    followed = told(ledgers[0])
    assert ledgers[0].refold().difference is None

    with open_ledger(dsn, f"{schema}_alone", Vault(MASTER_KEY), clock) as alone:
        assert played([alone], clock, seed) == by_turns
        assert told(alone) == followed


def narrow(held: int, claims_a_day: int = 3) -> PolicyVersion:
    """A policy by which a rep holds few customers, one of them close, and for five days."""
    wide = policy(held=held, claims_a_day=claims_a_day, days=5)
    newcomer = wide.pool.quota.newcomer.model_copy(update={"close": 1})
    quota = wide.pool.quota.model_copy(update={"close": 1, "newcomer": newcomer})
    return wide.model_copy(update={"pool": wide.pool.model_copy(update={"quota": quota})})


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def played(ledgers: list[Ledger], clock: Clock, seed: int) -> list[Code | None]:
    """The refusals of a made-up quarter, in which holdings lapse, told to the ledgers in turn."""
    chance = Random(seed)
    codes: list[Code | None] = []
    clock.at = BEGIN + timedelta(hours=1)
    begun = [
        *opening(*REPS, terms=narrow(held=4)),
        *((f"r{n}", register(f"C-{n}")) for n in range(9)),
    ]
    assert {refused(answer) for answer in ledgers[0].record_many(begun)} == {None}
    for number, command in enumerate(wishes(chance, clock)):
        codes.append(refused(chance.choice(ledgers).record(command, command_id=f"w{number}")))
    return codes


def wishes(chance: Random, clock: Clock) -> Iterator[AnyCommand]:
    for number in range(COMMANDS):
        clock.at += timedelta(hours=chance.randint(1, 20))
        customer, rep = f"C-{chance.randrange(9)}", chance.choice(REPS)
        match chance.randrange(8):
            case 0:
                yield ReleaseCustomer(at=clock.at, customer=customer, rep=rep)
            case 1:
                yield ReassignCustomer(at=clock.at, customer=customer, to=rep, ground="rounds", actor="Boss")
            case 2:
                yield ChangeTier(at=clock.at, customer=customer, rep=rep, tier="close", ground="an offer")
            case 3:
                yield register(f"N-{number}", rep, phone=f"1380013{chance.randrange(8):04d}", at=clock.at)
            case _:
                yield claim(customer, rep, at=clock.at)


def refused(answer: Answer) -> Code | None:
    return answer.refusal.code if answer.refusal else None


def told(ledger: Ledger) -> list[tuple[str, int, datetime, str]]:
    return [(each.stream, each.version, each.fact.at, each.fact.kind) for each in ledger.read_all(limit=10_000)]
