"""Publishing a policy: by a manager, consistent in itself, never changed, never two of one scope at a time."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.commands import parse
from domain.judgement import Verdict, judge
from domain.policy.decisions import PublishPolicy
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.refusals import Code, Refusal
from domain.world import World
from services.policy_files import shipped

B2B = shipped("B2B-1")
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def publishes(version: PolicyVersion, *, after: tuple[PolicyVersion, ...] = (), actor: str = "system") -> Verdict:
    world = World(now=NOW, fingerprint=lambda kind, value: f"{kind}:{value}", complete=True)
    for each in after:
        world.apply(
            PolicyPublished(at=NOW, policy=each.policy, content_hash=each.content_hash, version=each, by="M"), 1
        )
    return judge(PublishPolicy(at=NOW, actor=actor, version=version), world)


def refused(verdict: Verdict) -> Code | None:
    assert verdict.refusal is None or not verdict.facts
    return verdict.refusal.code if verdict.refusal else None


def changed(**terms: object) -> PolicyVersion:
    return B2B.model_copy(update=terms)


@pytest.mark.parametrize("policy", ["B2B-1", "RE-1", "RC-1"])
def test_a_policy_is_published_whole_with_its_hash(policy: str) -> None:
    version = shipped(policy)

    assert publishes(version).facts == (
        PolicyPublished(at=NOW, policy=policy, content_hash=version.content_hash, version=version, by="system"),
    )


def test_the_shipped_policies_stand_side_by_side() -> None:
    assert refused(publishes(shipped("RC-1"), after=(B2B, shipped("RE-1")))) is None


def test_publishing_the_same_again_changes_nothing() -> None:
    assert publishes(B2B, after=(B2B,)) == Verdict()


def test_only_a_manager_publishes() -> None:
    assert refused(publishes(B2B, actor="Li")) == Code.NOT_ALLOWED


def test_a_published_version_never_changes() -> None:
    assert refused(publishes(changed(title="Other"), after=(B2B,))) == Code.POLICY_PUBLISHED


def test_a_policy_that_contradicts_itself_is_refused_with_every_contradiction() -> None:
    verdict = publishes(changed(signed_stage="won", effective_until=B2B.effective_from))

    assert refused(verdict) == Code.POLICY_INVALID
    assert verdict.refusal
    assert "signed_stage: won is no stage" in str(verdict.refusal.detail)
    assert "effective_until: must be later" in str(verdict.refusal.detail)


def test_a_warning_alone_refuses_nothing() -> None:
    nothing_to_divide = B2B.commission.model_copy(update={"rate": 0})

    assert refused(publishes(changed(commission=nothing_to_divide))) is None


def test_two_versions_of_one_scope_at_a_time_are_refused_and_the_rival_named() -> None:
    verdict = publishes(changed(policy="B2B-2", effective_from=NOW), after=(B2B,))

    assert refused(verdict) == Code.POLICY_OVERLAP
    assert verdict.refusal
    assert (verdict.refusal.rival, verdict.refusal.rival_at) == ("B2B-1", B2B.effective_from)
    assert "supersedes: B2B-1" in str(verdict.refusal.detail)


def test_a_version_that_supersedes_the_other_is_published() -> None:
    next_one = changed(policy="B2B-2", effective_from=NOW, supersedes="B2B-1")

    assert refused(publishes(next_one, after=(B2B,))) is None
    assert refused(publishes(changed(policy="B2B-3", effective_from=NOW), after=(B2B, next_one))) == Code.POLICY_OVERLAP


@pytest.mark.parametrize("where", [("clock_tolerance_minutes",), ("visits", "late_after_minutes")])
def test_no_policy_asks_for_more_minutes_than_a_calendar_has(where: tuple[str, ...]) -> None:
    terms: Any = B2B.model_dump(mode="json")
    innermost = terms if len(where) == 1 else terms[where[0]]
    innermost[where[-1]] = 10**12

    refusal = parse({"name": "publish-policy", "at": NOW, "version": terms})

    assert isinstance(refusal, Refusal)
    assert (refusal.code, where[-1] in str(refusal)) == (Code.MALFORMED, True)
