"""A policy is published once, never changed, and never two of one scope at a time; the narrower scope goes first."""

from typing import Any

import pytest

from domain.policy.terms import Scope
from domain.refusals import Code
from tests.domain.story import Story, in_business, kinds, on, shipped

B2B_1 = shipped("b2b-1")


def publishes(story: Story, policy: str, begins: str, **terms: Any) -> Story:
    version = B2B_1.model_copy(update={"policy": policy, "effective_from": on(begins), **terms})
    return story.given("publish-policy", "01-10 09:00", actor="Ma", version=version)


def in_force(story: Story, at: str, rep: str = "Li", product: str | None = None) -> str | None:
    version = story.world.policy(on(at), rep, product)
    return version.policy if version else None


def test_publishing_the_same_version_again_changes_nothing() -> None:
    assert in_business().tells("publish-policy", "01-10 09:00", actor="Ma", version=B2B_1) == ()


def test_a_published_version_is_immutable_and_the_refusal_names_it() -> None:
    changed = B2B_1.model_copy(update={"clock_tolerance_minutes": 6})

    refusal = in_business().refuses("publish-policy", "01-10 09:00", actor="Ma", version=changed)

    assert (refusal.code, refusal.rival, refusal.rival_at) == (Code.POLICY_PUBLISHED, "B2B-1", on("2010-01-01 00:00"))


def test_a_chain_of_versions_each_ends_the_one_before_at_its_own_instant() -> None:
    story = publishes(in_business(), "B2B-2", "03-01 00:00", supersedes="B2B-1")
    publishes(story, "B2B-3", "06-01 00:00", supersedes="B2B-2")

    assert [in_force(story, at) for at in ("02-29 23:59", "03-01 00:00", "05-31 23:59", "06-01 00:00")] == [
        "B2B-1",
        "B2B-2",
        "B2B-2",
        "B2B-3",
    ]


def test_two_versions_of_one_scope_are_never_in_force_at_once() -> None:
    rival = B2B_1.model_copy(update={"policy": "B2B-2", "effective_from": on("03-01 00:00")})

    refusal = in_business().refuses("publish-policy", "01-10 09:00", actor="Ma", version=rival)

    assert (refusal.code, refusal.rival) == (Code.POLICY_OVERLAP, "B2B-1")


def test_a_version_that_contradicts_itself_is_refused_with_what_lint_says() -> None:
    roles = B2B_1.commission.roles[:-1]
    broken = B2B_1.commission.model_copy(update={"roles": roles})
    version = B2B_1.model_copy(update={"policy": "B2B-2", "commission": broken})

    refusal = in_business().refuses("publish-policy", "01-10 09:00", actor="Ma", version=version)

    assert refusal.code == Code.POLICY_INVALID
    assert "commission.roles: the shares sum to 9000 basis points" in str(refusal.detail)


@pytest.mark.parametrize(
    ("scope", "rep", "product", "expected"),
    [
        (Scope(team="team-east"), "Li", None, "NEW"),
        (Scope(team="team-east"), "Wang", None, "B2B-1"),
        (Scope(team="head-office"), "Wang", None, "NEW"),
        (Scope(product="pump"), "Li", "pump", "NEW"),
        (Scope(product="pump"), "Li", "valve", "B2B-1"),
        (Scope(product="pump"), "Li", None, "B2B-1"),
        (Scope(brand="RE", product="flat"), "Ren", "flat", "NEW"),
        (Scope(brand="RE", product="flat"), "Ren", None, "RE-1"),
        (Scope(region="north"), "Li", None, "B2B-1"),
    ],
)
def test_the_narrower_scope_goes_first_and_outside_it_nothing_changes(
    scope: Scope, rep: str, product: str | None, expected: str
) -> None:
    story = publishes(in_business(), "NEW", "02-01 00:00", scope=scope)

    assert in_force(story, "02-01 00:00", rep, product) == expected
    assert in_force(story, "01-31 23:59", rep, product) != "NEW"


def test_a_contract_keeps_the_plan_it_was_signed_under_when_a_new_one_comes() -> None:
    story = publishes(in_business().registers("shop"), "B2B-2", "03-01 00:00", supersedes="B2B-1")
    story.given("open-deal", "02-01 09:00", rep="Li", stage="bidding")
    facts = story.tells("sign-contract", "03-02 09:00", rep="Li", contract="C-1", amount=100)

    assert kinds(facts)[0] == "contract-signed"
    assert (getattr(facts[0], "policy", None), story.world.deal("deal").deal.stage) == ("B2B-2", "signed")
