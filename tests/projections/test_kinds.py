"""What each read model needs of the log, kind by kind: a new kind of fact stands in one of these lists, or this test says so."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from domain.facts import KINDS
from domain.record import Recorded
from projections.catalogue import READ_MODELS
from projections.desk import Desk, Shelf
from projections.registry import ReadModel
from tests.projections.conftest import MakeRunner, Play
from tests.projections.generated import Chance

CUSTOMERS = """
    claim-refused customer-claimed customer-donated customer-dropped customer-graded customer-place-corrected
    customer-reassigned customer-registered customer-released customers-merged duplicate-suspected lead-approved
    lead-converted lead-registered lead-rejected protection-expired
    protection-started retention-extended retention-warned tier-changed visit-overridden visit-planned visit-recorded
    visit-rejected visit-verified
"""
DEALS = """
    contract-signed deal-lost deal-opened milestone-due milestone-overdue milestone-scheduled payment-received
    payment-refunded role-earned role-expired role-revoked role-transferred sharing-agreed stage-advanced stage-reverted
"""
CHANGED_BY = {
    "organisation": """
        mentor-assigned mentorship-ended policy-published quota-set rep-joined rep-left rep-transferred unit-created
        unit-moved
    """,
    "leads": "lead-approved lead-converted lead-registered lead-rejected",
    "pool": """
        customer-claimed customer-dropped customer-graded customer-reassigned customer-registered customer-released
        customers-merged retention-extended retention-warned tier-changed
    """,
    "ownership": "customer-claimed customer-dropped customer-reassigned customer-released",
    "history": CUSTOMERS + DEALS,
    "deals": """
        contract-signed deal-lost deal-opened milestone-due milestone-overdue milestone-scheduled payment-received
        payment-refunded stage-advanced stage-reverted
    """,
    "sales": "contract-signed",
    "receipts": "payment-received payment-refunded",
    "lines": """
        payment-received payment-refunded policy-published rep-joined rep-left role-transferred sharing-agreed
    """,
    "payouts": "",
    "cases": "policy-published",
}
"""Of commission lines, what moves an amount in the history played: roles earned, revoked or expired late would, too."""

NOT_PLAYED = {
    "payout-held.v1", "payout-released.v1", "dispute-filed.v1", "case-accepted.v1", "case-dismissed.v1", "evidence-submitted.v1",
    "panel-seated.v1", "member-recused.v1", "vote-cast.v1", "decision-issued.v1", "appeal-filed.v1", "decision-finalized.v1",
    "decision-executed.v1", "precedent-published.v1", "penalty-applied.v1", "penalty-lifted.v1",
    "subject-erased.v1", "legal-hold-placed.v1", "legal-hold-lifted.v1",
    "period-opened.v1", "period-closed.v1", "payout-confirmed.v1", "payout-rejected.v1", "return-reconciled.v1",
    "rate-published.v1",
}  # fmt: skip
"""Of the history, what the commands played never lead to."""


class Watched(list[Recorded]):
    """A batch that knows which of its facts is being folded."""

    kind = ""

    def __iter__(self) -> Iterator[Recorded]:
        for recorded in super().__iter__():
            Watched.kind = recorded.fact.kind
            yield recorded


def watching(model: type[ReadModel]) -> type[ReadModel]:
    def fold(self: Any, batch: Sequence[Recorded], desk: Desk) -> None:
        model.fold(self, Watched(batch), desk)

    return type(model.__name__, (model,), {"fold": fold})


def test_every_kind_that_changes_a_read_model_is_listed_and_no_other_does(
    play: Play, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: dict[str, set[str]] = defaultdict(set)
    put = Shelf.put

    def noting(self: Shelf[Any], row: Any) -> None:
        changed[self.table.name].add(Watched.kind)
        put(self, row)

    monkeypatch.setattr(Shelf, "put", noting)
    play(Chance(31, customers=40).commands(4000))

    make_runner(models=[watching(model) for model in READ_MODELS]).catch_up()

    found = {model.name: set[str]().union(*(changed[t.name] for t in model.tables)) for model in READ_MODELS}
    assert found == {name: {f"{kind}.v1" for kind in kinds.split()} for name, kinds in CHANGED_BY.items()}
    assert set().union(*found.values()) == KINDS.keys() - NOT_PLAYED
