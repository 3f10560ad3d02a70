"""How versions stand beside each other: overlaps, holes, and one that supersedes another."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.organisation.facts import Organisation
from domain.policy.facts import PolicyBook
from domain.policy.lint import Finding, lint
from domain.policy.terms import PolicyVersion, Scope
from services.policy_files import shipped

B2B = shipped("B2B-1")


def on(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def version(
    policy: str, begins: str, ends: str | None = None, *, supersedes: str | None = None, scope: Scope = B2B.scope
) -> PolicyVersion:
    return B2B.model_copy(
        update={
            "policy": policy,
            "effective_from": on(begins),
            "effective_until": on(ends) if ends else None,
            "supersedes": supersedes,
            "scope": scope,
        }
    )


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def in_force(book: list[PolicyVersion], day: str) -> str | None:
    found = PolicyBook({each.policy: each for each in book}).in_force(on(day), Organisation())
    return found.policy if found else None


def test_two_versions_of_one_scope_must_not_be_in_force_together() -> None:
    first = version("P-1", "2024-01-01", "2025-01-01")

    (finding,) = lint(version("P-2", "2024-12-31"), [first])

    assert (finding.code, finding.path, finding.level) == ("overlap", ("effective_from",), "error")
    assert "P-1" in finding.message
    assert "until before 2025-01-01" in finding.message


def test_a_version_may_begin_at_the_instant_at_which_another_ends() -> None:
    assert lint(version("P-2", "2025-01-01"), [version("P-1", "2024-01-01", "2025-01-01")]) == []


def test_versions_of_different_scopes_may_be_in_force_together() -> None:
    north = version("P-N", "2024-01-01", scope=Scope(region="north"))

    assert lint(north, [version("P-1", "2024-01-01"), version("P-S", "2024-01-01", scope=Scope(region="south"))]) == []


def test_a_hole_between_two_versions_is_a_warning_with_its_times() -> None:
    (finding,) = lint(version("P-2", "2025-02-01"), [version("P-1", "2024-01-01", "2025-01-01")])

    assert (finding.code, finding.level) == ("hole", "warning")
    assert "from 2025-01-01T00:00:00+08:00 until before 2025-02-01T00:00:00+08:00" in finding.message


def test_a_hole_is_found_before_a_later_version_too() -> None:
    (finding,) = lint(version("P-1", "2024-01-01", "2025-01-01"), [version("P-2", "2025-02-01")])

    assert finding.code == "hole"


def test_a_version_that_fills_a_hole_leaves_none() -> None:
    around = [version("P-1", "2024-01-01", "2025-01-01"), version("P-3", "2025-02-01")]

    assert lint(version("P-2", "2025-01-01", "2025-02-01"), around) == []


def test_a_wider_scope_in_force_leaves_no_hole() -> None:
    north = Scope(region="north")
    published = [version("P-1", "2024-01-01"), version("N-1", "2024-01-01", "2025-01-01", scope=north)]

    assert lint(version("N-2", "2025-02-01", scope=north), published) == []


def test_a_wider_scope_that_covers_half_a_hole_leaves_the_other_half() -> None:
    north = Scope(region="north")
    published = [version("P-1", "2025-01-15"), version("N-1", "2024-01-01", "2025-01-01", scope=north)]

    (finding,) = lint(version("N-2", "2025-02-01", scope=north), published)

    assert "from 2025-01-01T00:00:00+08:00 until before 2025-01-15T00:00:00+08:00" in finding.message


def test_scopes_of_which_neither_is_the_narrower_are_a_warning_where_an_act_can_lie_in_both() -> None:
    brand = version("P-B", "2024-01-01", scope=Scope(brand="RE"))

    assert codes(lint(version("P-N", "2024-01-01", scope=Scope(region="north")), [brand])) == ["scopes-cross"]
    assert codes(lint(version("P-C", "2024-01-01", scope=Scope(brand="RC")), [brand])) == []


def test_a_version_without_end_is_followed_by_one_that_supersedes_it() -> None:
    old, new = version("P-1", "2024-01-01"), version("P-2", "2025-01-01", supersedes="P-1")

    assert lint(new, [old]) == []
    assert in_force([old, new], "2024-12-31") == "P-1"
    assert in_force([old, new], "2025-01-01") == "P-2"


def test_a_superseded_version_does_not_come_back_when_its_successor_ends() -> None:
    old, new = version("P-1", "2024-01-01"), version("P-2", "2025-01-01", "2026-01-01", supersedes="P-1")

    assert in_force([old, new], "2026-01-01") is None


def test_the_third_version_supersedes_the_second_and_has_no_quarrel_with_the_first() -> None:
    published = [version("P-1", "2024-01-01"), version("P-2", "2025-01-01", supersedes="P-1")]

    assert lint(version("P-3", "2026-01-01", supersedes="P-2"), published) == []
    assert codes(lint(version("P-3", "2026-01-01", supersedes="P-1"), published)) == ["overlap"]


def test_a_version_supersedes_only_what_is_there_has_its_scope_and_began_before() -> None:
    old = version("P-1", "2024-01-01")

    assert codes(lint(version("P-2", "2025-01-01", supersedes="P-0"), [])) == ["supersedes-unknown"]
    assert codes(lint(version("P-2", "2025-01-01", supersedes="P-1", scope=Scope(brand="RE")), [old])) == [
        "supersedes-other-scope"
    ]
    assert codes(lint(version("P-2", "2023-01-01", supersedes="P-1"), [old])) == ["supersedes-later", "overlap"]


def test_a_published_version_never_changes_but_may_be_linted_again() -> None:
    changed = B2B.model_copy(update={"title": "another"})

    assert lint(B2B, [B2B]) == []
    assert codes(lint(changed, [B2B])) == ["id-taken"]


def test_the_content_hash_tells_rules_apart_and_not_ways_of_writing_them() -> None:
    written_in_utc = B2B.model_copy(update={"effective_from": B2B.effective_from.astimezone(ZoneInfo("UTC"))})
    stored = PolicyVersion.model_validate_json(B2B.model_dump_json())

    assert written_in_utc.content_hash == B2B.content_hash == stored.content_hash
    assert B2B.model_copy(update={"title": "another"}).content_hash != B2B.content_hash
