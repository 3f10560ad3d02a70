"""The verifier reckons commission on its own: held against the ledger's, over whatever may happen to a deal."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.commission import attribute
from domain.contract.facts import ContractSigned, MilestoneScheduled
from domain.fact import Artefact, Part
from domain.facts import DealStreamFact
from domain.mentorship.facts import SharingAgreed
from domain.money import split
from domain.payment.facts import PaymentReceived, PaymentRefunded
from domain.role.facts import RoleEarned, RoleExpired, RoleRevoked, RoleTransferred
from domain.streams import DealStream, evolve_deal
from services.evidence import verify_bundle
from tests.domain.story import shipped

START = datetime(2024, 1, 1, tzinfo=UTC)
REPS = st.sampled_from(["An", "Bo", "Cai", "Ding"])
TIMES = st.integers(0, 40).map(lambda day: START + timedelta(days=day))
ROLES = st.sampled_from([role.role for role in shipped("b2b-1").commission.roles])


@st.composite
def whole(draw: st.DrawFn) -> tuple[Part, ...]:
    reps = draw(st.lists(REPS, min_size=1, max_size=3, unique=True))
    cuts = sorted(draw(st.lists(st.integers(1, 9_999), min_size=len(reps) - 1, max_size=len(reps) - 1, unique=True)))
    return tuple(Part(rep=rep, bps=b - a) for rep, a, b in zip(reps, [0, *cuts], [*cuts, 10_000], strict=True))


def facts() -> st.SearchStrategy[DealStreamFact]:
    deal = st.just("D")
    ground, by = st.just("so"), st.just("Ma")
    artefact = st.just(Artefact(kind="lead", ref="x"))
    clause = st.just("c")
    return st.one_of(
        st.builds(RoleEarned, at=TIMES, deal=deal, role=ROLES, rep=REPS, artefact=artefact, clause=clause),
        st.builds(RoleExpired, at=TIMES, deal=deal, role=ROLES, rep=REPS, artefact=artefact, clause=clause),
        st.builds(
            RoleTransferred, at=TIMES, deal=deal, role=ROLES, parts=whole(), effective_from=TIMES, by=by, ground=ground
        ),
        st.builds(RoleRevoked, at=TIMES, deal=deal, role=ROLES, effective_from=TIMES, by=by, ground=ground),
        st.builds(SharingAgreed, at=TIMES, deal=deal, of=REPS, parts=whole(), effective_from=TIMES, ground=ground),
        st.builds(
            MilestoneScheduled, at=TIMES, deal=deal, milestone=st.just("m"), amount=st.integers(1, 10**9), due=TIMES
        ),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[DealStreamFact]:
    """A deal with a contract, receipts and refunds among whatever else, in any order of times."""
    told: list[DealStreamFact] = draw(st.lists(facts(), max_size=14))
    signing = {"deal": "D", "contract": "K", "customer": "C", "rep": "An", "amount": 10**9, "currency": "CNY"}
    contract = ContractSigned(at=draw(TIMES), policy="B2B-1", plan_hash="h", **signing)  # type: ignore[arg-type]
    told.insert(draw(st.integers(0, len(told))), contract)
    for n in range(draw(st.integers(0, 4))):
        amount = draw(st.integers(1, 10**8))
        common: dict[str, Any] = {"deal": "D", "payment": f"P{n}", "currency": "CNY"}
        place = draw(st.integers(0, len(told)))
        told.insert(place, PaymentReceived(at=draw(TIMES), external_id=f"P{n}", amount=amount, **common))
        if draw(st.booleans()):
            back = draw(st.integers(1, amount))
            told.insert(place + 1, PaymentRefunded(at=draw(TIMES), refund=f"R{n}", amount=back, **common))
    return told


def as_stored(told: list[DealStreamFact]) -> list[dict[str, Any]]:
    return [
        {"position": n, "stream": "deal/D", "fact": json.loads(fact.model_dump_json())}
        for n, fact in enumerate(told, 1)
    ]


@cache
def published() -> dict[str, Any]:
    version = json.loads(shipped("b2b-1").model_dump_json())
    fact = {"kind": "policy-published.v1", "policy": "B2B-1", "content_hash": "h", "version": version}
    return {"position": 0, "stream": "policies", "fact": fact}


@given(histories())
def test_the_verifier_comes_to_the_same_lines_as_the_ledger(told: list[DealStreamFact]) -> None:
    stream = reduce(lambda found, each: evolve_deal(found, each[1], each[0]), enumerate(told, 1), DealStream())
    ours = [(line.payment, line.role, line.of, line.payee, line.amount) for line in attribute(stream, shipped("b2b-1"))]
    theirs = verify_bundle.reckoned([published(), *as_stored(told)])

    assert [(each["payment"], each["role"], each["of"], each["payee"], each["amount"]) for each in theirs] == ours


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any))
def test_it_divides_as_the_ledger_divides(amount: int, shares: list[int]) -> None:
    assert verify_bundle.split(amount, shares) == split(amount, shares)
