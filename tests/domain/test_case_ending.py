"""The end of a case: appealed or not, final, carried out in one verdict, told to others."""

from typing import Any

from domain.case import ending as case
from domain.case.facts import AppealFiled, DecisionExecuted, DecisionFinalized, DecisionIssued, PrecedentPublished
from domain.conduct.facts import PenaltyApplied
from domain.payout.facts import PayoutReleased
from domain.role.facts import RoleTransferred
from tests.domain.court import Court, accepted, courtroom, decided, final, ruling, seated, to
from tests.domain.story import documented, kinds, ladder, on, only

REMAND = ruling("remand")
SECOND = "7c" * 32


def filing() -> dict[str, Any]:
    matter = {"act": "role", "deal": "deal", "role": "CLOSER"}
    return {"by": "Li", "matter": matter, "against": [], "expected": 1, "actual": 0, "claim": "so"}


def appealed(*told: dict[str, Any]) -> Court:
    """Li has appealed on 29 February; another panel sits."""
    court = decided(*told).given(
        "file-appeal", "02-29 09:00", case="K-1", by="Li", ground="the contract was overlooked"
    )
    return court.seats("02-29 10:00", SECOND)


def executes(court: Court, at: str = "03-05 10:00", **fields: Any) -> tuple[Any, ...]:
    return court.tells("execute-decision", at, case="K-1", actor="Kong", **fields)


def paid(court: Court, at: str, payment: str = "P-1", amount: int = 1_000_000) -> Court:
    return court.given("receive-payment", at, payment=payment, external_id=f"B-{payment}", amount=amount)


def test_an_appeal_is_refused_in_order() -> None:
    court = decided()
    court.given("file-dispute", "02-26 10:30", case="K-2", **filing())
    climb = ladder(appealed(), "file-appeal", "02-29 11:00", case="nothing", by="Zhou", actor="Ma")
    climb.meets("unknown-case", case="K-1").meets("not-a-party", by="Wang").meets("not-allowed", actor="Wang")
    climb.meets("appeal-used", at="03-05 00:00")
    climb.story = final()
    climb.meets("appeal-late", case="K-2", by="Li", actor="Li", at="02-29 09:00")
    climb.story = court
    climb.meets("out-of-turn", case="K-1")
    far = seated().all_vote(*[to("Wang")] * 4)
    far.issues("2026-12-25 09:00")
    climb.story = far
    climb.with_(at="2026-12-28 09:00").meets("calendar-ends")
    climb.story = court

    assert climb.with_(at="02-29 09:00").climbed() == documented(case.appeal)


def test_an_appeal_is_heard_and_decided_within_ten_working_days() -> None:
    fact = only(AppealFiled, decided().tells("file-appeal", "02-29 09:00", case="K-1", by="Li"))

    assert fact.decide_by == on("03-15 00:00")


def test_a_ruling_is_final_when_nobody_appealed_in_time_to_the_second() -> None:
    court = decided()

    assert kinds(court.time_is("03-04 23:59")) == []
    told = only(DecisionFinalized, court.time_is("03-05 00:00"))
    assert (told.at, told.cause) == (on("03-05 00:00"), "no-appeal")


def test_an_appeal_that_upholds_is_final_at_once() -> None:
    court = appealed()
    court.all_vote(*[to("Wang")] * 3, ruling(), ruling(), at="03-01 09:00")

    facts = court.tells("issue-decision", "03-01 15:00", case="K-1", actor="Kong")

    issued = only(DecisionIssued, facts)
    assert (issued.hearing, issued.cause, len(issued.carried), len(issued.dissent)) == (2, "majority", 3, 2)
    assert only(DecisionFinalized, facts).cause == "appeal-decided"
    assert court.is_refused("file-appeal", "03-01 16:00", by="Wang").code == "appeal-used"
    assert "role-transferred" in kinds(executes(court, "03-01 16:00"))


def test_an_appeal_may_rule_otherwise() -> None:
    court = appealed()
    court.all_vote(*[ruling()] * 5, at="03-01 09:00").issues("03-01 15:00")

    assert kinds(executes(court, "03-01 16:00")) == ["payout-released", "decision-executed"]


def test_an_appeal_without_a_majority_leaves_the_first_ruling_as_it_was_pinned() -> None:
    court = appealed()
    first = court.case.decision
    assert first

    issued, finalized = court.time_is("03-15 00:00")

    assert isinstance(issued, DecisionIssued)
    assert isinstance(finalized, DecisionFinalized)
    assert (issued.cause, issued.at, finalized.at) == ("no-majority", on("03-15 00:00"), on("03-15 00:00"))
    assert (issued.ruling, issued.position, issued.predicted) == (first.ruling, first.position, first.predicted)
    assert "role-transferred" in kinds(executes(court, "03-15 09:00"))


def test_an_execution_is_refused_in_order() -> None:
    court = decided()
    climb = ladder(done(), "execute-decision", "03-05 12:00", case="nothing", actor="Mei")
    climb.meets("unknown-case", case="K-1").meets("already-executed")
    climb.story = court
    climb.with_(at="03-04 23:59").meets("case-not-final", at="03-05 10:00").meets("not-allowed", actor="Kong")
    moved = court.copy()
    paid(moved, "03-04 10:00", amount=2_000_000)
    climb.story = moved
    climb.meets("prediction-moved")
    far = seated().all_vote(*[REMAND] * 5)
    far.issues("2026-12-18 09:00")
    climb.story = far
    climb.with_(at="2026-12-25 09:00").meets("calendar-ends")
    climb.story = court

    assert climb.with_(at="03-05 10:00").climbed() == documented(case.execute)


def done() -> Court:
    court = final()
    executes(court)
    return court


def test_an_execution_changes_everything_in_one_verdict_in_the_name_of_the_case() -> None:
    facts = executes(final())

    assert kinds(facts) == ["role-transferred", "payout-released", "decision-executed"]
    moved = only(RoleTransferred, facts)
    assert (moved.by, moved.effective_from, moved.ground) == ("case:K-1", on("02-20 00:00"), "case K-1: efficiency")
    assert only(PayoutReleased, facts).role == "CLOSER"
    executed = only(DecisionExecuted, facts)
    assert (executed.moved, executed.confirmed_by) == ((), None)


def test_what_comes_in_as_the_contract_foresaw_moves_no_prediction() -> None:
    court = decided()
    paid(paid(court, "03-01 10:00", amount=400_000), "03-04 10:00", "P-2", 600_000)

    executed = only(DecisionExecuted, executes(court))

    assert executed.amounts == only(DecisionIssued, court.log).predicted


def test_when_the_world_has_moved_the_difference_is_shown_with_its_cause_and_must_be_confirmed() -> None:
    court = decided()
    paid(court, "03-04 10:00", amount=1_500_000)
    cause = court.position("payment-received.v1")

    refusal = court.is_refused("execute-decision", "03-05 10:00", actor="Kong")

    assert refusal.code == "prediction-moved"
    assert refusal.detail
    assert f"Wang of deal: 0 to 27000 predicted, 0 to 40500 now because of events {cause}" in refusal.detail
    another = court.is_refused("execute-decision", "03-05 10:10", actor="Kong", confirms="ab" * 32)
    assert another.code == "prediction-moved"
    executed = only(DecisionExecuted, executes(court, "03-05 10:20", confirms=refusal.rival))
    assert executed.confirmed_by == "Kong"
    assert [(each.payee, each.because) for each in executed.moved] == [("Li", (cause,)), ("Wang", (cause,))]


def test_a_confirmation_is_of_that_difference_and_of_no_later_one() -> None:
    court = paid(decided(), "03-04 10:00", amount=1_500_000)
    shown = court.is_refused("execute-decision", "03-05 10:00", actor="Kong").rival
    paid(court, "03-05 10:10", "P-2", 100_000)

    assert court.is_refused("execute-decision", "03-05 10:20", actor="Kong", confirms=shown).code == "prediction-moved"


def test_a_refund_moves_the_prediction_and_is_named_as_its_cause() -> None:
    court = paid(decided(), "03-01 10:00", amount=1_000_000)
    court.given("refund-payment", "03-04 10:00", payment="P-1", refund="R-1", amount=500_000)

    assert not court.judged("execute-decision", "03-05 10:00", case="K-1", actor="Kong").refusal
    court.given("receive-payment", "03-04 11:00", payment="P-2", external_id="B-2", amount=600_000)
    refusal = court.is_refused("execute-decision", "03-05 10:00", actor="Kong")
    assert str(court.position("payment-refunded.v1")) in (refusal.detail or "")


def test_somebody_who_leaves_before_the_execution_stands_in_its_way() -> None:
    court = final().given("leave-rep", "03-05 09:30", rep="Wang")

    assert court.is_refused("execute-decision", "03-05 10:00", actor="Kong").code == "rep-left"


def test_the_status_quo_is_carried_out_by_letting_go_of_what_was_held() -> None:
    court = accepted()
    court.time_is("03-13 00:00")

    assert kinds(executes(court, "03-13 09:00")) == ["payout-released", "decision-executed"]


def test_a_remand_opens_another_hearing_with_another_panel_and_holds_on_to_what_is_held() -> None:
    court = decided(*[REMAND] * 5)
    first = set(court.case.hearings[0].members)
    court.time_is("03-05 00:00")

    facts = executes(court)

    executed = only(DecisionExecuted, facts)
    assert kinds(facts) == ["decision-executed"]
    assert executed.evidence_until == on("03-09 00:00")
    assert (executed.decide_by, executed.appeal_until) == (on("03-15 00:00"), on("03-21 00:00"))
    assert court.case.status == "open"
    assert court.world.deal("deal").holds.of("K-1")
    court.seats("03-05 11:00", SECOND)
    assert first.isdisjoint(court.members)
    court.all_vote(*[to("Wang")] * 5, at="03-06 09:00").issues("03-06 10:00")
    court.time_is("03-12 00:00")
    assert "role-transferred" in kinds(executes(court, "03-12 09:00"))
    assert court.is_refused("execute-decision", "03-12 10:00", actor="Kong").code == "already-executed"


def test_a_remand_on_appeal_leads_to_a_hearing_that_is_the_last() -> None:
    court = appealed()
    court.all_vote(*[REMAND] * 5, at="03-01 09:00").issues("03-01 10:00")
    executes(court, "03-01 11:00")
    sat = {member for hearing in court.case.hearings for member in hearing.members}
    court.seats("03-01 12:00", "05" * 32)

    assert sat.isdisjoint(court.members)
    court.all_vote(*[to("Wang")] * 5, at="03-04 09:00")
    assert kinds(court.tells("issue-decision", "03-04 10:00", case="K-1", actor="Kong")) == [
        "decision-issued",
        "decision-finalized",
    ]


def test_a_precedent_is_refused_in_order_and_cites_the_ruling() -> None:
    climb = ladder(decided(), "publish-precedent", "03-04 09:00", case="nothing", actor="Mei", precedent="2024-1")
    climb.with_(title="Who closes", holding="Who signs for another closes nothing")
    climb.meets("unknown-case", case="K-1").meets("case-not-final", at="03-06 09:00").meets("not-allowed", actor="Kong")
    fact = only(PrecedentPublished, climb.story.tells("publish-precedent", "03-06 08:00", **climb.fields))
    climb.meets("id-taken", precedent="2024-2")

    assert climb.climbed() == documented(case.publish)
    assert fact.digest == only(DecisionIssued, climb.story.log).digest


def test_a_ruling_that_censures_costs_credit_when_it_is_carried_out() -> None:
    censure = {"rep": "Li", "points": 5, "clause": "B2B-1/conduct"}
    court = decided(*[{**to("Wang"), "censures": [censure]}] * 5)
    court.time_is("03-05 09:00")

    penalty = only(PenaltyApplied, executes(court))

    assert (penalty.rep, penalty.points, penalty.case, penalty.by) == ("Li", 5, "K-1", "case:K-1")
    assert court.world.organisation.reps["Li"].conduct.points_lost == 5


def test_a_case_that_was_never_filed_has_no_clock() -> None:
    assert kinds(courtroom().time_is("03-05 09:00")) == []


def test_no_deadline_is_made_shorter_by_a_date_on_the_paper() -> None:
    court = courtroom().files()
    backdated = court.copy().refuses("accept-case", "02-25 09:00", recorded="02-26 10:00", case="K-1", actor="Kong")
    court.given("accept-case", "02-26 09:30", recorded="02-27 10:00", case="K-1", actor="Kong")
    court.seats("02-27 11:00").all_vote(*[to("Wang")] * 5, at="02-27 12:00")
    court.given("issue-decision", "02-27 12:30", recorded="02-29 09:00", case="K-1", actor="Kong")

    assert backdated.code == "out-of-turn"
    assert court.case.hearings[0].decide_by == on("03-08 00:00")
    assert only(DecisionIssued, court.log).appeal_until == on("03-06 00:00")
    assert court.is_refused("file-appeal", "02-27 12:00", recorded="02-29 10:00", by="Li").code == "out-of-turn"
