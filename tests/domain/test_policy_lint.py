"""What lint finds in a policy: each case is B2B-1 as it is shipped, with one thing made wrong."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.policy.lint import Finding, lint
from domain.policy.terms import PolicyVersion
from services.policy_files import shipped

B2B = shipped("B2B-1")
ENTRY, FIRST_VISIT, MAINTAINER, SOLUTION, CLOSER, COLLECTOR = range(6)


def b2b(changes: Mapping[str, Any]) -> PolicyVersion:
    """B2B-1 with other terms; a name such as `commission.roles.0.share` leads to each."""
    terms = B2B.model_dump(mode="json")
    for name, value in changes.items():
        *way, last = [int(step) if step.isdigit() else step for step in name.split(".")]
        place: Any = terms
        for step in way:
            place = place[step]
        place[last] = value
    return PolicyVersion.model_validate(terms)


def found(changes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The code and the term of everything that lint finds."""
    return [(finding.code, named(finding)) for finding in lint(b2b(changes))]


def named(finding: Finding) -> str:
    return ".".join(map(str, finding.path))


def role(place: int, **terms: Any) -> dict[str, Any]:
    return {f"commission.roles.{place}.{name}": value for name, value in terms.items()}


@pytest.mark.parametrize("policy", ["B2B-1", "RE-1", "RC-1"])
def test_nothing_is_wrong_with_a_policy_that_is_shipped(policy: str) -> None:
    others = [shipped(other) for other in ("B2B-1", "RE-1", "RC-1") if other != policy]

    assert [finding for finding in lint(shipped(policy), others) if finding.level == "error"] == []


def test_shares_that_do_not_sum_are_told_with_what_is_missing_or_too_much() -> None:
    short = lint(b2b(role(CLOSER, share=3400)))
    over = lint(b2b(role(CLOSER, share=3600)))

    assert [(finding.code, named(finding)) for finding in short] == [("shares-not-whole", "commission.roles")]
    assert "sum to 9900 basis points, not 10000: 100 too few" in short[0].message
    assert "sum to 10100 basis points, not 10000: 100 too many" in over[0].message


def test_a_role_whose_artefact_nothing_gives_can_be_earned_by_nobody() -> None:
    assert found(role(SOLUTION, earned_by="accepted-solutoin")) == [
        ("role-unearnable", f"commission.roles.{SOLUTION}.earned_by")
    ]


@pytest.mark.parametrize("given_by", ["accepted-solution", "complete-record", "follow-up-record"])
def test_a_stage_an_act_of_the_ledger_or_a_hand_can_give_an_artefact(given_by: str) -> None:
    assert found(role(SOLUTION, earned_by=given_by)) == []


def test_an_artefact_entered_by_hand_must_be_named_by_the_policy() -> None:
    assert found({"artefacts": ["collection-record"]}) == [
        ("role-unearnable", f"commission.roles.{MAINTAINER}.earned_by")
    ]


def test_a_fallback_to_no_role_is_found() -> None:
    assert found(role(ENTRY, fallback="CLOSR")) == [("fallback-unknown", f"commission.roles.{ENTRY}.fallback")]


def test_fallbacks_in_a_circle_are_found_at_every_role_in_it_and_at_no_other() -> None:
    circle = role(ENTRY, fallback="FIRST_VISIT") | role(FIRST_VISIT, fallback="ENTRY")
    findings = lint(b2b(circle | role(SOLUTION, fallback="ENTRY")))

    assert [named(finding) for finding in findings] == ["commission.roles.0.fallback", "commission.roles.1.fallback"]
    assert "ENTRY to FIRST_VISIT to ENTRY" in findings[0].message


def test_a_role_that_falls_to_itself_is_a_circle() -> None:
    assert found(role(CLOSER, fallback="CLOSER")) == [("fallback-circle", f"commission.roles.{CLOSER}.fallback")]


def test_a_role_without_fallback_that_may_stay_empty_is_a_warning_only() -> None:
    (finding,) = lint(b2b(role(ENTRY, fallback=None)))

    assert (finding.code, named(finding), finding.level) == ("role-may-stay-empty", "commission.roles.0", "warning")


def test_a_role_named_twice_is_found_where_it_stands_again() -> None:
    assert found(role(SOLUTION, role="ENTRY")) == [("role-repeated", f"commission.roles.{SOLUTION}.role")]


def test_a_stage_named_twice_is_found_where_it_stands_again() -> None:
    assert found({"stages.8.stage": "lead"}) == [("stage-repeated", "stages.8.stage")]


def test_a_first_visit_that_earns_no_role_of_the_plan_is_found() -> None:
    assert found({"commission.first_visit.role": "FIRST_VIEW"}) == [
        ("first-visit-unknown", "commission.first_visit.role")
    ]


def test_a_first_visit_must_earn_a_pinned_role_by_a_verified_visit() -> None:
    assert found(role(FIRST_VISIT, held="at-receipt")) == [("first-visit-not-pinned", "commission.first_visit.role")]
    assert found({"commission.first_visit.role": "SOLUTION"}) == [
        ("first-visit-not-by-visit", "commission.first_visit.role")
    ]


def test_a_pinned_role_cannot_wait_for_a_stage_after_the_signing() -> None:
    late = {"earned_by": "delivery-note"}

    assert found(role(COLLECTOR, held="pinned", **late)) == [("pinned-too-late", f"commission.roles.{COLLECTOR}.held")]
    assert found(role(COLLECTOR, held="at-receipt", **late)) == []


def test_retention_bands_must_ascend() -> None:
    assert found({"pool.retention.bands.1.below": 5_000_000}) == [
        ("bands-not-ascending", "pool.retention.bands.1.below")
    ]


def test_a_band_after_the_open_one_is_never_reached() -> None:
    assert found({"pool.retention.bands.1.below": None}) == [("band-after-open", "pool.retention.bands.2")]


def test_the_last_band_must_be_open() -> None:
    assert found({"pool.retention.bands.2.below": 90_000_000}) == [("no-open-band", "pool.retention.bands.2")]


def test_a_renewal_must_not_go_beyond_the_cap() -> None:
    days = {"pool.retention.cap_times": None, "pool.retention.cap_days": 30}

    assert found(days | {"pool.retention.renewal": 31}) == [("renewal-beyond-cap", "pool.retention.renewal")]
    assert found(days | {"pool.retention.renewal": 30}) == []
    assert found({"pool.retention.renewal": 43}) == [("renewal-beyond-cap", "pool.retention.renewal")]
    assert found({"pool.retention.renewal": 42}) == []


def test_a_cap_must_not_be_shorter_than_the_retention_itself() -> None:
    days = {"pool.retention.cap_times": None, "pool.retention.cap_days": 29}

    assert found(days) == [("cap-below-retention", "pool.retention.cap_days")]


def test_a_cap_is_given_once_in_days_or_as_a_multiple() -> None:
    assert found({"pool.retention.cap_days": 60}) == [("cap-not-one", "pool.retention")]
    assert found({"pool.retention.cap_times": None}) == [("cap-not-one", "pool.retention")]


def test_a_warning_must_come_after_the_claim() -> None:
    assert found({"pool.retention.warned_days_before": 7}) == [
        ("warned-before-the-claim", "pool.retention.warned_days_before")
    ]
    assert found({"pool.retention.warned_days_before": 6}) == []


def test_nobody_can_be_close_to_more_customers_than_may_be_held() -> None:
    assert found({"pool.quota.close": 101}) == [("close-beyond-held", "pool.quota.close")]
    assert found({"pool.quota.newcomer.close": 101}) == [("close-beyond-held", "pool.quota.newcomer.close")]


def test_every_grade_must_be_reachable() -> None:
    assert found({"grades.a": 26}) == [("grade-unreachable", "grades.a")]
    assert found({"grades.b": 15}) == [("grade-unreachable", "grades.b")]
    assert found({"grades.b": 1}) == [("grade-unreachable", "grades.b")]
    assert found({"grades.a": 12, "grades.b": 11}) == [("grade-unreachable", "grades.b")]


def test_milestones_that_do_not_sum_are_found_but_a_policy_may_have_none() -> None:
    assert found({"contract.milestones.3.share": 600}) == [("milestones-not-whole", "contract.milestones")]
    assert found({"contract.milestones": []}) == []


def test_a_milestone_named_twice_is_found_where_it_stands_again() -> None:
    assert found({"contract.milestones.1.milestone": "down-payment"}) == [
        ("milestone-repeated", "contract.milestones.1.milestone")
    ]


def test_a_close_customer_earns_its_donor_more_than_an_ordinary_one() -> None:
    assert found({"sharing.donation.close": 500}) == [("donation-close-not-more", "sharing.donation.close")]


def test_a_mentor_and_a_donor_cannot_have_more_than_everything() -> None:
    assert found({"sharing.mentor.share": 9001}) == [("sharing-beyond-whole", "sharing.mentor.share")]


def test_the_signed_stage_is_one_of_the_stages() -> None:
    assert found({"signed_stage": "won"}) == [("signed-stage-unknown", "signed_stage")]


def test_a_policy_cannot_end_before_it_begins() -> None:
    assert found({"effective_until": "2010-01-01T00:00:00+08:00"}) == [("ends-before-it-begins", "effective_until")]


def test_a_pool_that_is_always_empty_is_a_warning() -> None:
    assert found({"commission.rate": 0}) == [("pool-empty", "commission.rate")]
    assert found({"commission.fee": 10_000}) == [("pool-empty", "commission.fee")]


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = role(CLOSER, share=1) | {"signed_stage": "won", "sharing.donation.close": 0}

    assert {code for code, _ in found(wrong)} == {"shares-not-whole", "signed-stage-unknown", "donation-close-not-more"}


def test_a_panel_that_could_not_decide_or_could_decide_twice_is_found() -> None:
    assert found({"disputes.panel.quorum": 6}) == [("quorum-unreachable", "disputes.panel.quorum")]
    assert found({"disputes.panel.majority": 5}) == [("majority-unreachable", "disputes.panel.majority")]
    assert found({"disputes.panel.majority": 2}) == [("two-majorities", "disputes.panel.majority")]
    assert found({"disputes.panel.seats.1.seat": "lead"}) == [("seat-repeated", "disputes.panel.seats.2.seat")]
    assert found({"disputes": None}) == []


def test_a_policy_that_says_nothing_about_disputes_keeps_the_hash_and_the_text_that_it_had() -> None:
    silent = b2b({"disputes": None})

    assert "disputes" not in silent.model_dump_json()
    assert silent.content_hash != B2B.content_hash
