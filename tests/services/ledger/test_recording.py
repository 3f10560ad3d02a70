"""Recording and reading back."""

from services.ledger.application import Ledger
from tests.samples import claim, opening, register


def test_a_command_is_recorded_and_read_back(ledger: Ledger) -> None:
    for answer in ledger.record_many(opening("Li", "Zhou")):
        assert answer.accepted, answer.refusal

    registered = ledger.record(register("C-1"), command_id="r1")
    claimed = ledger.record(claim("C-1"), command_id="c1")

    assert registered.accepted
    assert claimed.accepted
    assert [e.fact.kind for e in ledger.read("customer/C-1")] == ["customer-registered.v1", "customer-claimed.v1"]
    assert ledger.head().position == claimed.last
