"""What a case holds back, and lets go."""

from datetime import UTC, datetime

from domain.payout.decisions import hold_back, let_go
from domain.payout.facts import Holds, PayoutHeld, evolve

AT = datetime(2024, 8, 12, tzinfo=UTC)


def held(case: str, payment: str | None = None, role: str | None = None, payee: str | None = None) -> PayoutHeld:
    return PayoutHeld(at=AT, deal="D-1", case=case, payment=payment, role=role, payee=payee, clause="RE-1/disputes")


def standing(*facts: PayoutHeld) -> Holds:
    holds = Holds()
    for position, fact in enumerate(facts, 1):
        holds = evolve(holds, fact, position)
    return holds


def test_a_hold_covers_the_lines_that_it_names_and_no_others() -> None:
    holds = standing(held("K-1", role="FIRST_VIEW", payee="Ding"))

    assert [hold.case for hold in holds.on("P-1", "FIRST_VIEW", "Ding")] == ["K-1"]
    assert holds.on("P-1", "CLOSER", "Ding") == ()
    assert holds.on("P-1", "FIRST_VIEW", "Wang") == ()


def test_what_a_hold_does_not_name_it_holds_all_of() -> None:
    holds = standing(held("K-1"))

    assert len(holds.on("P-1", "CLOSER", "Ding")) == len(holds.on("P-2", "ENTRY", None)) == 1


def test_a_case_holds_the_same_lines_only_once() -> None:
    holds = standing(held("K-1", role="CLOSER"))

    assert list(hold_back(holds, held("K-1", role="CLOSER"))) == []
    assert list(hold_back(holds, held("K-2", role="CLOSER"))) == [held("K-2", role="CLOSER")]
    assert list(hold_back(holds, held("K-1", role="ENTRY"))) == [held("K-1", role="ENTRY")]


def test_a_case_lets_go_of_all_that_it_held_and_of_nothing_that_another_holds() -> None:
    holds = standing(held("K-1", role="CLOSER"), held("K-2", role="CLOSER"), held("K-1", payment="P-2"))

    released = list(let_go(holds, "D-1", "K-1", AT, "the ruling is executed"))
    for fact in released:
        holds = evolve(holds, fact, 9)

    assert [(fact.role, fact.payment) for fact in released] == [("CLOSER", None), (None, "P-2")]
    assert [hold.case for hold in holds.standing] == ["K-2"]
    assert list(let_go(holds, "D-1", "K-1", AT, "again")) == []
