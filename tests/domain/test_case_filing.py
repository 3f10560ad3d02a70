"""Filing a dispute, taking it up or not, and what is handed in for it."""

from typing import Any

from domain.case import decisions as case
from domain.case.facts import CaseAccepted, CaseDismissed, DisputeFiled, EvidenceSubmitted
from domain.payout.facts import PayoutHeld
from domain.policy.terms import PolicyVersion
from tests.domain.court import Court, accepted, courtroom
from tests.domain.story import documented, kinds, ladder, on, only, shipped

FILED: dict[str, Any] = {
    "case": "K-1",
    "by": "Wang",
    "against": ["Li"],
    "matter": {"act": "role", "deal": "deal", "role": "CLOSER"},
    "expected": 10_500,
    "actual": 0,
    "claim": "the contract was mine",
}
ARTEFACT: dict[str, Any] = {"case": "K-1", "sort": "contract", "sha256": "ab" * 32, "kept_at": "file room 2"}


def without_disputes() -> PolicyVersion:
    changed = {"policy": "B2B-0", "disputes": None, "supersedes": "B2B-1", "effective_from": on("02-25 09:00")}
    return shipped("b2b-1").model_copy(update=changed)


def test_a_filing_is_refused_in_order() -> None:
    court = courtroom().files("02-24 09:00")
    given = {**FILED, "by": "Nobody", "actor": "Li", "matter": {"act": "visit", "customer": "shop", "visit": "V-9"}}
    climb = ladder(court, "file-dispute", "02-26 09:00", **given)
    climb.meets("id-taken", case="K-2").meets("unknown-rep", by="Wang").meets("not-allowed", actor="Wang")
    climb.meets("unknown-act", matter={"act": "record", "customer": "shop"})
    court.lawless()
    climb.meets("no-policy")
    court.lawful().given("publish-policy", "02-24 09:00", actor="Ma", version=without_disputes())
    climb.meets("disputes-unregulated", matter=FILED["matter"], at="03-21 09:01")
    climb.with_(statement="2024-02").meets("period-not-closed", statement=None)
    court.issues_statements("2024-02", "2026-12-28 09:00")
    climb.meets("filed-late", statement="2024-02", at="2026-12-28 09:00")
    court.issues_statements("2024-03", "2026-12-21 09:00")

    assert climb.meets("calendar-ends", statement="2024-03", at="2026-12-24 09:00").climbed() == (documented(case.file))


def test_a_dispute_names_act_parties_and_amounts_and_takes_the_time_of_the_act_from_the_ledger() -> None:
    court = courtroom().files()
    fact = only(DisputeFiled, court.log)

    assert (fact.by, fact.parties) == ("Wang", ("Wang", "Li"))
    assert (fact.act_at, fact.act_position) == (on("02-20 09:00"), court.position("role-earned.v1"))
    assert (fact.expected, fact.actual, fact.currency) == (10_500, 0, "CNY")
    assert (fact.policy, fact.policy_hash) == ("B2B-1", shipped("b2b-1").content_hash)
    assert fact.accept_by == on("02-29 00:00")  # Monday, so Tuesday and Wednesday


def test_every_act_that_the_ledger_knows_can_be_disputed_and_no_other() -> None:
    court = courtroom()
    court.given("claim-customer", "02-22 08:00", rep="Li")
    court.visits("Li", "02-22 09:00")
    court.given("receive-payment", "02-23 09:00", payment="P-1", external_id="B-1", amount=1)
    court.issues_statements("2024-01", "02-23 10:00")
    known = {
        "record": ({"act": "record", "customer": "shop"}, "01-02 09:00"),
        "holding": ({"act": "holding", "customer": "shop", "deal": "deal"}, "02-22 08:00"),
        "visit": ({"act": "visit", "customer": "shop", "visit": "V-1"}, "02-22 09:00"),
        "role": ({"act": "role", "deal": "deal", "role": "CLOSER"}, "02-20 09:00"),
        "payment": ({"act": "payment", "deal": "deal", "payment": "P-1", "role": "CLOSER"}, "02-23 09:00"),
    }
    unknown: list[dict[str, Any]] = [
        {"act": "record", "customer": "nobody"},
        {"act": "holding", "customer": "nobody"},
        {"act": "record", "customer": "shop", "deal": "nothing"},
        {"act": "role", "deal": "deal", "role": "COLLECTOR"},
        {"act": "payment", "deal": "deal", "payment": "P-2"},
    ]

    for number, (matter, at) in enumerate(known.values()):
        fields = {**FILED, "case": f"K-{number}", "matter": matter, "statement": "2024-01"}
        filed = only(DisputeFiled, court.tells("file-dispute", "02-26 09:00", **fields))
        assert (filed.act_at, court.log[filed.act_position - 1].at) == (on(at), on(at))
    for matter in unknown:
        assert (
            court.refuses("file-dispute", "02-26 09:00", **{**FILED, "case": "K-9", "matter": matter}).code
            == "unknown-act"
        )


def test_a_dispute_is_filed_within_thirty_days_of_the_act_or_five_working_days_of_the_statement() -> None:
    late = {**FILED, "statement": "2024-02"}

    def issued() -> Court:
        return courtroom().issues_statements("2024-02", "03-21 10:00")  # Thursday: over at the end of the 28th

    assert not courtroom().judged("file-dispute", "03-21 09:00", **FILED).refusal
    assert courtroom().refuses("file-dispute", "03-21 09:01", **FILED).code == "filed-late"
    assert not issued().judged("file-dispute", "03-28 23:59", **late).refusal
    assert issued().refuses("file-dispute", "03-29 00:00", **late).code == "filed-late"


def test_a_date_on_the_paper_does_not_make_a_filing_or_evidence_early() -> None:
    assert courtroom().refuses("file-dispute", "03-20 09:00", recorded="03-22 09:00", **FILED).code == "filed-late"
    late = accepted().refuses(
        "submit-evidence", "02-28 09:00", recorded="03-01 09:00", evidence="E-1", by="Wang", **ARTEFACT
    )
    assert late.code == "evidence-closed"


def test_an_acceptance_is_refused_in_order() -> None:
    court = courtroom().files()
    court.given("join-rep", "02-26 09:30", rep="Second", unit="head-office", duty="committee")
    court.given("transfer-rep", "02-26 09:30", rep="Li", unit="team-east", duty="committee")
    court.given("file-dispute", "02-26 09:10", **{**FILED, "case": "K-2"})
    court.given("dismiss-case", "02-26 09:40", case="K-2", actor="Kong")
    climb = ladder(court, "accept-case", "02-26 10:00", case="nothing", actor="Mei")
    climb.meets("unknown-case", case="K-2").meets("out-of-turn", case="K-1").meets("not-allowed", actor="Li")
    climb.meets("member-conflicted", actor="Second")
    climb.story = court.copy()
    climb.with_(at="2026-12-28 09:00").meets("calendar-ends", at="02-26 10:00")
    climb.story = court

    assert climb.climbed() == documented(case.accept)


def test_an_acceptance_sets_the_deadlines_and_holds_back_what_is_disputed_and_nothing_else() -> None:
    facts = courtroom().files().tells("accept-case", "02-26 10:00", case="K-1", actor="Kong")
    fact, held = only(CaseAccepted, facts), only(PayoutHeld, facts)

    assert fact.evidence_until == on("03-01 00:00")  # Monday; Tuesday, Wednesday, Thursday
    assert fact.decide_by == on("03-07 00:00")
    assert fact.appeal_until == on("03-13 00:00")
    assert (held.deal, held.payment, held.role, held.payee) == ("deal", None, "CLOSER", None)


def test_a_dispute_that_is_about_no_deal_holds_nothing_back() -> None:
    court = courtroom().given("claim-customer", "02-22 09:00", rep="Li")
    court.files(matter={"act": "holding", "customer": "shop"})

    assert kinds(court.tells("accept-case", "02-26 10:00", case="K-1", actor="Kong")) == ["case-accepted"]


def test_a_dismissal_is_refused_in_order_and_ends_the_case() -> None:
    court = courtroom().files()
    court.given("transfer-rep", "02-26 09:30", rep="Li", unit="team-east", duty="committee")
    court.given("file-dispute", "02-26 09:10", **{**FILED, "case": "K-2"}).given(
        "accept-case", "02-26 09:40", case="K-2", actor="Kong"
    )
    climb = ladder(court, "dismiss-case", "02-26 10:00", case="nothing", actor="Mei", ground="settled before")
    climb.meets("unknown-case", case="K-2").meets("out-of-turn", case="K-1").meets("not-allowed", actor="Li")

    assert climb.meets("member-conflicted", actor="Kong").climbed() == documented(case.dismiss)
    assert only(CaseDismissed, court.tells(climb.name, climb.at, **climb.fields)).ground == "settled before"
    assert court.case.status == "dismissed"


def test_evidence_is_refused_in_order() -> None:
    court = accepted().given("submit-evidence", "02-27 09:00", evidence="E-1", by="Wang", **ARTEFACT)
    court.given("file-dispute", "02-26 09:10", **{**FILED, "case": "K-2"})
    court.given("dismiss-case", "02-26 09:40", case="K-2", actor="Kong")
    given = {**ARTEFACT, "case": "nothing", "evidence": "E-1", "by": "Zhou", "actor": "Li"}
    climb = ladder(court.copy(), "submit-evidence", "03-01 00:00", **given)
    climb.meets("unknown-case", case="K-2").meets("out-of-turn", case="K-1").meets("not-a-party", by="Wang")
    climb.meets("not-allowed", actor="Wang").meets("evidence-closed", at="02-29 23:59")
    climb.story = court

    assert climb.meets("id-taken", evidence="E-2").climbed() == documented(case.submit)


def test_evidence_is_kept_by_hash_sort_and_place_and_can_come_in_before_the_acceptance() -> None:
    court = courtroom().files()
    fact = only(
        EvidenceSubmitted,
        court.tells("submit-evidence", "02-26 09:30", evidence="E-1", by="Li", actor="Li", **ARTEFACT),
    )

    assert (fact.sort, fact.sha256, fact.kept_at) == ("contract", "ab" * 32, "file room 2")
    assert court.case.evidence == (fact,)
